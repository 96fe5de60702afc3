// HOST AGENT: this host as a member of the swarm. It keeps the link to the GIS and to the RACK
// INDEX alive, joins, beats, and passes on what the GIS orders.
#pragma once

#include "actors/host_cache.hpp"
#include "actors/link.hpp"
#include "actors/messages.hpp"
#include "actors/piece_index.hpp"
#include "actors/prestager.hpp"
#include "actors/rack_index.hpp"

#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace shoal::actors {

using host_agent_actor = host_actor::extend<
    // A dial came to an end.
    caf::reacts_to<dial_ended>, caf::replies_to<ask_uplinks>::with<uplinks>,
    // This node's own GIS, when it is one.
    caf::reacts_to<gis_actor>, caf::reacts_to<tick>,
    // From the job board, for the beat.
    caf::reacts_to<running_jobs>>;

struct gis_address {
  std::string address;
  std::uint16_t port = 0;
};

struct host_agent_config {
  wire::Peer self;
  std::string version;
  std::uint64_t session = 0;
  std::vector<gis_address> gis;
  std::chrono::seconds beat_interval{5};
};

/// What the agent needs of the rest of the node; all outlive the actor.
struct host_agent_parts {
  host_cache_actor cache;
  swarm::pack_store* store = nullptr;
  /// Always there; acts as the rack's index once the GIS names this host.
  rack_index_local_actor rack_index;
  piece_index_actor piece_index;
  switchboard_actor switchboard;
  prestager_actor prestager;
  /// Opens a link that offers `agent` to the other side.
  std::function<void(const host_actor& agent, const gis_address& to, node_role expected,
                     std::function<void(result<caf::actor>)> done)>
      dial;
};

struct host_agent_state {
  static inline const char* name = "host-agent";
  host_agent_config config;
  host_agent_parts parts;
  gis_actor gis;
  rack_index_actor index;
  std::string gis_name;
  std::string index_name;
  bool local_gis = false;
  bool joined = false;
  /// Why not, as far as is known.
  std::string why_not_joined;
  bool dialling_gis = false;
  bool dialling_index = false;
  std::uint64_t gis_attempt = 0;
  std::uint64_t index_attempt = 0;
  std::uint32_t gis_failures = 0;
  std::uint32_t index_failures = 0;
  std::size_t next_gis = 0;
  caf::actor_clock::time_point gis_due{};
  caf::actor_clock::time_point index_due{};
  caf::actor_clock::time_point beat_due{};
  wire::Members members;
  /// Of the latest news that could not be used.
  std::uint64_t missed_revision = 0;
  std::uint32_t running_jobs = 0;
  std::minstd_rand random;
};

/// Spawn with `system.spawn(host_agent, config, parts)`.
host_agent_actor::behavior_type
host_agent(host_agent_actor::stateful_pointer<host_agent_state> self, host_agent_config config,
           host_agent_parts parts);

} // namespace shoal::actors
