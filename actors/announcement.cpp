#include "actors/announcement.hpp"

#include "actors/wire_convert.hpp"

#include <utility>

namespace shoal::actors {

namespace {

/// What one message takes at most: well below the link's limit.
constexpr std::size_t announcement_bytes_max = std::size_t{256} << 10;

} // namespace

announcement next_announcement(host_cache_state& state) {
  announcement told;
  told.message.set_host(state.config.host);
  told.message.set_session(state.config.session);
  told.message.set_complete(state.announce_all);
  if (state.announce_all) {
    for (const auto& pack : state.store->packs()) {
      if (pack.piece_count_held > 0) state.changed.insert(pack.id);
    }
  }
  told.dropped = std::exchange(state.dropped, {});
  std::size_t bytes = 0;
  while (!state.changed.empty() && bytes < announcement_bytes_max) {
    const auto pack = *state.changed.begin();
    state.changed.erase(state.changed.begin());
    const auto held = state.store->have(pack);
    if (held.empty()) {
      told.dropped.insert(pack);
      continue;
    }
    auto& holding = *told.message.add_holdings();
    holding = to_wire(pack, held);
    bytes += holding.ByteSizeLong();
    told.changed.insert(pack);
  }
  for (const auto& pack : told.dropped) told.message.add_dropped_packs(pack.raw());
  return told;
}

} // namespace shoal::actors
