// A data centre that provisions instances under the paper's link model: every pair of hosts has its
// own link, the image server sends one piece after the other (VDN §IV, PAPERS §2.1).
//
// All moments of arrival are known when a transfer is chosen, so that a run goes from request to
// request. Threads: one owner. Errors: none. Equal input gives equal output.
#pragma once

#include "tools/simulator/data_centre/config.hpp"
#include "tools/simulator/data_centre/content.hpp"
#include "tools/simulator/data_centre/directory.hpp"
#include "tools/simulator/data_centre/host_caches.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace shoal::simulator {

/// Where the bytes of an instance came from.
struct provision_bytes {
  std::uint64_t own_host = 0;
  /// By distance: rack, cluster, site.
  std::array<std::uint64_t, 3> peers{};
  std::uint64_t server = 0;

  provision_bytes& operator+=(const provision_bytes& other);
  [[nodiscard]] std::uint64_t total() const;
};

/// One instance that got its image.
struct provision {
  /// In `data_centre_load::requests`.
  std::uint32_t request = 0;
  std::uint32_t host = 0;
  /// From the request until the last byte is there.
  double time_s = 0;
  /// Physical mode: what no schedule could beat (0 in paper mode).
  double bound_s = 0;
  provision_bytes bytes;
};

/// A whole run.
struct run_outcome {
  std::vector<provision> provisions;
  /// Requests that found no free slot.
  std::uint32_t skipped = 0;
  std::uint64_t prestaged_bytes = 0;
  index_overhead overhead;

  [[nodiscard]] provision_bytes bytes() const;
  /// Provision times in order of the requests.
  [[nodiscard]] std::vector<double> times_s() const;
};

/// Runs the whole load, by `config.mode`. `index` finds the holders for the schemes that share; may
/// be null for `baseline` and `local`. @pre a valid config.
run_outcome run_data_centre(const data_centre_config& config, const data_centre_load& load,
                            directory* index);

} // namespace shoal::simulator
