// How much better than VDN-topo Shoal's policies are on the same months and links, each alone and
// all together.
//
// Threads: `simulate_beyond` computes on several and answers in a fixed order.
#pragma once

#include "tools/simulator/progress.hpp"
#include "tools/simulator/vdn/sweep.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shoal::simulator {

/// A set of policies under comparison.
struct variant {
  std::string_view name;
  /// One line for people.
  std::string_view what;
  data_centre_config config;
};

/// `topo` (VDN) first, then each contribution alone, then `shoal`, then `shoal_prestaged`.
std::vector<variant> beyond_variants();

/// One variant in one data centre.
struct beyond_row {
  std::string data_centre;
  std::uint32_t image_mb = 0;
  std::string_view variant;
  std::uint32_t percentile = 0;
  median_estimate simulated;
  /// How many times faster than VDN-topo, over the seeds; nothing where it takes no time at all.
  std::optional<median_estimate> gain;
};

/// Every variant in these data centres. @param settings what all have in common.
std::vector<beyond_row> simulate_beyond(std::span<const std::string> data_centres,
                                        std::span<const std::uint64_t> seeds,
                                        const experiment& settings, unsigned jobs, progress& shown);

/// An array of `data_centre, image_mb, variant, percentile, simulated_s, low_s, high_s, gain,
/// gain_low, gain_high`; the gains are null where the variant takes no time.
nlohmann::ordered_json to_json(std::span<const beyond_row> rows);
std::string to_csv(std::span<const beyond_row> rows);
std::string to_text(std::span<const beyond_row> rows);

} // namespace shoal::simulator
