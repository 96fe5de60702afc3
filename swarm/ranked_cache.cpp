#include "swarm/ranked_cache.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace shoal::swarm {

namespace {

/// Items looked at again in each eviction, lest those that are no longer rare are forgotten.
constexpr std::size_t recalled_max = 16;

template <class Small>
Small saturated(std::uint64_t value) {
  return static_cast<Small>(std::min<std::uint64_t>(value, std::numeric_limits<Small>::max()));
}

} // namespace

void ranked_cache::set_time(instant now) {
  if (!began_) began_ = now;
  // Callers of several threads may come a little out of order.
  time_s_ = std::max(time_s_, std::chrono::duration<double>(now - *began_).count());
}

bool ranked_cache::too_rare(const cache_entry& entry) const {
  // What nobody counted may be the only copy.
  return config_.copies_floor > 0 && std::max<std::uint32_t>(entry.copies_in_site, 1) <= config_.copies_floor;
}

cache_queue ranked_cache::place_of(const cache_entry& entry) const {
  if (entry.pinned || entry.in_use > 0) return cache_queue::kept;
  return too_rare(entry) ? cache_queue::rare : entry.home;
}

void ranked_cache::enter(std::uint32_t slot) {
  auto& entry = items_.at(slot);
  entry.queue = place_of(entry);
  bytes_[index(entry.queue)] += entry.bytes;
  queues_[index(entry.queue)].push(items_, slot);
}

void ranked_cache::leave(std::uint32_t slot) {
  const auto& entry = items_.at(slot);
  bytes_[index(entry.queue)] -= entry.bytes;
  queues_[index(entry.queue)].erase(items_, slot);
}

void ranked_cache::settle(std::uint32_t slot) {
  const auto& entry = items_.at(slot);
  if (place_of(entry) == entry.queue) {
    queues_[index(entry.queue)].moved(items_, slot);
  } else {
    leave(slot);
    enter(slot);
  }
}

bool ranked_cache::take_copies(cache_entry& entry, cache_copies copies) {
  const auto before = entry.copies();
  entry.copies_in_site = saturated<std::uint16_t>(copies.in_site);
  entry.nearest = copies.nearest;
  if (entry.copies() == before) return false;
  rank_copies(entry, before);
  return true;
}

bool ranked_cache::ask_copies(std::uint32_t slot) {
  auto& entry = items_.at(slot);
  return config_.copies && take_copies(entry, config_.copies(entry.item));
}

void ranked_cache::inserted(cache_item item, std::uint32_t bytes, instant now) {
  set_time(now);
  if (const auto known = items_.find(item)) {
    auto& entry = items_.at(*known);
    leave(*known);
    held_bytes_ += bytes;
    held_bytes_ -= entry.bytes;
    entry.bytes = bytes;
    enter(*known);
    return;
  }
  const auto slot = items_.add(item);
  auto& entry = items_.at(slot);
  entry.bytes = bytes;
  entry.stamp = ++stamp_;
  entry.came_s = entry.used_s = saturated<std::uint32_t>(static_cast<std::uint64_t>(time_s_));
  rank_new(entry);
  if (config_.copies) take_copies(entry, config_.copies(item));
  held_bytes_ += bytes;
  enter(slot);
}

void ranked_cache::used(cache_item item, instant now) {
  set_time(now);
  const auto slot = items_.find(item);
  if (!slot) return;
  auto& entry = items_.at(*slot);
  entry.uses = saturated<std::uint16_t>(entry.uses + 1u);
  entry.used_s = saturated<std::uint32_t>(static_cast<std::uint64_t>(time_s_));
  ask_copies(*slot);
  rank_used(entry);
  settle(*slot);
}

void ranked_cache::removed(cache_item item) {
  const auto slot = items_.find(item);
  if (!slot) return;
  leave(*slot);
  held_bytes_ -= items_.at(*slot).bytes;
  items_.erase(*slot);
}

void ranked_cache::set_in_use(cache_item item, std::uint32_t count) {
  const auto slot = items_.find(item);
  if (!slot) return;
  auto& entry = items_.at(*slot);
  const auto before = std::exchange(entry.in_use, saturated<std::uint16_t>(count));
  if (before > 0 && count == 0) rank_freed(entry);
  settle(*slot);
}

void ranked_cache::set_pinned(cache_item item, bool pinned) {
  const auto slot = items_.find(item);
  if (!slot) return;
  items_.at(*slot).pinned = pinned;
  settle(*slot);
}

void ranked_cache::set_copies(cache_item item, cache_copies copies) {
  const auto slot = items_.find(item);
  if (slot && take_copies(items_.at(*slot), copies)) settle(*slot);
}

void ranked_cache::set_copies_floor(std::uint32_t copies) {
  config_.copies_floor = copies;
  items_.for_each([this](std::uint32_t slot) { settle(slot); });
}

std::optional<std::uint32_t> ranked_cache::choose() {
  const auto& order = queue(cache_queue::first);
  return order.empty() ? std::nullopt : std::optional{order.top()};
}

void ranked_cache::recall_rare(std::size_t count) {
  if (!config_.copies || queue(cache_queue::rare).empty()) return;
  for (; count > 0; --count) {
    cursor_ = items_.next_used(cursor_);
    if (items_.at(cursor_).queue == cache_queue::rare && ask_copies(cursor_)) settle(cursor_);
    ++cursor_;
  }
}

std::optional<std::uint32_t> ranked_cache::next() {
  bool recalled_all = false;
  while (true) {
    const auto slot = choose();
    if (!slot) {
      if (std::exchange(recalled_all, true)) return std::nullopt;
      recall_rare(items_.size());
    } else if (ask_copies(*slot)) {
      settle(*slot);
    } else {
      return slot;
    }
  }
}

cache_victim ranked_cache::give_up(std::uint32_t slot) {
  const auto entry = items_.at(slot);
  const auto idle_s = static_cast<std::uint64_t>(time_s_) - entry.used_s;
  gave_up(entry);
  removed(entry.item);
  last_given_up_ = entry;
  return {.item = entry.item,
          .bytes = entry.bytes,
          .reason = reason(entry),
          .idle = std::chrono::seconds{idle_s},
          .uses = entry.uses,
          .copies = entry.copies()};
}

std::vector<cache_victim> ranked_cache::evict(std::uint64_t bytes, instant now) {
  set_time(now);
  recall_rare(std::min(recalled_max, items_.size()));
  std::vector<cache_victim> victims;
  for (std::uint64_t freed_bytes = 0; freed_bytes < bytes;) {
    const auto slot = next();
    if (!slot) break;
    victims.push_back(give_up(*slot));
    freed_bytes += victims.back().bytes;
  }
  return victims;
}

void ranked_cache::keep_part(cache_item last, std::uint32_t bytes) {
  if (!last_given_up_ || last_given_up_->item != last || holds(last)) return;
  const auto slot = items_.add(last);
  items_.at(slot) = *std::exchange(last_given_up_, std::nullopt);
  items_.at(slot).bytes = bytes;
  held_bytes_ += bytes;
  enter(slot);
}

std::vector<cache_victim> ranked_cache::evict_idle(instant now) {
  set_time(now);
  return {};
}

std::vector<cache_victim> ranked_cache::next_victims(std::uint64_t bytes, instant now) const {
  return clone()->evict(bytes, now);
}

std::uint64_t ranked_cache::evictable_bytes() const {
  return bytes_in(cache_queue::first) + bytes_in(cache_queue::second);
}

std::size_t ranked_cache::memory_bytes() const {
  auto bytes = sizeof *this + items_.memory_bytes();
  for (const auto& heap : queues_) bytes += heap.memory_bytes();
  return bytes;
}

} // namespace shoal::swarm
