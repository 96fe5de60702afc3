// Provisioning from the image server alone (VDN's "baseline"): needs only the trace.
//
// Threads: pure functions. Errors: none.
#pragma once

#include "tools/simulator/trace.hpp"

#include <cstdint>
#include <vector>

namespace shoal::simulator {

/// The image server: a FIFO queue that serves one image after the other. An idle one needs
/// 2 x size / 1 Gbit/s, as the paper's unloaded rows show: 8.2 s for 512 MB, 66 s for 4 GB
/// (PAPERS §2.1a).
struct image_server {
  double bits_per_second = 1e9;
  /// How many times an image's bits pass that rate.
  double passes = 2;

  [[nodiscard]] double service_seconds(std::uint64_t image_bytes) const {
    return passes * 8 * static_cast<double>(image_bytes) / bits_per_second;
  }
};

/// How long each request of the trace waits for its whole image, in the trace's order, in seconds.
std::vector<double> baseline_queue(const trace& asked, std::uint64_t image_bytes,
                                   const image_server& server = {});

} // namespace shoal::simulator
