#include "swarm/store/pack_runs.hpp"

#include <algorithm>
#include <limits>

namespace shoal::swarm {

namespace {

/// The policy's clock is the store's: uses outlive the process, and so does the time between them.
instant instant_of(pack_runs::time when) {
  return instant{std::chrono::duration_cast<instant::duration>(when.time_since_epoch())};
}

cache_policy_config config_of(const cache_settings& settings) {
  return {.kind = settings.policy,
          .capacity_bytes = settings.quota_bytes,
          .copies_floor = settings.copies_floor};
}

constexpr cache_item item_of(std::uint32_t pack_number, std::size_t run) {
  return std::uint64_t{pack_number} << 32 | run;
}
constexpr std::uint32_t pack_number_of(cache_item item) {
  return static_cast<std::uint32_t>(item >> 32);
}
constexpr std::uint32_t run_of(cache_item item) { return static_cast<std::uint32_t>(item); }

std::uint32_t run_pieces(const pack_file& pack) { return run_piece_count(pack.piece_bytes()); }

std::size_t run_count_of(std::uint32_t piece_count, std::uint32_t pieces) {
  return (std::size_t{piece_count} + pieces - 1) / pieces;
}

/// The last piece of a pack may be short; what a run takes is exact all the same.
std::uint32_t bytes_of(const pack_file& pack, const piece_set& have, std::uint32_t first,
                       std::uint32_t end) {
  std::uint32_t bytes = 0;
  for (auto piece = first; piece < end; ++piece) {
    if (have.contains(piece)) bytes += pack.piece_length(piece);
  }
  return bytes;
}

} // namespace

pack_runs::pack_runs(const cache_settings& settings, const pack_directory& packs)
    : directory_{packs}, policy_{make_cache_policy(config_of(settings))} {}

pack_runs::known_pack& pack_runs::know(const std::shared_ptr<pack_file>& pack) {
  const auto [entry, is_new] = packs_.try_emplace(pack->id());
  auto& known = entry->second;
  if (!is_new) return known;
  if (free_numbers_.empty()) {
    known.number = static_cast<std::uint32_t>(ids_.size());
    ids_.push_back(pack->id());
  } else {
    known.number = free_numbers_.back();
    free_numbers_.pop_back();
    ids_[known.number] = pack->id();
  }
  known.file = pack;
  return known;
}

void pack_runs::learn_pieces(known_pack& known, const piece_set& have, instant when) {
  const auto& pack = *known.file;
  const auto pieces = run_pieces(pack);
  known.held.resize(run_count_of(have.size(), pieces));
  // From the end, so that a pack's beginning is what came and was used last.
  for (auto run = known.held.size(); run-- > 0;) {
    const auto first = static_cast<std::uint32_t>(run * pieces);
    const auto end = std::min(first + pieces, have.size());
    std::uint16_t held = 0;
    for (auto piece = first; piece < end; ++piece) held += have.contains(piece) ? 1 : 0;
    if (std::exchange(known.held[run], held) == held) continue;
    const auto item = item_of(known.number, run);
    if (held == 0) {
      policy_->removed(item);
      continue;
    }
    const bool is_new = !policy_->holds(item);
    policy_->inserted(item, bytes_of(pack, have, first, end), when);
    if (is_new && known.pinned) policy_->set_pinned(item, true);
  }
}

void pack_runs::follow_locked(const std::shared_ptr<pack_file>& pack, time now) {
  const bool is_new = !packs_.contains(pack->id());
  auto& known = know(pack);
  known.seen = round_;
  if (known.file != pack) {
    // Forgotten and added again since.
    known.file = pack;
    known.mark = {};
  }
  // A pack that was there when the store opened came when it was used last.
  if (const auto have = pack->changed_since(known.mark)) {
    learn_pieces(known, *have, instant_of(is_new ? std::min(now, pack->last_use()) : now));
  }
  const bool pinned = pack->status().pinned;
  if (std::exchange(known.pinned, pinned) == pinned) return;
  for (std::size_t run = known.held.size(); run-- > 0;) {
    policy_->set_pinned(item_of(known.number, run), pinned);
  }
}

void pack_runs::follow(time now) {
  const std::lock_guard lock{mutex_};
  follow_all(now);
}

void pack_runs::follow_all(time now) {
  ++round_;
  std::vector<std::shared_ptr<pack_file>> fresh;
  for (const auto& pack : directory_.all()) {
    if (packs_.contains(pack->id())) follow_locked(pack, now);
    else fresh.push_back(pack);
  }
  std::ranges::sort(fresh, {}, [](const auto& pack) { return pack->last_use(); });
  for (const auto& pack : fresh) follow_locked(pack, now);
  std::erase_if(packs_, [this](const auto& entry) {
    if (entry.second.seen == round_) return false;
    forget_locked(entry.second);
    return true;
  });
}

void pack_runs::forget_locked(const known_pack& known) {
  for (std::size_t run = 0; run < known.held.size(); ++run) {
    policy_->removed(item_of(known.number, run));
  }
  free_numbers_.push_back(known.number);
}

void pack_runs::forget(pack_id pack) {
  const std::lock_guard lock{mutex_};
  const auto found = packs_.find(pack);
  if (found == packs_.end()) return;
  forget_locked(found->second);
  packs_.erase(found);
}

void pack_runs::used(const std::shared_ptr<pack_file>& pack, const piece_set* pieces, time now) {
  const std::lock_guard lock{mutex_};
  follow_locked(pack, now);
  const auto& known = packs_.find(pack->id())->second;
  const auto wide = run_pieces(*pack);
  const auto is_used = [&](std::size_t run) {
    if (pieces == nullptr) return true;
    const auto first = static_cast<std::uint32_t>(run * wide);
    const auto end = std::min(first + wide, pieces->size());
    for (auto piece = first; piece < end; ++piece) {
      if (pieces->contains(piece)) return true;
    }
    return false;
  };
  for (auto run = known.held.size(); run-- > 0;) {
    if (known.held[run] > 0 && is_used(run)) {
      policy_->used(item_of(known.number, run), instant_of(now));
    }
  }
}

void pack_runs::set_copies(pack_id pack, std::span<const cache_copies> runs) {
  const std::lock_guard lock{mutex_};
  const auto found = packs_.find(pack);
  if (found == packs_.end() || runs.empty()) return;
  const auto& known = found->second;
  for (std::size_t run = 0; run < known.held.size(); ++run) {
    const auto& copies = runs.size() == 1 ? runs[0] : run < runs.size() ? runs[run] : cache_copies{};
    policy_->set_copies(item_of(known.number, run), copies);
  }
}

void pack_runs::change(const cache_settings& settings, time now) {
  const std::lock_guard lock{mutex_};
  if (policy_->kind() == settings.policy) {
    policy_->set_capacity(settings.quota_bytes);
    policy_->set_copies_floor(settings.copies_floor);
    return;
  }
  policy_ = make_cache_policy(config_of(settings));
  packs_.clear();
  ids_.clear();
  free_numbers_.clear();
  follow_all(now);
}

std::vector<pieces_to_drop> pack_runs::drops(const std::vector<cache_victim>& victims,
                                             std::uint64_t bytes) {
  std::vector<pieces_to_drop> list;
  std::unordered_map<std::uint32_t, std::size_t> places;
  std::uint64_t chosen_bytes = 0;
  for (const auto& victim : victims) {
    const auto number = pack_number_of(victim.item);
    auto& known = packs_.find(ids_[number])->second;
    const auto& pack = *known.file;
    const auto have = pack.have();
    const auto [place, is_new] = places.try_emplace(number, list.size());
    if (is_new) list.push_back({pack.id(), piece_set{have.size()}});
    const auto run = run_of(victim.item);
    const auto first = run * run_pieces(pack);
    auto piece = std::min(first + run_pieces(pack), have.size());
    while (piece > first && chosen_bytes < bytes) {
      --piece;
      if (!have.contains(piece)) continue;
      list[place->second].pieces.insert(piece);
      chosen_bytes += pack.piece_length(piece);
    }
    known.held[run] = 0;
    // Whatever becomes of it, the next `follow` looks at the pack again.
    known.mark = {};
    const auto kept_bytes = bytes_of(pack, have, first, piece);
    if (kept_bytes == 0) continue;
    policy_->keep_part(victim.item, kept_bytes);
    if (!policy_->holds(victim.item)) continue;
    for (auto kept = first; kept < piece; ++kept) known.held[run] += have.contains(kept) ? 1 : 0;
  }
  return list;
}

std::vector<pieces_to_drop> pack_runs::take(std::uint64_t bytes, time now) {
  const std::lock_guard lock{mutex_};
  return drops(policy_->evict(bytes, instant_of(now)), bytes);
}

std::vector<pieces_to_drop> pack_runs::take_idle(time now) {
  const std::lock_guard lock{mutex_};
  return drops(policy_->evict_idle(instant_of(now)), std::numeric_limits<std::uint64_t>::max());
}

std::vector<cache_run> pack_runs::foresee(std::uint64_t bytes, time now) const {
  const std::lock_guard lock{mutex_};
  std::vector<cache_run> runs;
  for (const auto& victim : policy_->next_victims(bytes, instant_of(now))) {
    const auto& known = packs_.find(ids_[pack_number_of(victim.item)])->second;
    const auto pieces = run_pieces(*known.file);
    const auto first = run_of(victim.item) * pieces;
    const auto end = std::min(first + pieces, known.file->status().piece_count);
    runs.push_back({known.file->id(), first, end, known.held[run_of(victim.item)], victim});
  }
  return runs;
}

std::uint64_t pack_runs::evictable_bytes() const {
  const std::lock_guard lock{mutex_};
  return policy_->evictable_bytes();
}

std::size_t pack_runs::run_count() const {
  const std::lock_guard lock{mutex_};
  return policy_->items();
}

std::size_t pack_runs::memory_bytes() const {
  const std::lock_guard lock{mutex_};
  auto bytes = policy_->memory_bytes() + ids_.capacity() * sizeof(pack_id);
  for (const auto& [id, known] : packs_) {
    bytes += sizeof id + sizeof known + known.held.capacity() * sizeof known.held[0];
  }
  return bytes;
}

} // namespace shoal::swarm
