// Quantiles of samples and how sure a median over seeds is.
//
// Threads: pure functions. Errors: empty samples are our bug (SHOAL_ASSERT).
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace shoal::simulator {

/// The value below which the share `p` of the sample lies: linear between order statistics, the
/// first at p = 0 and the last at p = 1 (Hyndman, Fan 1996, definition 7). Sorts a copy.
/// @pre `sample` is not empty and has no NaN, 0 <= `p` <= 1.
double quantile(std::span<const double> sample, double p);
/// The same of a sample that is in order already.
double quantile_of_sorted(std::span<const double> sorted, double p);

/// A median and the interval that covers the true one with some confidence.
struct median_estimate {
  double median = 0;
  double low = 0;
  double high = 0;
  /// That `low`..`high` covers the median of what the sample was drawn from.
  double confidence = 0;

  friend bool operator==(const median_estimate&, const median_estimate&) = default;
};

/// The sample's median, and the narrowest symmetric pair of order statistics that covers the true
/// median with at least `confidence`, whatever the distribution: the number of values below it is
/// binomial with p = 1/2. With too few values for that (5 or fewer, at 95 %) the extremes, and the
/// confidence they really have. @pre `sample` is not empty and has no NaN, 0 < `confidence` < 1.
median_estimate median_interval(std::span<const double> sample, double confidence = 0.95);

} // namespace shoal::simulator
