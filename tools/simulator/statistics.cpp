#include "tools/simulator/statistics.hpp"

#include "topology/assert.hpp"

#include <algorithm>
#include <cmath>

namespace shoal::simulator {

double quantile_of_sorted(std::span<const double> sorted, double p) {
  SHOAL_ASSERT(!sorted.empty() && p >= 0 && p <= 1);
  const auto at = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  if (below + 1 >= sorted.size()) return sorted.back();
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[below + 1] - sorted[below]);
}

double quantile(std::span<const double> sample, double p) {
  std::vector<double> sorted{sample.begin(), sample.end()};
  std::ranges::sort(sorted);
  return quantile_of_sorted(sorted, p);
}

median_estimate median_interval(std::span<const double> sample, double confidence) {
  SHOAL_ASSERT(!sample.empty() && confidence > 0 && confidence < 1);
  std::vector<double> sorted{sample.begin(), sample.end()};
  std::ranges::sort(sorted);
  const auto count = sorted.size();
  // P(fewer than k of `count` values lie below the median); the interval from the k-th smallest to
  // the k-th largest misses it with twice that.
  const auto log_half_to_count = static_cast<double>(count) * std::log(0.5);
  const auto size = static_cast<double>(count);
  double tail = 0;
  std::size_t k = 0;
  double missed = 0;
  while (k < (count + 1) / 2) {
    const auto below = static_cast<double>(k);
    const auto more = std::exp(std::lgamma(size + 1) - std::lgamma(below + 1) -
                               std::lgamma(size - below + 1) + log_half_to_count);
    if (k > 0 && 2 * (tail + more) > 1 - confidence) break;
    tail += more;
    missed = 2 * tail;
    ++k;
  }
  return {quantile_of_sorted(sorted, 0.5), sorted[k - 1], sorted[count - k],
          std::max(0.0, 1 - missed)};
}

} // namespace shoal::simulator
