// A heap of slot numbers that can also give up, and reorder, what is not at its top.
//
// Threads: one owner. Errors: a slot that is not in the heap is our bug.
#pragma once

#include "topology/assert.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace shoal::swarm {

/// Lowest first. The slots' owner keeps for each its place in the heap, so that all costs O(log n).
/// `Slots` has `bool before(a, b) const` and `std::uint32_t& place(slot)`.
class slot_heap {
public:
  [[nodiscard]] bool empty() const { return slots_.empty(); }
  [[nodiscard]] std::size_t size() const { return slots_.size(); }
  /// @pre not empty.
  [[nodiscard]] std::uint32_t top() const { return slots_.front(); }
  [[nodiscard]] std::size_t memory_bytes() const { return slots_.capacity() * sizeof slots_[0]; }

  template <class Slots>
  void push(Slots& slots, std::uint32_t slot) {
    slots_.push_back(slot);
    rise(slots, slots_.size() - 1);
  }

  template <class Slots>
  void erase(Slots& slots, std::uint32_t slot) {
    const std::size_t at = slots.place(slot);
    SHOAL_ASSERT(at < slots_.size() && slots_[at] == slot);
    const auto last = slots_.back();
    slots_.pop_back();
    if (last == slot) return;
    slots_[at] = last;
    slots.place(last) = static_cast<std::uint32_t>(at);
    moved(slots, last);
  }

  /// What `before` says of `slot` has changed.
  template <class Slots>
  void moved(Slots& slots, std::uint32_t slot) {
    const std::size_t at = slots.place(slot);
    SHOAL_ASSERT(at < slots_.size() && slots_[at] == slot);
    sink(slots, rise(slots, at));
  }

private:
  /// Children of a slot. Four, because its comparisons share a cache line.
  static constexpr std::size_t arity = 4;

  template <class Slots>
  std::size_t rise(Slots& slots, std::size_t at) {
    const auto slot = slots_[at];
    while (at > 0) {
      const auto parent = (at - 1) / arity;
      if (!slots.before(slot, slots_[parent])) break;
      put(slots, at, slots_[parent]);
      at = parent;
    }
    put(slots, at, slot);
    return at;
  }

  template <class Slots>
  void sink(Slots& slots, std::size_t at) {
    const auto slot = slots_[at];
    while (true) {
      const auto first = at * arity + 1;
      if (first >= slots_.size()) break;
      const auto end = std::min(first + arity, slots_.size());
      auto least = first;
      for (auto child = first + 1; child < end; ++child) {
        if (slots.before(slots_[child], slots_[least])) least = child;
      }
      if (!slots.before(slots_[least], slot)) break;
      put(slots, at, slots_[least]);
      at = least;
    }
    put(slots, at, slot);
  }

  template <class Slots>
  void put(Slots& slots, std::size_t at, std::uint32_t slot) {
    slots_[at] = slot;
    slots.place(slot) = static_cast<std::uint32_t>(at);
  }

  std::vector<std::uint32_t> slots_;
};

} // namespace shoal::swarm
