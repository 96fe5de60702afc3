// Bytes on shared links: flows that cross the same link share it max-min fairly (progressive
// filling, Bertsekas and Gallager, Data Networks §6.5), as long-lived TCP connections of equal
// round trip time roughly do.
//
// Threads: one. Errors: a link or flow nobody made is our bug.
#pragma once

#include "tools/simulator/event_queue.hpp"

#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

namespace shoal::simulator {

/// A link in one direction, by dense number.
using link_number = std::uint32_t;

/// Names one flow; never given twice. A default one names no flow.
struct flow_id {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;

  friend bool operator==(flow_id, flow_id) = default;
};

struct flow_network_config {
  /// By which part of a link's capacity rates may miss the fair ones. Zero (but for rounding) is
  /// exact; a hundredth spares most of the work where thousands of flows share one link, since one
  /// more or less of them hardly changes the others. Never more than a link's capacity is used.
  double tolerance = 1e-9;
};

/// Links with capacities and the flows over them.
///
/// Flows that start and end at one instant are settled together at the end of that instant, and
/// only the flows whose fair rate changed are touched.
class flow_network {
public:
  /// A flow without a limit of its own.
  static constexpr double unlimited = std::numeric_limits<double>::infinity();

  /// @pre `events` outlives the network.
  explicit flow_network(event_queue& events, flow_network_config config = {});
  flow_network(const flow_network&) = delete;
  flow_network& operator=(const flow_network&) = delete;

  /// A new link. @pre capacity > 0 and finite; bytes per second.
  link_number add_link(double capacity_bytes_per_second);
  /// Changes a link from now on.
  void set_capacity(link_number link, double capacity_bytes_per_second);
  [[nodiscard]] double capacity(link_number link) const { return links_[link].capacity; }
  [[nodiscard]] std::size_t link_count() const noexcept { return links_.size(); }

  /// Starts sending `bytes` over all links of `path`, each named once; `done` runs at the instant
  /// the last byte is through. An empty path is limited by `rate_max` alone.
  /// @pre bytes > 0, rate_max > 0; without links rate_max is finite.
  flow_id start(std::span<const link_number> path, double bytes, double rate_max, action done);
  /// Sends `bytes` more over a flow, ending with `done`, as if one flow followed the other at
  /// once: nothing is settled anew. Inside a flow's own `done` this keeps the flow alive.
  /// @returns false when there is no such flow any more.
  bool extend(flow_id which, double bytes, action done);
  /// Ends a flow early; its `done` never runs. @returns the bytes that were still to come, or 0.
  double cancel(flow_id which);

  /// Whether the flow is still going.
  [[nodiscard]] bool active(flow_id which) const;
  /// Bytes per second now; 0 for a flow that has ended.
  [[nodiscard]] double rate(flow_id which);
  /// Bytes still to come now; 0 for a flow that has ended.
  [[nodiscard]] double remaining_bytes(flow_id which);
  [[nodiscard]] std::size_t flow_count() const noexcept { return active_count_; }

  /// The sum of the rates of the flows over a link, now.
  [[nodiscard]] double load(link_number link);
  /// How many flows cross a link now.
  [[nodiscard]] std::size_t flow_count(link_number link) const { return links_[link].flows.size(); }
  /// All bytes that have crossed a link until now.
  [[nodiscard]] double carried_bytes(link_number link);
  /// For how many flows a rate was computed so far: what the network cost.
  [[nodiscard]] std::uint64_t rates_computed() const noexcept { return rates_computed_; }

  /// Brings all rates up to date with the flows started and ended at this instant. It happens by
  /// itself before time goes on.
  void settle();

private:
  static constexpr std::uint32_t nowhere = ~0u;

  /// A flow's place in a link's list of flows.
  struct crossing {
    link_number link = 0;
    std::uint32_t index = 0;
  };
  /// A link's record of one flow over it: which flow, and which part of its path this link is.
  struct member {
    std::uint32_t flow = 0;
    std::uint32_t hop = 0;
  };
  struct link_state {
    double capacity = 0;
    double load = 0;
    /// Without what flows that go on have sent since they were updated.
    double carried = 0;
    /// The rate of the flows that this link holds back, and how many those are.
    double level = 0;
    std::uint32_t held_back = 0;
    std::vector<member> flows;

    // Of the settling under way.
    /// The flows whose rates are being computed.
    std::vector<std::uint32_t> taken;
    std::uint32_t taken_held_back = 0;
    bool touched = false;
    /// The rates of the other flows together.
    double fixed = 0;
    double left = 0;
    std::uint32_t rising = 0;
    /// The highest rate a taken flow got, and the rate at which this link stopped some (< 0: none).
    double highest = 0;
    double stopped_at = -1;
  };
  struct flow_state {
    std::vector<crossing> path;
    double rate = 0;
    double rate_max = unlimited;
    /// Bytes to come at `updated`.
    double remaining = 0;
    double updated = 0;
    action done;
    std::uint32_t generation = 0;
    /// The link that holds it back; `nowhere` when its own limit does.
    link_number bottleneck = nowhere;
    std::uint32_t heap_index = nowhere;
    bool active = false;

    // Of the settling under way.
    bool taken = false;
    bool rising = false;
    double new_rate = 0;
    link_number new_bottleneck = nowhere;
  };
  /// When a flow ends if nothing changes.
  struct finish {
    double when = 0;
    std::uint32_t flow = 0;

    bool operator<(const finish& other) const noexcept {
      return when < other.when || (when == other.when && flow < other.flow);
    }
  };

  [[nodiscard]] flow_state* find(flow_id which);
  void update(flow_state& one);
  void finish_due();
  void remove(std::uint32_t slot);
  void schedule();

  // Settling (flow_settling.cpp).
  void touch(link_number link);
  void settle_later();
  void take(std::uint32_t slot);
  template <class Which>
  bool take_others(link_number link, Which which);
  [[nodiscard]] bool limit_counts(const flow_state& one) const;
  void fill();
  void fix(std::uint32_t slot, double rate, link_number by);
  bool widen();
  bool widen_at(link_number link);
  void apply();

  // The heap of finishes.
  void set_finish(std::uint32_t slot, double when);
  void forget_finish(std::uint32_t slot);
  void place_finish(std::size_t at, finish one);
  void sift_finish(std::size_t at, finish one);

  event_queue& events_;
  flow_network_config config_;
  std::vector<link_state> links_;
  std::vector<flow_state> flows_;
  std::vector<std::uint32_t> free_flows_;
  std::size_t active_count_ = 0;
  std::uint64_t rates_computed_ = 0;

  std::vector<finish> finishes_;
  event_id next_finish_;
  double next_finish_time_ = event_queue::never;

  bool settle_due_ = false;
  std::vector<link_number> touched_;
  std::vector<std::uint32_t> taken_;
  /// Scratch: links by the level at which they stop flows; flows by their own limits.
  std::vector<std::pair<double, link_number>> stops_;
  std::vector<std::pair<double, std::uint32_t>> limits_;
};

} // namespace shoal::simulator
