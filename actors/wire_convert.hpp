// Between what travels (protobuf) and what decides (pure values). Nothing here keeps state.
//
// Errors: a message that makes no sense is errc::corrupt, naming the field.
#pragma once

#include "actors/wire.pb.h"
#include "swarm/id.hpp"
#include "swarm/piece_set.hpp"
#include "swarm/torrent/swarm_session.hpp"
#include "topology/holder_table.hpp"
#include "topology/result.hpp"

#include <string>
#include <vector>

namespace shoal::actors {

wire::Peer to_wire(const swarm::swarm_peer& peer);
result<swarm::swarm_peer> from_wire(const wire::Peer& peer);

/// What this host holds, as it is announced.
wire::Holding to_wire(swarm::pack_id pack, const swarm::piece_set& held);
/// The pieces of a holding that names them; nothing for one that makes no sense.
std::optional<swarm::piece_set> pieces_of(const wire::Holding& holding);

/// The packs named; what is no pack id is left out.
std::vector<swarm::pack_id> packs_of(const google::protobuf::RepeatedPtrField<std::string>& raw);

/// The members of a swarm as the transfer engine wants them. Peers that make no sense are left out.
swarm::swarm_view to_view(const wire::Swarm& swarm);

/// A table's key for a pack.
topology::pack_key key_of(swarm::pack_id pack);
std::optional<topology::pack_key> key_of(const std::string& raw);
std::string raw_of(const topology::pack_key& key);

} // namespace shoal::actors
