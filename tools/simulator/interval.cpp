#include "tools/simulator/interval.hpp"

#include "topology/assert.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace shoal::simulator {

namespace {

/// Student's t for 95 % two-sided, by degrees of freedom from 1; beyond the table the normal's.
constexpr std::array student_t{12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
                               2.201,  2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
                               2.080,  2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042};
constexpr double normal = 1.96;

} // namespace

interval mean_interval(const std::vector<double>& values) {
  SHOAL_ASSERT(!values.empty());
  const auto count = static_cast<double>(values.size());
  const auto mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  if (values.size() == 1) return {mean, mean, mean};
  double squares = 0;
  for (const auto value : values)
    squares += (value - mean) * (value - mean);
  const auto freedom = values.size() - 1;
  const auto t = freedom <= student_t.size() ? student_t[freedom - 1] : normal;
  const auto half = t * std::sqrt(squares / static_cast<double>(freedom) / count);
  return {mean, mean - half, mean + half};
}

} // namespace shoal::simulator
