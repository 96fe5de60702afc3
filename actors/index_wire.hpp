// Messages of the index of pieces as they travel: names and paths instead of numbers, which differ
// from node to node.
//
// Threads: pure functions over values. Errors: what names a host or domain that is not known here,
// or makes no sense, is left out or refused; state is soft and comes again.
#pragma once

#include "actors/wire.pb.h"
#include "topology/index_message.hpp"
#include "topology/network.hpp"

#include <optional>

namespace shoal::actors {

wire::IndexMessage to_wire(const topology::index_message& message, const topology::network& net);

/// Nothing for a message that cannot be understood here: its sender, receiver or asker is unknown,
/// or its pieces make no sense. Hosts in answers that are unknown are left out.
std::optional<topology::index_message> from_wire(const wire::IndexMessage& message,
                                                 const topology::network& net);

/// A bitmap as in `wire::Holding`, as words; nothing if it has another length or bits past the end.
std::optional<topology::pack_pieces> pack_pieces_of(const wire::Holding& holding);
wire::Holding to_wire(const topology::pack_pieces& pieces);

} // namespace shoal::actors
