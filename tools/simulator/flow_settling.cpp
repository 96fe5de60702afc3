// Which rates are fair after flows came and went.
//
// A rate is max-min fair when the flow is at its own limit, or crosses a full link on which no flow
// is faster. Settling takes the flows that are new, fills the links with them while all others keep
// their rates, and looks at every link they cross: where that condition no longer holds for a flow
// left out, or holds for a taken one only because the flow is left out, that flow is taken as well,
// and the filling begins anew. So the work is that of the flows whose rates change.
#include "tools/simulator/flow_network.hpp"

#include <algorithm>

namespace shoal::simulator {

void flow_network::touch(link_number number) {
  auto& link = links_[number];
  settle_later();
  if (link.touched) return;
  link.touched = true;
  link.fixed = link.load;
  link.taken_held_back = 0;
  touched_.push_back(number);
}

void flow_network::settle_later() {
  if (settle_due_) return;
  settle_due_ = true;
  events_.at(events_.now(), [this] { settle(); });
}

void flow_network::take(std::uint32_t slot) {
  auto& one = flows_[slot];
  if (one.taken) return;
  settle_later();
  one.taken = true;
  taken_.push_back(slot);
  for (const auto& hop : one.path) {
    touch(hop.link);
    auto& link = links_[hop.link];
    link.taken.push_back(slot);
    link.fixed -= one.rate;
    link.taken_held_back += one.bottleneck == hop.link ? 1 : 0;
  }
}

void flow_network::settle() {
  if (!settle_due_) return;
  do {
    fill();
  } while (widen());
  apply();
  settle_due_ = false;
  schedule();
}

// Whether the flow's own limit can hold it back: links that carry less always do so earlier.
bool flow_network::limit_counts(const flow_state& one) const {
  if (one.rate_max == unlimited) return false;
  for (const auto& hop : one.path) {
    if (links_[hop.link].capacity <= one.rate_max) return false;
  }
  return true;
}

// Progressive filling: the rates of all taken flows rise together; a link that is full stops those
// that cross it.
void flow_network::fill() {
  stops_.clear();
  limits_.clear();
  for (const auto number : touched_) {
    auto& link = links_[number];
    // Exact where nobody is left out: differences of large sums never are.
    if (link.taken.size() == link.flows.size()) link.fixed = 0;
    link.left = std::max(0.0, link.capacity - link.fixed);
    link.rising = static_cast<std::uint32_t>(link.taken.size());
    link.highest = 0;
    link.stopped_at = -1;
    if (link.rising > 0) stops_.emplace_back(link.left / link.rising, number);
  }
  for (const auto slot : taken_) {
    flows_[slot].rising = true;
    if (limit_counts(flows_[slot])) limits_.emplace_back(flows_[slot].rate_max, slot);
  }
  rates_computed_ += taken_.size();
  std::make_heap(stops_.begin(), stops_.end(), std::greater<>{});
  std::sort(limits_.begin(), limits_.end(), std::greater<>{});
  auto rising = taken_.size();
  while (rising > 0) {
    while (!limits_.empty() && !flows_[limits_.back().second].rising)
      limits_.pop_back();
    const bool own_limit =
        stops_.empty() || (!limits_.empty() && limits_.back().first <= stops_.front().first);
    if (own_limit) {
      SHOAL_ASSERT(!limits_.empty());
      fix(limits_.back().second, limits_.back().first, nowhere);
      --rising;
      continue;
    }
    std::pop_heap(stops_.begin(), stops_.end(), std::greater<>{});
    const auto [level, number] = stops_.back();
    stops_.pop_back();
    auto& link = links_[number];
    if (link.rising == 0) continue;
    // Flows that other links stopped left more to the rest: it is not this one's turn yet.
    const auto level_now = std::max(level, link.left / link.rising);
    if (level_now > level) {
      stops_.emplace_back(level_now, number);
      std::push_heap(stops_.begin(), stops_.end(), std::greater<>{});
      continue;
    }
    link.stopped_at = level;
    for (const auto slot : link.taken) {
      if (!flows_[slot].rising) continue;
      fix(slot, level, number);
      --rising;
    }
  }
}

void flow_network::fix(std::uint32_t slot, double rate, link_number by) {
  auto& one = flows_[slot];
  one.rising = false;
  one.new_rate = rate;
  one.new_bottleneck = by;
  for (const auto& hop : one.path) {
    auto& link = links_[hop.link];
    link.left = std::max(0.0, link.left - rate);
    link.highest = std::max(link.highest, rate);
    --link.rising;
  }
}

bool flow_network::widen() {
  bool wider = false;
  // Taking flows in adds links at the end; those were not filled yet.
  const auto filled = touched_.size();
  for (std::size_t i = 0; i < filled; ++i)
    wider = widen_at(touched_[i]) || wider;
  return wider;
}

template <class Which>
bool flow_network::take_others(link_number number, Which which) {
  bool took = false;
  // By index: a flow taken in does not change the list, but be plain about it.
  for (std::size_t i = 0; i < links_[number].flows.size(); ++i) {
    const auto slot = links_[number].flows[i].flow;
    if (flows_[slot].taken || !which(flows_[slot])) continue;
    take(slot);
    took = true;
  }
  return took;
}

bool flow_network::widen_at(link_number number) {
  const auto& link = links_[number];
  if (link.taken.size() == link.flows.size()) return false;
  const auto above = 1 + config_.tolerance;
  const auto below = 1 - config_.tolerance;
  const auto stopped_at = link.stopped_at;
  const bool holds_others_back = link.held_back > link.taken_held_back;
  if (holds_others_back) {
    const bool full = link.left <= config_.tolerance * link.capacity;
    if (!full || link.highest > link.level * above) {
      return take_others(number, [&](const flow_state& one) { return one.bottleneck == number; });
    }
    if (stopped_at < 0 || stopped_at >= link.level * below) return false;
  }
  if (stopped_at < 0) return false;
  return take_others(number, [&](const flow_state& one) { return one.rate > stopped_at * above; });
}

void flow_network::apply() {
  for (const auto number : touched_) {
    auto& link = links_[number];
    const bool holds_others_back = link.held_back > link.taken_held_back;
    if (!holds_others_back && link.stopped_at >= 0) link.level = link.stopped_at;
    link.load = link.fixed;
    for (const auto slot : link.taken)
      link.load += flows_[slot].new_rate;
    link.taken.clear();
    link.touched = false;
  }
  touched_.clear();
  for (const auto slot : taken_) {
    auto& one = flows_[slot];
    one.taken = false;
    if (one.bottleneck != one.new_bottleneck) {
      if (one.bottleneck != nowhere) --links_[one.bottleneck].held_back;
      if (one.new_bottleneck != nowhere) ++links_[one.new_bottleneck].held_back;
      one.bottleneck = one.new_bottleneck;
    }
    if (one.rate == one.new_rate) continue;
    update(one);
    one.rate = one.new_rate;
    if (one.rate > 0)
      set_finish(slot, one.updated + one.remaining / one.rate);
    else
      forget_finish(slot);
  }
  taken_.clear();
}

} // namespace shoal::simulator
