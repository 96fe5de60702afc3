// The simulator's clock: what happens next, and when. Time is what the events say it is.
//
// Threads: one; several simulations run in several threads with a queue each.
// Errors:  an event in the past is our bug.
#pragma once

#include "tools/simulator/action.hpp"
#include "topology/assert.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace shoal::simulator {

/// Names one event that was put in, for `cancel`. Never given twice.
struct event_id {
  std::uint64_t value = 0;

  friend bool operator==(event_id, event_id) = default;
};

/// Events in order of time; those of equal time in the order they were put in, so that a run
/// depends on nothing but its input. Times are seconds.
class event_queue {
public:
  static constexpr double never = std::numeric_limits<double>::infinity();

  /// The time of the event that runs, or ran last; 0 before the first.
  [[nodiscard]] double now() const noexcept { return now_; }

  /// Has `what` run at `when`. @pre `when` is not before `now()` and finite.
  event_id at(double when, action what);
  /// Has `what` run `delay` seconds from now. @pre `delay` >= 0.
  event_id after(double delay, action what) { return at(now_ + delay, std::move(what)); }
  /// Forgets an event. @returns false when it ran already or was cancelled before.
  bool cancel(event_id which);

  /// When the next event is due; `never` without one.
  [[nodiscard]] double next_time();
  /// Runs the next event. @returns false when there is none.
  bool run_next();
  /// Runs until no event is left.
  void run() {
    while (run_next()) {}
  }
  /// Runs every event due up to and including `when`; then it is `when`.
  void run_until(double when);

  /// Events waiting.
  [[nodiscard]] std::size_t size() const noexcept { return live_; }
  /// Events run so far.
  [[nodiscard]] std::uint64_t executed() const noexcept { return executed_; }

private:
  // An event's order holds the slot of its action in the low bits, so that heap entries are small.
  static constexpr unsigned slot_bits = 24;
  static constexpr std::uint64_t slot_mask = (1u << slot_bits) - 1;
  // Four children a node: half the levels of a binary heap, and siblings share a cache line.
  static constexpr std::size_t children = 4;

  struct entry {
    double when;
    std::uint64_t order;

    bool operator<(const entry& other) const noexcept {
      return when < other.when || (when == other.when && order < other.order);
    }
  };
  struct slot {
    std::uint64_t order = 0;
    action what;
  };

  [[nodiscard]] bool dead(const entry& one) const {
    return slots_[one.order & slot_mask].order != one.order;
  }
  void push(entry one);
  void drop_first();
  void sift_down(std::size_t at);
  void drop_dead();
  void compact();

  double now_ = 0;
  std::uint64_t sequence_ = 0;
  std::uint64_t executed_ = 0;
  std::size_t live_ = 0;
  std::vector<entry> heap_;
  std::vector<slot> slots_;
  std::vector<std::uint32_t> free_slots_;
};

} // namespace shoal::simulator
