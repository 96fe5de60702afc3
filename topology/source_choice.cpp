#include "topology/source_choice.hpp"

#include "topology/assert.hpp"

#include <algorithm>
#include <compare>
#include <numeric>
#include <span>
#include <tuple>

namespace shoal::topology {

namespace {

/// How good a source is for a piece; smaller is better. `tier` is 0 for earliest_finish.
struct merit {
  std::uint32_t tier = 0;
  double finish_s = 0;
  distance away = distance::same_rack;
  std::uint32_t source = no_source;

  friend auto operator<=>(const merit&, const merit&) = default;
};

constexpr auto worse = [](const merit& a, const merit& b) { return b < a; };

class chooser {
public:
  chooser(const source_problem& problem, source_policy policy)
      : problem_{problem}, policy_{policy}, borders_{problem.borders} {
    busy_s_.reserve(problem.sources.size());
    for (const auto& source : problem.sources) {
      SHOAL_ASSERT(source.bytes_per_second > 0);
      busy_s_.push_back(source.busy_s);
    }
    index_arrivals();
  }

  std::vector<piece_choice> choose() {
    std::vector<piece_choice> choices(problem_.pieces.size());
    const auto order = most_constrained_first();
    for (std::size_t begin = 0; begin < order.size();) {
      const auto group = problem_.pieces[order[begin]].group;
      enter(group, problem_.pieces[order[begin]].bytes);
      auto end = begin;
      for (; end < order.size() && problem_.pieces[order[end]].group == group; ++end)
        choices[order[end]] = choose(order[end]);
      begin = end;
    }
    return choices;
  }

private:
  void index_arrivals() {
    first_arrival_.assign(problem_.pieces.size() + 1, 0);
    for (const auto& one : problem_.arriving) {
      SHOAL_ASSERT(one.piece < problem_.pieces.size() && one.source < problem_.sources.size());
      ++first_arrival_[one.piece + 1];
    }
    std::partial_sum(first_arrival_.begin(), first_arrival_.end(), first_arrival_.begin());
    SHOAL_ASSERT(std::is_sorted(problem_.arriving.begin(), problem_.arriving.end(),
                                [](const auto& a, const auto& b) { return a.piece < b.piece; }));
  }

  [[nodiscard]] std::span<const arriving_piece> arrivals(std::uint32_t piece) const {
    return std::span{problem_.arriving}.subspan(first_arrival_[piece],
                                                first_arrival_[piece + 1] - first_arrival_[piece]);
  }

  /// Piece numbers, those of a group together. Within a group short pieces go first, so that what
  /// was worked out for one piece bounds from below what the next one costs.
  [[nodiscard]] std::vector<std::uint32_t> most_constrained_first() const {
    const auto& pieces = problem_.pieces;
    std::vector<std::uint32_t> order(pieces.size());
    std::iota(order.begin(), order.end(), 0u);
    const auto rank = [&](std::uint32_t i) {
      SHOAL_ASSERT(pieces[i].group < problem_.groups.size());
      return std::tuple{problem_.groups[pieces[i].group].size(), pieces[i].group, pieces[i].bytes,
                        i};
    };
    std::sort(order.begin(), order.end(),
              [&](std::uint32_t a, std::uint32_t b) { return rank(a) < rank(b); });
    return order;
  }

  /// The group's sources as a heap, best first.
  void enter(std::uint32_t group, std::uint64_t bytes) {
    heap_.clear();
    for (const auto source : problem_.groups[group])
      heap_.push_back(merit_of(source, bytes, 0));
    std::make_heap(heap_.begin(), heap_.end(), worse);
  }

  [[nodiscard]] merit merit_of(std::uint32_t number, std::uint64_t bytes, double ready_s) const {
    SHOAL_ASSERT(number < problem_.sources.size());
    const auto& source = problem_.sources[number];
    const auto size = static_cast<double>(bytes);
    double finish_s = std::max(ready_s, busy_s_[number]) + size / source.bytes_per_second;
    for (std::size_t i = 0; i <= static_cast<std::size_t>(source.away); ++i)
      finish_s = std::max(finish_s, borders_[i].busy_s + size / borders_[i].bytes_per_second);
    std::uint32_t tier = 0;
    if (policy_ == source_policy::nearest_first)
      tier = source.origin ? 4 : static_cast<std::uint32_t>(source.away);
    return {tier, finish_s, source.away, number};
  }

  [[nodiscard]] bool affordable(std::uint32_t source, std::uint64_t bytes) const {
    const auto crossed = static_cast<std::size_t>(problem_.sources[source].away) + 1;
    return std::all_of(borders_.begin(), borders_.begin() + crossed,
                       [&](const shared_link& border) { return border.budget_bytes >= bytes; });
  }

  /// The best affordable source that has the piece now. Costs only grow, so that the heap's
  /// entries are lower bounds: the top is the best once its entry is up to date.
  merit best_holder(std::uint64_t bytes) {
    while (!heap_.empty()) {
      const auto top = heap_.front();
      const auto current = merit_of(top.source, bytes, 0);
      if (current == top && affordable(top.source, bytes)) return top;
      std::pop_heap(heap_.begin(), heap_.end(), worse);
      if (affordable(top.source, bytes)) {
        heap_.back() = current;
        std::push_heap(heap_.begin(), heap_.end(), worse);
      } else {
        heap_.pop_back();
      }
    }
    return {};
  }

  piece_choice choose(std::uint32_t number) {
    const auto& piece = problem_.pieces[number];
    auto best = best_holder(piece.bytes);
    double ready_s = 0;
    for (const auto& arrival : arrivals(number)) {
      if (!affordable(arrival.source, piece.bytes)) continue;
      const auto candidate = merit_of(arrival.source, piece.bytes, arrival.ready_s);
      if (best.source == no_source || candidate < best) {
        best = candidate;
        ready_s = arrival.ready_s;
      }
    }
    if (best.source == no_source) return {};
    take(best.source, piece.bytes, ready_s);
    return {best.source, best.finish_s};
  }

  void take(std::uint32_t number, std::uint64_t bytes, double ready_s) {
    const auto& source = problem_.sources[number];
    const auto size = static_cast<double>(bytes);
    busy_s_[number] = std::max(ready_s, busy_s_[number]) + size / source.bytes_per_second;
    for (std::size_t i = 0; i <= static_cast<std::size_t>(source.away); ++i) {
      borders_[i].busy_s += size / borders_[i].bytes_per_second;
      borders_[i].budget_bytes -= bytes;
    }
  }

  const source_problem& problem_;
  source_policy policy_;
  std::array<shared_link, 4> borders_;
  std::vector<double> busy_s_;
  std::vector<std::uint32_t> first_arrival_;
  std::vector<merit> heap_;
};

} // namespace

std::string_view to_string(source_policy policy) {
  return policy == source_policy::nearest_first ? "nearest_first" : "earliest_finish";
}

std::optional<source_policy> source_policy_of(std::string_view name) {
  for (const auto policy : {source_policy::earliest_finish, source_policy::nearest_first}) {
    if (to_string(policy) == name) return policy;
  }
  return std::nullopt;
}

std::vector<piece_choice> choose_sources(const source_problem& problem, source_policy policy) {
  return chooser{problem, policy}.choose();
}

double last_finish_s(const std::vector<piece_choice>& choices) {
  double last_s = 0;
  for (const auto& choice : choices)
    last_s = std::max(last_s, choice.finish_s);
  return last_s;
}

} // namespace shoal::topology
