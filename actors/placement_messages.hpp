// Placement between its messages and the pure code (`topology/placement`): what the GIS knows of an
// image and of hosts becomes candidates, and choices become answers.
//
// Errors: errc::not_found for an image or host that is not known, errc::invalid_argument for a
// malformed order, naming what is wrong.
#pragma once

#include "actors/node_control.hpp"
#include "actors/wire.pb.h"
#include "swarm/catalogue/catalogue.hpp"
#include "topology/holder_table.hpp"

namespace shoal::actors {

/// Most VMs that one request may ask for, so that the answer fits into a message.
inline constexpr std::uint32_t placed_vms_max = 5000;
/// Most hosts that an answer ranks.
inline constexpr std::size_t ranked_hosts_max = 1000;

/// Whether `place` (`site/cluster/rack`) lies in `domain`: a beginning of such a path, or the name of
/// one of its parts. An empty domain is everywhere.
bool lies_within(const std::string& place, const std::string& domain);

wire::PlaceImage to_wire(const place_order& order, const std::string& name,
                         const std::string& version);
placement_status from_wire(const wire::Placement& placement, const place_order& order);

/// The GIS's answer. `hosts` are all it has seen, `table` knows who holds what.
result<wire::Placement> place_image(swarm::catalogue& catalogue, const wire::PlaceImage& order,
                                    const wire::Hosts& hosts,
                                    const topology::holder_table& table);

} // namespace shoal::actors
