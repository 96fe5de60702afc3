// How long to wait before trying again: exponential, with jitter so that a thousand hosts do not
// come back in step.
//
// Threads: a pure function; randomness is an argument.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace shoal::topology {

/// Limits of the wait between two tries.
struct backoff_limits {
  std::chrono::milliseconds first{200};
  std::chrono::milliseconds longest{10'000};
};

/// The wait after `failures` failures in a row: uniform between half and all of
/// first * 2^(failures-1), never above `longest`. `random` is any 32-bit random number.
inline std::chrono::milliseconds backoff(std::uint32_t failures, std::uint32_t random,
                                         backoff_limits limits = {}) {
  if (failures == 0) return std::chrono::milliseconds{0};
  const auto doublings = std::min<std::uint32_t>(failures - 1, 20);
  const auto full = std::min(limits.longest, limits.first * (1 << doublings));
  const auto half = full.count() / 2;
  return std::chrono::milliseconds{half + static_cast<std::int64_t>(random) % (half + 1)};
}

} // namespace shoal::topology
