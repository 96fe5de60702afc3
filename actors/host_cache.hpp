// HOST CACHE: what this host holds, and the moving of it. It owns the transfer engine's orders,
// tells its subscribers what arrives, and announces to the RACK INDEX what it holds now.
#pragma once

#include "actors/messages.hpp"
#include "actors/pack_doubts.hpp"
#include "swarm/store/pack_store.hpp"
#include "swarm/torrent/swarm_session.hpp"

#include <map>
#include <memory>
#include <set>

namespace shoal::actors {

using host_cache_actor = caf::typed_actor<
    // Fetch pieces of a pack the store knows.
    caf::replies_to<begin_fetch>::with<wire::Ack>,
    // A subscriber needs no more of a pack; it is served on.
    caf::reacts_to<cease_fetch>,
    // Who is who in a pack's swarm has changed.
    caf::reacts_to<new_view>, caf::reacts_to<more_holders>,
    caf::replies_to<ask_stamps>::with<stamp_list>,
    // Load packs: somebody is about to fetch them.
    caf::replies_to<serve_packs>::with<wire::Ack>,
    // The store changed behind the transfer engine's back.
    caf::reacts_to<holdings_changed>, caf::reacts_to<forget_packs>,
    caf::reacts_to<packs_evicted>, caf::replies_to<refresh_copies>::with<wire::Ack>,
    // A publication's pack is kept from begin to end.
    caf::replies_to<publication_begun>::with<wire::Ack>, caf::reacts_to<publication_ended>,
    // From the transfer engine.
    caf::reacts_to<pieces_came>, caf::reacts_to<pack_fetched>, caf::reacts_to<fetch_failed>,
    caf::reacts_to<corrupt_piece>,
    // Whom to announce to from now on; everything held is announced again.
    caf::reacts_to<announce_to>, caf::reacts_to<tell_holdings_to>,
    // Who may connect.
    caf::reacts_to<wire::Members>, caf::replies_to<ask_transfers>::with<transfer_list>,
    caf::reacts_to<tick>>;

struct host_cache_config {
  std::string host;
  std::uint64_t session = 0;
  /// Changed holdings are announced this often. Longer saves messages, shorter lets neighbours
  /// find pieces sooner.
  std::chrono::milliseconds announce_interval{250};
  /// A pack nobody asked anything of for this long is unloaded from the transfer engine.
  std::chrono::seconds idle_max{90};
  /// Somebody who fetches a pack for a long time counts as a use of it this often.
  std::chrono::seconds use_interval{10};
  /// A cache that is nearly full asks this often who else holds what goes next. Shorter follows the
  /// site more closely, at one message each time.
  std::chrono::seconds copies_interval{60};
};

struct host_cache_state {
  static inline const char* name = "host-cache";
  host_cache_config config;
  swarm::pack_store* store = nullptr;
  swarm::swarm_session* session = nullptr;
  rack_index_actor index;
  gis_actor gis;
  /// Packs whose holdings changed since the last announcement.
  std::set<swarm::pack_id> changed;
  std::set<swarm::pack_id> dropped;
  /// Packs whose holdings the listener has not heard yet.
  holdings_listener listener;
  std::set<swarm::pack_id> unheard;
  /// Members whose bulk.tls does not fit this host's.
  std::set<std::string> not_met;
  bool announce_all = false;
  bool announcing = false;
  pack_doubts doubts;
  /// Unregistered packs of which the GIS said once that it does not know them.
  std::set<swarm::pack_id> unknown_once;
  struct subscription {
    caf::actor who;
    swarm::piece_set wanted;
    std::uint64_t bytes_per_second_max = 0;
  };
  std::multimap<swarm::pack_id, subscription> subscribers;
  /// Of packs that are fetched: what an index told, and holders found besides.
  struct sighting {
    told_swarm told;
    std::vector<swarm::swarm_peer> more;
  };
  std::map<swarm::pack_id, sighting> sightings;
  /// News of packs whose fetch has not begun here: they can overtake the answer that begins it.
  struct early_news {
    told_swarm told;
    std::uint64_t since_tick = 0;
  };
  std::map<swarm::pack_id, early_news> early;
  /// What the transfer engine was told last.
  std::uint64_t download_limit = 0;
  struct use {
    std::uint64_t sent_bytes = 0;
    caf::actor_clock::time_point since;
  };
  std::map<swarm::pack_id, use> uses;
  std::map<swarm::pack_id, caf::actor_clock::time_point> served_at;
  caf::actor_clock::time_point copies_due;
  std::uint64_t tick_count = 0;
};

using host_cache_pointer = host_cache_actor::stateful_pointer<host_cache_state>;

/// Spawn with `system.spawn(host_cache, config, store, session)`; both outlive the actor.
host_cache_actor::behavior_type
host_cache(host_cache_pointer self, host_cache_config config, swarm::pack_store* store,
           swarm::swarm_session* session);

/// Carries the transfer engine's events to the host cache. The cache may be set later.
class cache_events final : public swarm::swarm_events {
public:
  /// Call before the first fetch.
  void deliver_to(host_cache_actor cache) { cache_ = std::move(cache); }
  /// Call when the transfer engine has stopped, so that the actor may end.
  void forget() { cache_ = nullptr; }

  void on_pieces(swarm::pack_id pack, std::vector<std::uint32_t> pieces) override;
  void on_fetched(swarm::pack_id pack) override;
  void on_failed(swarm::pack_id pack, error why) override;
  void on_corrupt(swarm::pack_id pack, std::uint32_t piece, std::string peer,
                  bool banned) override;

private:
  host_cache_actor cache_;
};

} // namespace shoal::actors
