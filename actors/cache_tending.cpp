#include "actors/cache_tending.hpp"

#include "actors/copies_count.hpp"

#include <spdlog/spdlog.h>

namespace shoal::actors {

void count_use(host_cache_pointer self, swarm::pack_id pack) {
  auto& state = self->state;
  const auto now = self->clock().now();
  const auto [last, is_new] = state.served_at.try_emplace(pack, now);
  if (!is_new && now - last->second < state.config.use_interval) return;
  last->second = now;
  state.store->touch(pack);
}

caf::result<wire::Ack> count_copies_of_next(host_cache_pointer self) {
  auto& state = self->state;
  auto question = question_of(state.config.host, *state.store);
  if (!state.gis || question.packs_size() == 0) return wire::Ack{};
  auto promise = self->make_response_promise<wire::Ack>();
  self->request(state.gis, std::chrono::seconds{3}, std::move(question))
      .then(
          [self, promise](const wire::Copies& answer) mutable {
            learn_copies(answer, *self->state.store->cache());
            promise.deliver(wire::Ack{});
          },
          [promise](const caf::error& fault) mutable {
            spdlog::debug("host-cache could not ask for copies: {}", from_caf(fault).message);
            promise.deliver(wire::Ack{});
          });
  return promise;
}

namespace {

/// From four fifths of the quota on.
bool nearly_full(const swarm::pack_store& store) {
  const auto quota = store.quota_bytes();
  return quota != 0 && store.held_bytes() / 4 >= quota / 5;
}

} // namespace

void tend_cache(host_cache_pointer self) {
  auto& state = self->state;
  auto* cache = state.store->cache();
  if (!cache) return;
  if (auto gone = cache->evict_idle(); !gone) spdlog::warn("{}", gone.error().message);
  const auto now = self->clock().now();
  if (now < state.copies_due || !nearly_full(*state.store)) return;
  state.copies_due = now + state.config.copies_interval;
  const auto me = caf::actor_cast<host_cache_actor>(self);
  self->request(me, std::chrono::seconds{5}, refresh_copies{})
      .then([](const wire::Ack&) {}, [](const caf::error&) {});
}

void listen_to_evictions(host_cache_pointer self) {
  auto* cache = self->state.store->cache();
  if (!cache) return;
  const caf::actor_addr me = self->address();
  cache->on_eviction([me](std::vector<swarm::pack_id> packs) {
    if (auto live = caf::actor_cast<caf::strong_actor_ptr>(me)) {
      caf::anon_send(caf::actor_cast<caf::actor>(live), packs_evicted{std::move(packs)});
    }
  });
}

} // namespace shoal::actors
