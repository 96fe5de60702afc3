// Making room.
#include "swarm/store/store_cache.hpp"

#include <unordered_map>

namespace shoal::swarm {

namespace {

pack_runs::time now() { return std::chrono::system_clock::now(); }

constexpr int futile_rounds_max = 8;

} // namespace

result<void> store_cache::make_room(std::uint64_t bytes) {
  const std::lock_guard lock{eviction_mutex_};
  // A file system may give space back late, or to somebody else; each round evicts something, unless
  // what was chosen is forgotten or pinned just then.
  for (int futile = 0;;) {
    const auto missing = parts_.space.shortfall(bytes);
    if (!missing) return missing.error();
    if (*missing == 0) return {};
    follow();
    // Nothing is sacrificed for something that does not fit anyway.
    const bool suffices = runs_.evictable_bytes() >= *missing;
    const auto gone = suffices ? drop(runs_.take(*missing, now())) : eviction{};
    if (!gone) return gone.error();
    if (gone->bytes == 0 && (!suffices || ++futile == futile_rounds_max)) {
      auto why = parts_.space.no_space(bytes);
      why.message += "; " + readable_bytes(*missing) +
                     " would have to go, and what is neither pinned nor being written";
      if (settings().copies_floor > 0) why.message += " nor among the last copies in the site";
      why.message += " does not suffice: unpin or remove images, or raise the quota";
      return why;
    }
  }
}

result<eviction> store_cache::drop(const std::vector<pieces_to_drop>& drops) {
  eviction gone;
  for (const auto& [id, pieces] : drops) {
    const auto pack = packs_.find(id);
    if (!pack) continue;
    const auto dropped = pack->drop(pieces, pack_file::drop_reason::eviction);
    if (!dropped) {
      tell(gone);
      return dropped.error();
    }
    gone.bytes += dropped->bytes;
    if (dropped->piece_count > 0) gone.packs.push_back({id, dropped->piece_count, dropped->bytes});
  }
  tell(gone);
  return gone;
}

eviction store_cache::foresee(std::uint64_t bytes) const {
  eviction would;
  std::unordered_map<pack_id, std::size_t> places;
  for (const auto& run : runs_.foresee(bytes, now())) {
    const auto [place, is_new] = places.try_emplace(run.pack, would.packs.size());
    if (is_new) would.packs.push_back({run.pack, 0, 0});
    auto& pack = would.packs[place->second];
    pack.piece_count += run.piece_count_held;
    pack.bytes += run.why.bytes;
    would.bytes += run.why.bytes;
  }
  return would;
}

result<eviction> store_cache::evict(std::uint64_t bytes, bool dry_run) {
  const std::lock_guard lock{eviction_mutex_};
  follow();
  if (dry_run) return foresee(bytes);
  return drop(runs_.take(bytes, now()));
}

result<eviction> store_cache::evict_to_quota(bool dry_run) {
  return evict(parts_.space.over_quota_bytes(), dry_run);
}

result<eviction> store_cache::evict_pieces(pack_id pack, const piece_set& pieces, bool dry_run) {
  const std::lock_guard lock{eviction_mutex_};
  const auto found = packs_.find(pack);
  if (!found) return eviction{};
  if (found->status().pinned) {
    return error{errc::conflict, "pack " + pack.hex() + " is pinned by " +
                                     found->pins().begin()->first};
  }
  if (!dry_run) return drop({{pack, pieces}});
  const auto held = pieces & found->have();
  evicted_pack would{pack, held.count(), 0};
  held.for_each([&](std::uint32_t piece) { would.bytes += found->piece_length(piece); });
  return eviction{would.bytes, {would}};
}

result<eviction> store_cache::evict_idle() {
  const std::lock_guard lock{eviction_mutex_};
  if (settings().policy != cache_policy_kind::live) return eviction{};
  follow();
  return drop(runs_.take_idle(now()));
}

} // namespace shoal::swarm
