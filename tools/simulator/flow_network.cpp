#include "tools/simulator/flow_network.hpp"

#include <algorithm>
#include <cmath>

namespace shoal::simulator {

namespace {

/// Flows due this close to each other end at one instant: rounding alone parts what is equal.
constexpr double same_instant_seconds = 1e-9;
constexpr std::size_t heap_children = 4;

} // namespace

flow_network::flow_network(event_queue& events, flow_network_config config)
    : events_{events}, config_{config} {
  SHOAL_ASSERT(config.tolerance >= 0 && config.tolerance < 0.5);
  config_.tolerance = std::max(config.tolerance, 1e-9);
}

link_number flow_network::add_link(double capacity_bytes_per_second) {
  SHOAL_ASSERT(capacity_bytes_per_second > 0 && std::isfinite(capacity_bytes_per_second));
  links_.emplace_back();
  links_.back().capacity = capacity_bytes_per_second;
  return static_cast<link_number>(links_.size() - 1);
}

void flow_network::set_capacity(link_number link, double capacity_bytes_per_second) {
  SHOAL_ASSERT(link < links_.size());
  SHOAL_ASSERT(capacity_bytes_per_second > 0 && std::isfinite(capacity_bytes_per_second));
  links_[link].capacity = capacity_bytes_per_second;
  touch(link);
  for (const auto& one : links_[link].flows)
    take(one.flow);
}

flow_id flow_network::start(std::span<const link_number> path, double bytes, double rate_max,
                            action done) {
  SHOAL_ASSERT(bytes > 0 && std::isfinite(bytes) && rate_max > 0);
  SHOAL_ASSERT(!path.empty() || std::isfinite(rate_max));
  std::uint32_t slot = 0;
  if (free_flows_.empty()) {
    slot = static_cast<std::uint32_t>(flows_.size());
    flows_.emplace_back();
  } else {
    slot = free_flows_.back();
    free_flows_.pop_back();
  }
  auto& one = flows_[slot];
  one.path.clear();
  for (const auto link : path) {
    SHOAL_ASSERT(link < links_.size());
    auto& members = links_[link].flows;
    const auto hop = static_cast<std::uint32_t>(one.path.size());
    one.path.push_back({link, static_cast<std::uint32_t>(members.size())});
    members.push_back({slot, hop});
  }
  one.rate = 0;
  one.rate_max = rate_max;
  one.remaining = bytes;
  one.updated = events_.now();
  one.done = std::move(done);
  one.bottleneck = nowhere;
  one.active = true;
  ++one.generation;
  ++active_count_;
  take(slot);
  return {slot, one.generation};
}

bool flow_network::extend(flow_id which, double bytes, action done) {
  SHOAL_ASSERT(bytes > 0 && std::isfinite(bytes));
  auto* one = find(which);
  if (!one) return false;
  update(*one);
  one->remaining += bytes;
  one->done = std::move(done);
  if (one->rate > 0) set_finish(which.slot, one->updated + one->remaining / one->rate);
  schedule();
  return true;
}

double flow_network::cancel(flow_id which) {
  auto* one = find(which);
  if (!one) return 0;
  update(*one);
  const auto left = one->remaining;
  remove(which.slot);
  schedule();
  return left;
}

bool flow_network::active(flow_id which) const {
  return which.slot < flows_.size() && flows_[which.slot].active &&
         flows_[which.slot].generation == which.generation;
}

double flow_network::rate(flow_id which) {
  settle();
  const auto* one = find(which);
  return one ? one->rate : 0;
}

double flow_network::remaining_bytes(flow_id which) {
  auto* one = find(which);
  if (!one) return 0;
  update(*one);
  return one->remaining;
}

double flow_network::load(link_number link) {
  settle();
  return links_[link].load;
}

double flow_network::carried_bytes(link_number link) {
  for (const auto& one : links_[link].flows)
    update(flows_[one.flow]);
  return links_[link].carried;
}

flow_network::flow_state* flow_network::find(flow_id which) {
  return active(which) ? &flows_[which.slot] : nullptr;
}

// Books what a flow has sent at its present rate.
void flow_network::update(flow_state& one) {
  const auto sent = std::min(one.remaining, one.rate * (events_.now() - one.updated));
  one.updated = events_.now();
  if (sent <= 0) return;
  one.remaining -= sent;
  for (const auto& hop : one.path)
    links_[hop.link].carried += sent;
}

void flow_network::finish_due() {
  next_finish_time_ = event_queue::never;
  const auto due = events_.now() + same_instant_seconds;
  while (!finishes_.empty() && finishes_.front().when <= due) {
    const auto slot = finishes_.front().flow;
    forget_finish(slot);
    auto& one = flows_[slot];
    const auto generation = one.generation;
    for (const auto& hop : one.path)
      links_[hop.link].carried += one.remaining;
    one.remaining = 0;
    one.updated = events_.now();
    auto done = std::move(one.done);
    if (done) done();
    // `done` may have extended the flow, or ended it; the slots may have moved.
    const auto& after = flows_[slot];
    if (after.active && after.generation == generation && after.remaining <= 0) remove(slot);
  }
  schedule();
}

void flow_network::remove(std::uint32_t slot) {
  auto& one = flows_[slot];
  forget_finish(slot);
  if (one.taken) {
    std::erase(taken_, slot);
    for (const auto& hop : one.path) {
      auto& link = links_[hop.link];
      std::erase(link.taken, slot);
      link.fixed += one.rate;
      link.taken_held_back -= one.bottleneck == hop.link ? 1 : 0;
    }
    one.taken = false;
  }
  for (const auto& hop : one.path) {
    touch(hop.link);
    auto& link = links_[hop.link];
    link.fixed -= one.rate;
    link.load -= one.rate;
    link.held_back -= one.bottleneck == hop.link ? 1 : 0;
    link.flows[hop.index] = link.flows.back();
    link.flows.pop_back();
    if (hop.index < link.flows.size()) {
      const auto& moved = link.flows[hop.index];
      flows_[moved.flow].path[moved.hop].index = hop.index;
    }
  }
  one.active = false;
  one.rate = 0;
  one.done.reset();
  free_flows_.push_back(slot);
  --active_count_;
}

void flow_network::schedule() {
  const auto when = finishes_.empty() ? event_queue::never : finishes_.front().when;
  if (when == next_finish_time_) return;
  events_.cancel(next_finish_);
  next_finish_time_ = when;
  if (when == event_queue::never) return;
  next_finish_ = events_.at(std::max(when, events_.now()), [this] { finish_due(); });
}

void flow_network::set_finish(std::uint32_t slot, double when) {
  const finish one{when, slot};
  auto at = static_cast<std::size_t>(flows_[slot].heap_index);
  if (flows_[slot].heap_index == nowhere) {
    at = finishes_.size();
    finishes_.push_back(one);
  }
  sift_finish(at, one);
}

void flow_network::forget_finish(std::uint32_t slot) {
  const auto at = static_cast<std::size_t>(flows_[slot].heap_index);
  if (flows_[slot].heap_index == nowhere) return;
  flows_[slot].heap_index = nowhere;
  const auto last = finishes_.back();
  finishes_.pop_back();
  if (at < finishes_.size()) sift_finish(at, last);
}

void flow_network::place_finish(std::size_t at, finish one) {
  finishes_[at] = one;
  flows_[one.flow].heap_index = static_cast<std::uint32_t>(at);
}

// Puts `one` where it belongs, given that the place `at` is free.
void flow_network::sift_finish(std::size_t at, finish one) {
  while (at > 0) {
    const auto parent = (at - 1) / heap_children;
    if (!(one < finishes_[parent])) break;
    place_finish(at, finishes_[parent]);
    at = parent;
  }
  for (;;) {
    const auto first = at * heap_children + 1;
    if (first >= finishes_.size()) break;
    const auto last = std::min(first + heap_children, finishes_.size());
    auto least = first;
    for (auto child = first + 1; child < last; ++child) {
      if (finishes_[child] < finishes_[least]) least = child;
    }
    if (!(finishes_[least] < one)) break;
    place_finish(at, finishes_[least]);
    at = least;
  }
  place_finish(at, one);
}

} // namespace shoal::simulator
