// Experiments repeated over seeds, on several cores.
//
// Threads: `simulate` computes on several and answers in a fixed order.
#pragma once

#include "tools/simulator/progress.hpp"
#include "tools/simulator/vdn/experiment.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace shoal::simulator {

/// What one seed's run gave.
struct run_summary {
  std::uint64_t seed = 0;
  std::size_t requests = 0;
  std::uint32_t skipped = 0;
  double p10_s = 0;
  double p50_s = 0;
  double p90_s = 0;
  double p99_s = 0;
  double mean_s = 0;
  /// Physical mode: the bounds (see physical_run), the times in parts of their bounds, and the
  /// share of the provisions that took at most 1.3 times theirs. Those that need nothing do not
  /// count.
  double bound_p50_s = 0;
  double bound_p90_s = 0;
  double bound_ratio_p50 = 0;
  double bound_ratio_p90 = 0;
  double bound_ratio_p99 = 0;
  double within_bound_share = 0;
  provision_bytes bytes;
  std::uint64_t prestaged_bytes = 0;
  index_overhead overhead;
};

/// A run in short. @param requests how many were asked for.
run_summary summary_of(const run_outcome& outcome, std::uint64_t seed, std::size_t requests);

/// An experiment and what its seeds gave, in their order.
struct sweep_point {
  experiment run;
  std::vector<run_summary> seeds;

  /// Of one field over the seeds.
  [[nodiscard]] median_estimate of(double run_summary::*field) const;
};

/// Runs every point with every seed.
void simulate(std::span<sweep_point> points, std::span<const std::uint64_t> seeds, unsigned jobs,
              progress& shown);

} // namespace shoal::simulator
