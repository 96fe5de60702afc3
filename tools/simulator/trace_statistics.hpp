// What VDN published of its traces (VDN §II), computed of one of ours.
//
// Threads: pure functions. Errors: none; what a trace is too short for is 0.
#pragma once

#include "tools/simulator/trace.hpp"

#include <cstdint>
#include <vector>

namespace shoal::simulator {

/// One moment's instances.
struct live_sample {
  double time_seconds = 0;
  std::uint32_t instances = 0;
  /// Images with at least one of them.
  std::uint32_t images = 0;
};

struct trace_statistics {
  std::uint64_t requests = 0;
  double requests_per_day = 0;
  std::uint32_t images_used = 0;
  /// Share of the instances that the tenth of the images with the most have (Figure 1).
  double popular_tenth_share = 0;
  /// Seconds: of all (Figures 2, 3), and of the fifths of the images most and least used.
  double lifetime_median_seconds = 0;
  double lifetime_90th_seconds = 0;
  double below_13_minutes_share = 0;
  double popular_lifetime_median_seconds = 0;
  double unpopular_lifetime_median_seconds = 0;
  /// Median time between two requests of the image at the 98th percentile of popularity
  /// (Figure 7): by count of requests, among all images.
  double arrival_gap_98th_seconds = 0;
  /// Every hour (Figures 4 and 5).
  std::vector<live_sample> live;

  [[nodiscard]] std::uint32_t live_instances_max() const;
  /// Largest number of instances per image among the samples.
  [[nodiscard]] double live_ratio_max() const;
};

/// @pre `validate(of)`.
trace_statistics statistics_of(const trace& of);

} // namespace shoal::simulator
