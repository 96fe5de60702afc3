// What the PIECE INDEX makes of the members: the network as numbers, who bears which role, and which
// nodes of the index live here.
//
// Threads: part of one actor's state.
#pragma once

#include "actors/piece_index.hpp"

#include <map>
#include <string>

namespace shoal::actors {

/// The host to which what is for `to` has to go; empty: nobody now.
std::string host_of(topology::index_address to, const topology::network& net,
                    const piece_index_state::bearer_map& bearers);

/// Learns who is where and who has which role. Begins and ends nodes of this host, and has everybody
/// told again what a new bearer of a role cannot know. @returns what is to be sent.
topology::index_outbox follow_members(piece_index_state& state, const wire::Members& members,
                                      topology::instant now);

/// An answer for the transfer engine: how hosts are reached instead of their numbers.
wire::Swarm swarm_of(const topology::pack_answer& answer, const topology::network& net,
                     const std::map<std::string, wire::Peer>& peers);

} // namespace shoal::actors
