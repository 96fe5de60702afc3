// One run of VDN's evaluation: a month of one data centre's traffic under one scheme (VDN §IV).
//
// Threads: pure functions; each run on its own. Errors: none. Equal input gives equal output.
#pragma once

#include "tools/simulator/data_centre/data_centre.hpp"
#include "tools/simulator/image_model.hpp"
#include "tools/simulator/statistics.hpp"
#include "tools/simulator/trace.hpp"
#include "tools/simulator/workload.hpp"
#include "topology/result.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace shoal::simulator {

/// What is varied over the evaluation's tables and figures.
struct experiment {
  /// S1 to S6.
  std::string data_centre = "S6";
  /// Instead of a generated month of that data centre.
  std::shared_ptr<const trace> requests;
  std::uint32_t image_mb = 512;
  data_centre_config config;
  /// The month's requests in 1 / so much of the time (VDN §IV-C).
  double load_factor = 1;
  /// All links by so much ("lowBW": 1/5).
  double bandwidth_factor = 1;
  similarity similar = similarity::by_version();
  std::uint64_t seed = 1;
};

/// 4 MB, the evaluation's chunk (V28).
inline constexpr std::uint64_t vdn_chunk_bytes = 4'000'000;

/// Requests and images as a data centre takes them.
data_centre_load load_of(const trace& requests, const image_model& images);

/// The experiment's month: trace and images by its seed.
data_centre_load load_of(const experiment& run);

/// Runs it, with the index that its scheme needs.
run_outcome run_experiment(const experiment& run);
/// As above on a load that was made before. @pre `load` is `load_of(run)`.
run_outcome run_experiment(const experiment& run, const data_centre_load& load);

/// The value below which `percent` per cent of the values lie (the nearest rank); 0 for none.
double percentile_of(std::vector<double> values, double percent);

} // namespace shoal::simulator
