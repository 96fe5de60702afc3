#include "actors/rack_index.hpp"

#include "actors/wire_convert.hpp"

#include <spdlog/spdlog.h>

namespace shoal::actors {

namespace {

using index_pointer = rack_index_local_actor::stateful_pointer<rack_index_state>;

/// How long the GIS may take before the rack answers from what it knows itself.
constexpr std::chrono::seconds parent_patience{3};

/// The GIS knows who is who everywhere, the rack which pieces its own hosts hold.
wire::Swarms merge(wire::Swarms everywhere, const wire::Swarms& rack) {
  for (auto& swarm : *everywhere.mutable_swarms()) {
    for (const auto& own : rack.swarms()) {
      if (own.pack() != swarm.pack()) continue;
      for (auto& holder : *swarm.mutable_holders()) {
        for (const auto& known : own.holders()) {
          if (known.peer().host() == holder.peer().host()) {
            *holder.mutable_holding() = known.holding();
          }
        }
      }
    }
  }
  return everywhere;
}

/// Only what changes who is where goes up; single pieces stay in the rack.
wire::Announce aggregate(const wire::Announce& news, const std::vector<topology::pack_key>& changed) {
  wire::Announce up;
  up.set_host(news.host());
  up.set_session(news.session());
  up.set_complete(news.complete());
  for (const auto& held : news.holdings()) {
    const auto key = key_of(held.pack());
    if (news.complete() || (key && std::find(changed.begin(), changed.end(), *key) != changed.end())) {
      *up.add_holdings() = held;
    }
  }
  *up.mutable_dropped_packs() = news.dropped_packs();
  return up;
}

caf::result<wire::Ack> on_announce(index_pointer self, const wire::Announce& news) {
  auto& state = self->state;
  auto changed = state.index.announce(news);
  if (!changed) return to_caf(changed.error());
  auto up = aggregate(news, *changed);
  spdlog::debug("rack-index learns of {} packs of {}", news.holdings_size(), news.host());
  if (up.holdings_size() == 0 && up.dropped_packs_size() == 0 && !up.complete()) return wire::Ack{};
  // The host has done with it only when the GIS knows too; until then it announces again.
  if (!state.parent) return to_caf({errc::unreachable, "the general index server is away"});
  return self->delegate(state.parent, std::move(up));
}

caf::result<wire::Swarms> on_lookup(index_pointer self, const wire::Lookup& lookup) {
  auto& state = self->state;
  auto keys = keys_of(lookup.packs());
  if (!keys) return to_caf(keys.error());
  if (lookup.fetching()) {
    if (auto begun = state.index.begin_fetch(lookup); !begun) return to_caf(begun.error());
  }
  auto promise = self->make_response_promise<wire::Swarms>();
  auto own = state.index.answer(lookup.asker(), *keys, lookup.fetching());
  fold(own);
  if (!state.parent) {
    wake_and_deliver(self, state.index, std::move(own), promise);
    return promise;
  }
  self->request(state.parent, parent_patience, lookup)
      .then(
          [promise, own, fetching = lookup.fetching()](wire::Swarms& everywhere) mutable {
            promise.deliver(fetching ? std::move(everywhere) : merge(std::move(everywhere), own));
          },
          [self, promise, own](const caf::error&) {
            wake_and_deliver(self, self->state.index, own, promise);
          });
  return promise;
}

caf::result<wire::Ack> on_end_fetch(index_pointer self, const wire::EndFetch& ended) {
  self->state.index.end_fetch(ended);
  if (!self->state.parent) return wire::Ack{};
  return self->delegate(self->state.parent, ended);
}

/// A rack that gets an image asks for its documents all at once; the GIS is asked once.
caf::result<wire::DocumentPart> on_download(index_pointer self, const wire::Download& order) {
  auto& state = self->state;
  const auto key = document_cache::key_of(order);
  if (const auto* known = state.documents.find(key)) return *known;
  if (!state.parent) return to_caf({errc::unreachable, "the general index server is away"});
  auto promise = self->make_response_promise<wire::DocumentPart>();
  auto& waiting = state.waiting[key];
  waiting.push_back(promise);
  if (waiting.size() > 1) return promise;
  self->request(state.parent, parent_patience, order)
      .then(
          [self, key](const wire::DocumentPart& part) {
            self->state.documents.keep(key, part);
            auto askers = self->state.waiting.extract(key);
            for (auto& one : askers.mapped()) one.deliver(part);
          },
          [self, key](const caf::error& fault) {
            auto askers = self->state.waiting.extract(key);
            for (auto& one : askers.mapped()) one.deliver(fault);
          });
  return promise;
}

} // namespace

rack_index_local_actor::behavior_type
rack_index(rack_index_local_actor::stateful_pointer<rack_index_state> self) {
  self->set_down_handler([self](const caf::down_msg& down) {
    // A host's link fell; the GIS says through the members whether the host is gone.
    spdlog::debug("rack-index loses a link: {}", from_caf(down.reason).message);
  });
  return {
      [self](const wire::Announce& news) { return on_announce(self, news); },
      [self](const wire::Lookup& lookup) { return on_lookup(self, lookup); },
      [self](const wire::EndFetch& ended) { return on_end_fetch(self, ended); },
      [self](const wire::Download& order) { return on_download(self, order); },
      [self](const attach_host& news) { self->state.index.learn_agent(news.host, news.agent); },
      [self](const gis_actor& parent) { self->state.parent = parent; },
      [self](const wire::Members& members) { self->state.index.follow(members); },
  };
}

} // namespace shoal::actors
