#include "swarm/cache_policy_s3_fifo.hpp"

#include <algorithm>

namespace shoal::swarm {

namespace {

/// The small queue's share of the bytes, and the most credit an item can have (the paper's).
constexpr double small_share = 0.1;
constexpr std::uint8_t credit_max = 3;
/// The memory has at least so many numbers.
constexpr std::size_t ghosts_min = 16;

} // namespace

std::unique_ptr<ranked_cache> cache_policy_s3_fifo::clone() const {
  return std::make_unique<cache_policy_s3_fifo>(*this);
}

void cache_policy_s3_fifo::rank_new(cache_entry& entry) {
  entry.rank = next_stamp();
  const bool known = ghost_counts_.erase(entry.item) > 0;
  entry.home = known ? cache_queue::second : cache_queue::first;
}

void cache_policy_s3_fifo::rank_used(cache_entry& entry) {
  if (entry.credit < credit_max) ++entry.credit;
}

bool cache_policy_s3_fifo::small_is_over() const {
  const auto capacity = config().capacity_bytes > 0 ? config().capacity_bytes : held_bytes();
  return static_cast<double>(bytes_in(cache_queue::first)) >=
         small_share * static_cast<double>(capacity);
}

std::optional<std::uint32_t> cache_policy_s3_fifo::choose() {
  const auto& small = queue(cache_queue::first);
  const auto& main = queue(cache_queue::second);
  while (!small.empty() || !main.empty()) {
    const bool from_small = !small.empty() && (small_is_over() || main.empty());
    const auto slot = from_small ? small.top() : main.top();
    auto& entry = ledger().at(slot);
    if (entry.credit <= (from_small ? 1 : 0)) return slot;
    if (from_small) {
      entry.home = cache_queue::second;
      entry.credit = 0;
    } else {
      --entry.credit;
    }
    entry.rank = next_stamp();
    settle(slot);
  }
  return std::nullopt;
}

void cache_policy_s3_fifo::gave_up(const cache_entry& entry) {
  if (entry.home == cache_queue::first) remember(entry.item);
}

void cache_policy_s3_fifo::remember(cache_item item) {
  ghosts_.emplace_back(item, ++ghost_count_);
  ghost_counts_[item] = ghost_count_;
  const auto most = std::max(ghosts_min, queue(cache_queue::second).size());
  while (ghosts_.size() > most) {
    const auto [oldest, count] = ghosts_.front();
    ghosts_.pop_front();
    const auto found = ghost_counts_.find(oldest);
    if (found != ghost_counts_.end() && found->second == count) ghost_counts_.erase(found);
  }
}

cache_reason cache_policy_s3_fifo::reason(const cache_entry& entry) const {
  return entry.home == cache_queue::first ? cache_reason::used_only_once : cache_reason::least_used;
}

std::size_t cache_policy_s3_fifo::memory_bytes() const {
  // A node of the map has the pair, a link and a share of the buckets.
  constexpr std::size_t ghost_bytes = 16 + 16 + 16 + 8;
  return ranked_cache::memory_bytes() + ghosts_.size() * ghost_bytes;
}

} // namespace shoal::swarm
