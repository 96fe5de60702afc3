#include "actors/removal_checks.hpp"

#include "actors/wire_convert.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>

namespace shoal::actors {

namespace {

/// 128 KiB of ids: well below the link's message limit.
constexpr std::size_t packs_per_question = 4096;

/// Whether somebody here fetches or reads the pack, or an operator keeps it.
bool in_use(const host_cache_state& state, swarm::pack_id pack) {
  if (state.subscribers.contains(pack)) return true;
  const auto owners = state.store->pins(pack);
  return std::any_of(owners.begin(), owners.end(), [](const auto& owner) {
    return owner != swarm::publisher_pin && owner != swarm::unregistered_pin;
  });
}

/// @returns whether the pack is gone.
bool forget(host_cache_state& state, swarm::pack_id pack) {
  if (in_use(state, pack)) return false;
  state.session->unload(pack);
  // A publisher keeps what it published until nobody refers to it any more, which is now.
  for (const auto& owner : state.store->pins(pack)) {
    static_cast<void>(state.store->unpin(pack, owner));
  }
  if (auto forgotten = state.store->forget(pack); !forgotten) {
    spdlog::debug("host-cache keeps pack {}: {}", pack.hex(), forgotten.error().message);
    return false;
  }
  spdlog::debug("host-cache forgets removed pack {}", pack.hex());
  state.dropped.insert(pack);
  state.unheard.insert(pack);
  return true;
}

bool pinned_by(const host_cache_state& state, swarm::pack_id pack, const char* owner) {
  const auto owners = state.store->pins(pack);
  return std::find(owners.begin(), owners.end(), owner) != owners.end();
}

/// A publication that died between storing its pack and hearing that it is registered left it
/// pinned as unregistered. The registration may still be on its way to the GIS when it is first asked.
void on_unknown(host_cache_state& state, swarm::pack_id pack) {
  if (!pinned_by(state, pack, swarm::unregistered_pin) ||
      pinned_by(state, pack, swarm::publisher_pin)) {
    spdlog::warn("the general index server does not know pack {} in this host's store; it is kept",
                 pack.hex());
    return;
  }
  if (state.unknown_once.insert(pack).second || !forget(state, pack)) {
    state.doubts.put_off(pack);
    return;
  }
  state.unknown_once.erase(pack);
  spdlog::info("pack {} is freed: its publication was cut short", pack.hex());
}

/// The registration's answer was lost, but the registration was not.
void on_known(host_cache_state& state, swarm::pack_id pack) {
  if (state.doubts.publishing(pack) || !pinned_by(state, pack, swarm::unregistered_pin)) return;
  if (!pinned_by(state, pack, swarm::publisher_pin) &&
      !state.store->pin(pack, swarm::publisher_pin)) {
    return;
  }
  while (pinned_by(state, pack, swarm::unregistered_pin)) {
    if (!state.store->unpin(pack, swarm::unregistered_pin)) return;
  }
}

void on_checked(host_cache_pointer self, const std::vector<swarm::pack_id>& asked,
                const wire::CheckedPacks& answer) {
  auto& state = self->state;
  const auto removed = packs_of(answer.removed());
  auto not_there = packs_of(answer.unknown());
  std::set<swarm::pack_id> known{asked.begin(), asked.end()};
  const std::set<swarm::pack_id> unknown{not_there.begin(), not_there.end()};
  not_there.insert(not_there.end(), removed.begin(), removed.end());
  for (const auto& pack : not_there) known.erase(pack);
  for (const auto& pack : state.doubts.answered(not_there)) {
    if (unknown.contains(pack)) on_unknown(state, pack);
    else if (!forget(state, pack)) state.doubts.put_off(pack);
  }
  for (const auto& pack : known) on_known(state, pack);
  ask_what_was_removed(self);
}

} // namespace

void ask_what_was_removed(host_cache_pointer self) {
  auto& state = self->state;
  if (!state.gis) return;
  const auto packs = state.doubts.ask(packs_per_question);
  if (packs.empty()) return;
  wire::CheckPacks question;
  for (const auto& pack : packs) question.add_packs(pack.raw());
  self->request(state.gis, std::chrono::seconds{20}, std::move(question))
      .then([self, packs](const wire::CheckedPacks& answer) { on_checked(self, packs, answer); },
            [self](const caf::error& fault) {
              spdlog::debug("host-cache could not ask what was removed: {}", from_caf(fault).message);
              self->state.doubts.unanswered();
            });
}

} // namespace shoal::actors
