// GENERAL INDEX SERVER: who is a member, which of them are rack indexes, what images exist, who
// holds and who fetches which packs.
//
// It blocks on its database and so has a thread of its own. What it answers about the catalogue is
// durable; the rest is soft and comes back when hosts join again.
#pragma once

#include "actors/membership.hpp"
#include "actors/messages.hpp"
#include "actors/swarm_index.hpp"
#include "swarm/catalogue/catalogue.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <set>

namespace shoal::actors {

/// Fetchers are told together of what changed within a moment.
struct push_due {};
/// A fetch ended a while ago: its host need not be counted in any more.
struct linger_over {
  wire::EndFetch ended;
};

/// The service, and what only this node says to it.
using gis_local_actor = gis_actor::extend<
    // A host's link is open: it can be told and woken.
    caf::reacts_to<attach_host>, caf::reacts_to<push_due>, caf::reacts_to<linger_over>>;

} // namespace shoal::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::push_due)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::linger_over)

namespace shoal::actors {

struct general_index_server_config {
  /// The host it runs on.
  std::string host;
  /// Greater than at any earlier start of this node.
  std::uint64_t session = 1;
  /// How pieces are located: `naive`, `flat` or `topo`.
  std::string index_scheme = "topo";
  /// RFC 3339, UTC, now.
  std::function<std::string()> timestamp;
  /// Changes within this time are told together. Longer saves messages in a burst of fetches,
  /// shorter has them share sooner.
  std::chrono::milliseconds push_delay{20};
  /// A fetcher that has finished counts as one for this long, because in a burst the others still
  /// get their shares from it; moving ownership at every finish would cost second copies.
  std::chrono::seconds linger{30};
  /// The longest publication anybody may upload.
  std::uint64_t upload_bytes_max = 512ull * 1024 * 1024;
};

struct general_index_server_state {
  static inline const char* name = "general-index-server";
  general_index_server_config config;
  std::unique_ptr<swarm::catalogue> catalogue;
  membership members;
  swarm_index index;
  std::set<topology::pack_key> changed;
  bool members_changed = false;
  bool push_scheduled = false;
  struct upload {
    std::string bytes;
    std::uint64_t total = 0;
  };
  /// By publisher's link and number. One a link at a time.
  std::map<std::pair<caf::actor_addr, std::uint64_t>, upload> uploads;
};

/// Spawn with `system.spawn<caf::detached>(general_index_server, config, catalogue)`.
gis_local_actor::behavior_type
general_index_server(gis_local_actor::stateful_pointer<general_index_server_state> self,
                     general_index_server_config config,
                     std::shared_ptr<std::unique_ptr<swarm::catalogue>> catalogue);

} // namespace shoal::actors
