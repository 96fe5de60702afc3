#include "actors/host_cache.hpp"

#include "actors/announcement.hpp"
#include "actors/cache_tending.hpp"
#include "actors/removal_checks.hpp"
#include "actors/wire_convert.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace shoal::actors {

namespace {

/// One announcement is under way at a time, so that a slow index is not flooded.
void announce(host_cache_pointer self) {
  auto& state = self->state;
  if (state.announcing || (!state.index && !state.gis)) return;
  if (state.changed.empty() && state.dropped.empty() && !state.announce_all) return;
  auto told = next_announcement(state);
  state.announcing = true;
  const auto all = std::exchange(state.announce_all, false);
  const bool cut = !state.changed.empty();
  const auto done = [self, cut](const wire::Ack&) {
    self->state.announcing = false;
    if (cut) announce(self);
  };
  const auto failed = [self, told = announcement{{}, told.changed, told.dropped},
                       all](const caf::error& fault) {
    auto& now = self->state;
    spdlog::debug("host-cache could not announce: {}", from_caf(fault).message);
    now.announcing = false;
    now.changed.insert(told.changed.begin(), told.changed.end());
    now.dropped.insert(told.dropped.begin(), told.dropped.end());
    now.announce_all = now.announce_all || all;
  };
  const auto limit = std::chrono::seconds{10};
  if (state.index) self->request(state.index, limit, std::move(told.message)).then(done, failed);
  else self->request(state.gis, limit, std::move(told.message)).then(done, failed);
}

/// Lets the listener know what is held of some packs.
void tell_listener(host_cache_state& state, const std::set<swarm::pack_id>& packs, bool complete) {
  if (!state.listener || (packs.empty() && !complete)) return;
  wire::Announce news;
  news.set_host(state.config.host);
  news.set_session(state.config.session);
  news.set_complete(complete);
  for (const auto& pack : packs) {
    const auto held = state.store->have(pack);
    if (held.empty()) news.add_dropped_packs(pack.raw());
    else *news.add_holdings() = to_wire(pack, held);
  }
  caf::anon_send(state.listener, std::move(news));
}

void on_listener(host_cache_state& state, const tell_holdings_to& whom) {
  state.listener = whom.listener;
  state.unheard.clear();
  std::set<swarm::pack_id> held;
  for (const auto& pack : state.store->packs()) {
    if (pack.piece_count_held > 0) held.insert(pack.id);
  }
  tell_listener(state, held, true);
}

void tell_unheard(host_cache_state& state) {
  tell_listener(state, std::exchange(state.unheard, {}), false);
}

void note_change(host_cache_state& state, swarm::pack_id pack) {
  state.changed.insert(pack);
  state.unheard.insert(pack);
}

/// Unloads packs that nobody fetched from for a while.
void unload_idle(host_cache_pointer self) {
  auto& state = self->state;
  const auto now = self->clock().now();
  for (const auto& transfer : state.session->transfers()) {
    auto& use = state.uses[transfer.pack];
    if (transfer.fetching || use.sent_bytes != transfer.sent_bytes || use.since.time_since_epoch().count() == 0) {
      use = {transfer.sent_bytes, now};
    } else if (now - use.since > state.config.idle_max) {
      spdlog::debug("host-cache unloads idle pack {}", transfer.pack.hex());
      state.session->unload(transfer.pack);
      state.uses.erase(transfer.pack);
      state.served_at.erase(transfer.pack);
    }
  }
}

template <class Event>
void tell_subscribers(host_cache_pointer self, const Event& event) {
  const auto [begin, end] = self->state.subscribers.equal_range(event.pack);
  for (auto i = begin; i != end; ++i) caf::anon_send(i->second.who, event);
}

std::vector<swarm::swarm_peer> peers_of(const wire::Members& members) {
  std::vector<swarm::swarm_peer> peers;
  for (const auto& member : members.members()) {
    if (auto peer = from_wire(member.peer())) peers.push_back(*peer);
  }
  return peers;
}

void on_members(host_cache_state& state, const wire::Members& members) {
  std::set<std::string> not_met;
  for (auto& host : state.session->set_members(peers_of(members))) not_met.insert(std::move(host));
  for (const auto& host : not_met) {
    if (!state.not_met.contains(host)) {
      spdlog::warn("{} and this host cannot exchange packs: set the same bulk.tls on both", host);
    }
  }
  state.not_met = std::move(not_met);
}

void unsubscribe(host_cache_state& state, swarm::pack_id pack, const caf::actor_addr& who) {
  const auto [begin, end] = state.subscribers.equal_range(pack);
  for (auto i = begin; i != end;) {
    i = i->second.who.address() == who ? state.subscribers.erase(i) : std::next(i);
  }
}

/// A fetch in the background gives way to one that somebody waits for: the limit is that of the most
/// generous.
void limit_downloads(host_cache_state& state) {
  std::uint64_t limit = 0;
  for (const auto& [pack, subscription] : state.subscribers) {
    limit = std::max(limit, subscription.bytes_per_second_max);
    if (subscription.bytes_per_second_max != 0) continue;
    limit = 0;
    break;
  }
  if (limit == state.download_limit) return;
  state.download_limit = limit;
  state.session->limit_downloads(limit);
}

/// The view with the holders found besides, as far as it does not say who they are itself.
swarm::swarm_view whole_view(const host_cache_state::sighting& seen) {
  auto whole = seen.told.view();
  const auto& view = seen.told.view();
  const auto named = [&](const std::vector<swarm::swarm_peer>& peers, const std::string& host) {
    return std::any_of(peers.begin(), peers.end(), [&](const auto& one) { return one.host == host; });
  };
  for (const auto& one : seen.more) {
    if (!named(view.holders, one.host) && !named(view.fetchers, one.host)) {
      whole.holders.push_back(one);
    }
  }
  return whole;
}

void on_view(host_cache_state& state, const new_view& news) {
  const auto seen = state.sightings.find(news.pack);
  if (seen == state.sightings.end()) {
    auto& early = state.early[news.pack];
    early.since_tick = state.tick_count;
    static_cast<void>(early.told.take(news.news));
    return;
  }
  if (seen->second.told.take(news.news)) {
    state.session->update(news.pack, whole_view(seen->second));
  }
}

void on_more_holders(host_cache_state& state, const more_holders& news) {
  const auto seen = state.sightings.find(news.pack);
  if (seen == state.sightings.end() || seen->second.more == news.holders) return;
  seen->second.more = news.holders;
  state.session->update(news.pack, whole_view(seen->second));
}

/// Two images may need different pieces of one pack at the same time: all of them are fetched.
result<void> start_fetch(host_cache_state& state, const begin_fetch& order) {
  unsubscribe(state, order.pack, order.subscriber.address());
  state.subscribers.emplace(
      order.pack, host_cache_state::subscription{order.subscriber, order.wanted,
                                                 order.bytes_per_second_max});
  limit_downloads(state);
  state.uses.erase(order.pack);
  auto wanted = order.wanted;
  const auto [begin, end] = state.subscribers.equal_range(order.pack);
  for (auto i = begin; i != end; ++i) wanted = wanted | i->second.wanted;
  const auto [entry, is_new] = state.sightings.try_emplace(order.pack);
  auto& seen = entry->second;
  if (auto early = state.early.extract(order.pack); is_new && !early.empty()) {
    seen.told = std::move(early.mapped().told);
  }
  static_cast<void>(seen.told.take(order.news));
  return state.session->fetch(order.pack, wanted, whole_view(seen));
}

void stop_fetch(host_cache_state& state, swarm::pack_id pack, const caf::actor_addr& who) {
  unsubscribe(state, pack, who);
  limit_downloads(state);
  if (state.subscribers.contains(pack)) return;
  state.sightings.erase(pack);
  state.session->stop_fetching(pack);
}

result<void> serve(host_cache_pointer self, const serve_packs& order) {
  auto& state = self->state;
  for (const auto& pack : order.packs) {
    state.uses.erase(pack);
    // Whoever named this host is mistaken; it hears so.
    if (state.store->have(pack).empty()) note_change(state, pack);
    count_use(self, pack);
    if (auto served = state.session->serve(pack); !served) return served;
  }
  return {};
}

stamp_list stamps_of(const host_cache_state& state, const ask_stamps& question) {
  stamp_list answer;
  for (const auto& pack : question.packs) {
    const auto seen = state.sightings.find(pack);
    answer.stamps.push_back(seen == state.sightings.end() ? swarm_stamp{}
                                                          : seen->second.told.stamp());
  }
  return answer;
}

caf::result<wire::Ack> acknowledge(const result<void>& done) {
  if (!done) return to_caf(done.error());
  return wire::Ack{};
}

/// What is loaded for others would be offered with pieces that are gone.
void on_evicted(host_cache_pointer self, const packs_evicted& news) {
  auto& state = self->state;
  for (const auto& pack : news.packs) {
    spdlog::debug("host-cache evicted pieces of pack {}", pack.hex());
    if (!state.subscribers.contains(pack)) state.session->unload(pack);
    state.uses.erase(pack);
    note_change(state, pack);
  }
  announce(self);
}

void on_announce_to(host_cache_pointer self, const announce_to& whom) {
  auto& state = self->state;
  if (whom.gis && whom.gis != state.gis) {
    for (const auto& pack : state.store->packs()) state.doubts.doubt(pack.id);
  }
  state.index = whom.index;
  state.gis = whom.gis;
  state.announce_all = true;
  announce(self);
  ask_what_was_removed(self);
}

} // namespace

host_cache_actor::behavior_type
host_cache(host_cache_pointer self, host_cache_config config, swarm::pack_store* store,
           swarm::swarm_session* session) {
  self->state.config = std::move(config);
  self->state.store = store;
  self->state.session = session;
  self->set_down_handler([self](const caf::down_msg& down) {
    std::set<swarm::pack_id> packs;
    for (const auto& [pack, subscriber] : self->state.subscribers) {
      if (subscriber.who.address() == down.source) packs.insert(pack);
    }
    for (const auto& pack : packs) stop_fetch(self->state, pack, down.source);
  });
  self->delayed_send(self, self->state.config.announce_interval, tick{});
  listen_to_evictions(self);
  return {
      [self](const begin_fetch& order) {
        self->monitor(order.subscriber);
        self->state.doubts.wanted(order.pack);
        return acknowledge(start_fetch(self->state, order));
      },
      [self](const cease_fetch& order) {
        stop_fetch(self->state, order.pack, order.subscriber.address());
      },
      [self](const new_view& news) { on_view(self->state, news); },
      [self](const ask_stamps& question) { return stamps_of(self->state, question); },
      [self](const more_holders& news) { on_more_holders(self->state, news); },
      [self](const serve_packs& order) { return acknowledge(serve(self, order)); },
      [self](const holdings_changed& news) {
        for (const auto& pack : news.packs)
          note_change(self->state, pack);
        announce(self);
        tell_unheard(self->state);
      },
      [self](const packs_evicted& news) { on_evicted(self, news); },
      [self](const refresh_copies&) { return count_copies_of_next(self); },
      [self](const forget_packs& order) {
        for (const auto& pack : order.packs) self->state.doubts.doubt(pack);
        ask_what_was_removed(self);
      },
      [self](const publication_begun& news) {
        self->state.doubts.begin_publication(news.pack);
        self->state.unknown_once.erase(news.pack);
        return wire::Ack{};
      },
      [self](const publication_ended& news) { self->state.doubts.end_publication(news.pack); },
      [self](const pieces_came& event) {
        note_change(self->state, event.pack);
        tell_subscribers(self, event);
      },
      [self](const pack_fetched& event) {
        note_change(self->state, event.pack);
        announce(self);
        tell_unheard(self->state);
        tell_subscribers(self, event);
      },
      [self](const fetch_failed& event) {
        spdlog::warn("fetching pack {} stopped: {}", event.pack.hex(), event.why.message);
        tell_subscribers(self, event);
      },
      [self](const corrupt_piece& event) {
        spdlog::warn("{} sent a corrupt piece {} of pack {}{}", event.peer, event.piece,
                     event.pack.hex(), event.banned ? " and is banned" : "");
        tell_subscribers(self, event);
      },
      [self](const announce_to& whom) { on_announce_to(self, whom); },
      [self](const tell_holdings_to& whom) { on_listener(self->state, whom); },
      [self](const wire::Members& members) { on_members(self->state, members); },
      [self](const ask_transfers&) { return transfer_list{self->state.session->transfers()}; },
      [self](const tick&) {
        announce(self);
        tell_unheard(self->state);
        if (++self->state.tick_count % 40 == 0) {
          unload_idle(self);
          std::erase_if(self->state.early, [&](const auto& entry) {
            return entry.second.since_tick + 20 < self->state.tick_count;
          });
          tend_cache(self);
          self->state.doubts.retry();
          ask_what_was_removed(self);
        }
        self->delayed_send(self, self->state.config.announce_interval, tick{});
      },
  };
}

void cache_events::on_pieces(swarm::pack_id pack, std::vector<std::uint32_t> pieces) {
  caf::anon_send(cache_, pieces_came{pack, std::move(pieces)});
}
void cache_events::on_fetched(swarm::pack_id pack) { caf::anon_send(cache_, pack_fetched{pack}); }
void cache_events::on_failed(swarm::pack_id pack, error why) {
  caf::anon_send(cache_, fetch_failed{pack, std::move(why)});
}
void cache_events::on_corrupt(swarm::pack_id pack, std::uint32_t piece, std::string peer,
                              bool banned) {
  caf::anon_send(cache_, corrupt_piece{pack, piece, std::move(peer), banned});
}

} // namespace shoal::actors
