// What a host tells the index of its rack, or the GIS, of what it holds: message by message.
//
// Threads: part of HOST CACHE's state. Errors: none; what was not taken is noted as changed again.
#pragma once

#include "actors/host_cache.hpp"

#include <set>

namespace shoal::actors {

/// What an index is told, and of which packs.
struct announcement {
  wire::Announce message;
  std::set<swarm::pack_id> changed;
  std::set<swarm::pack_id> dropped;
};

/// Everything held, or what changed; what one message has no room for stays noted as changed.
announcement next_announcement(host_cache_state& state);

} // namespace shoal::actors
