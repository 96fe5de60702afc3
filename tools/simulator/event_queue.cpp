#include "tools/simulator/event_queue.hpp"

#include <algorithm>
#include <cmath>

namespace shoal::simulator {

event_id event_queue::at(double when, action what) {
  SHOAL_ASSERT(when >= now_ && std::isfinite(when));
  std::uint32_t index = 0;
  if (free_slots_.empty()) {
    SHOAL_ASSERT(slots_.size() < slot_mask);
    index = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    index = free_slots_.back();
    free_slots_.pop_back();
  }
  const auto order = ++sequence_ << slot_bits | index;
  slots_[index].order = order;
  slots_[index].what = std::move(what);
  ++live_;
  push({when, order});
  return {order};
}

bool event_queue::cancel(event_id which) {
  const auto index = static_cast<std::uint32_t>(which.value & slot_mask);
  if (which.value == 0 || index >= slots_.size() || slots_[index].order != which.value) {
    return false;
  }
  slots_[index].order = 0;
  slots_[index].what.reset();
  free_slots_.push_back(index);
  --live_;
  if (heap_.size() > 64 && heap_.size() > 2 * live_) compact();
  return true;
}

double event_queue::next_time() {
  drop_dead();
  return heap_.empty() ? never : heap_.front().when;
}

bool event_queue::run_next() {
  drop_dead();
  if (heap_.empty()) return false;
  const auto first = heap_.front();
  drop_first();
  auto& one = slots_[first.order & slot_mask];
  // Out of the slot before it runs: it may put in events, and the slots may move.
  auto what = std::move(one.what);
  one.order = 0;
  free_slots_.push_back(static_cast<std::uint32_t>(first.order & slot_mask));
  --live_;
  now_ = first.when;
  ++executed_;
  what();
  return true;
}

void event_queue::run_until(double when) {
  SHOAL_ASSERT(when >= now_);
  while (next_time() <= when)
    run_next();
  now_ = when;
}

void event_queue::push(entry one) {
  auto at = heap_.size();
  heap_.push_back(one);
  while (at > 0) {
    const auto parent = (at - 1) / children;
    if (!(one < heap_[parent])) break;
    heap_[at] = heap_[parent];
    at = parent;
  }
  heap_[at] = one;
}

void event_queue::drop_first() {
  heap_.front() = heap_.back();
  heap_.pop_back();
  if (!heap_.empty()) sift_down(0);
}

void event_queue::sift_down(std::size_t at) {
  const auto one = heap_[at];
  for (;;) {
    const auto first = at * children + 1;
    if (first >= heap_.size()) break;
    const auto last = std::min(first + children, heap_.size());
    auto least = first;
    for (auto child = first + 1; child < last; ++child) {
      if (heap_[child] < heap_[least]) least = child;
    }
    if (!(heap_[least] < one)) break;
    heap_[at] = heap_[least];
    at = least;
  }
  heap_[at] = one;
}

void event_queue::drop_dead() {
  while (!heap_.empty() && dead(heap_.front()))
    drop_first();
}

// Cancelled events stay in the heap until their time or until they are most of it.
void event_queue::compact() {
  std::erase_if(heap_, [&](const entry& one) { return dead(one); });
  for (auto at = heap_.size(); at-- > 0;)
    sift_down(at);
}

} // namespace shoal::simulator
