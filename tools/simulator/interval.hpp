// What several seeds say together.
//
// Threads: pure functions.
#pragma once

#include <vector>

namespace shoal::simulator {

/// A mean and between what it lies with 95 % confidence.
struct interval {
  double mean = 0;
  double low = 0;
  double high = 0;
};

/// The mean of independent values, with Student's interval. One value is its own interval.
/// @pre not empty.
interval mean_interval(const std::vector<double>& values);

} // namespace shoal::simulator
