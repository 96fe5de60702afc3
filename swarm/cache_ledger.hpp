// What a cache policy knows of each item: 48 bytes in a slot, found by the item's number.
//
// Threads: one owner. Errors: using a slot that is free is our bug.
#pragma once

#include "swarm/cache_policy.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace shoal::swarm {

/// Which of a policy's queues an item waits in.
enum class cache_queue : std::uint8_t {
  /// What goes first.
  first,
  /// S3-FIFO's main queue.
  second,
  /// Above nothing but the floor; looked at again when copies may have come.
  rare,
  /// In use or pinned.
  kept,
};

/// One item.
struct cache_entry {
  cache_item item = 0;
  /// In its queue the lowest goes first; the older stamp if equal.
  double rank = 0;
  std::uint64_t stamp = 0;
  std::uint32_t bytes = 0;
  /// In its queue's heap.
  std::uint32_t place = 0;
  /// Since the policy began; this resolution is for people.
  std::uint32_t came_s = 0;
  std::uint32_t used_s = 0;
  std::uint16_t in_use = 0;
  std::uint16_t copies_in_site = 0;
  std::uint16_t uses = 0;
  topology::distance nearest = topology::distance::same_rack;
  cache_queue queue : 2 = cache_queue::first;
  /// Where it waits when nothing protects it.
  cache_queue home : 2 = cache_queue::first;
  /// S3-FIFO's small counter.
  std::uint8_t credit : 2 = 0;
  bool pinned : 1 = false;

  [[nodiscard]] cache_copies copies() const { return {copies_in_site, nearest}; }
};
static_assert(sizeof(cache_entry) == 48);

/// The items of one cache, in numbered slots that are used again.
class cache_ledger {
public:
  [[nodiscard]] std::optional<std::uint32_t> find(cache_item item) const;
  /// @pre not there yet.
  std::uint32_t add(cache_item item);
  void erase(std::uint32_t slot);

  cache_entry& at(std::uint32_t slot) { return entries_[slot]; }
  [[nodiscard]] const cache_entry& at(std::uint32_t slot) const { return entries_[slot]; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t memory_bytes() const;

  /// Calls `visit(slot)` for every item, by slot.
  template <class Visit>
  void for_each(Visit visit) const {
    for (std::uint32_t slot = 0; slot < entries_.size(); ++slot) {
      if (entries_[slot].place != free_place) visit(slot);
    }
  }

  /// The first item's slot from `slot` on, round robin. @pre there are items.
  [[nodiscard]] std::uint32_t next_used(std::uint32_t slot) const {
    if (slot >= entries_.size()) slot = 0;
    while (entries_[slot].place == free_place) {
      if (++slot == entries_.size()) slot = 0;
    }
    return slot;
  }

  /// For `slot_heap`.
  [[nodiscard]] bool before(std::uint32_t a, std::uint32_t b) const {
    const auto& left = entries_[a];
    const auto& right = entries_[b];
    return left.rank != right.rank ? left.rank < right.rank : left.stamp < right.stamp;
  }
  std::uint32_t& place(std::uint32_t slot) { return entries_[slot].place; }

private:
  static constexpr std::uint32_t free_place = 0xffffffff;
  static constexpr std::uint32_t nothing = 0xffffffff;

  [[nodiscard]] std::size_t bucket_of(cache_item item) const;
  void grow();

  std::vector<cache_entry> entries_;
  std::vector<std::uint32_t> free_;
  /// Open addressing, linear probing, at most two thirds full; slots or `nothing`.
  std::vector<std::uint32_t> buckets_;
  std::size_t size_ = 0;
};

} // namespace shoal::swarm
