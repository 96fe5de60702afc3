// How long to wait before trying again.
//
// Threads: a value with one owner. Pure: the randomness is an argument.
#pragma once

#include "topology/assert.hpp"

#include <algorithm>
#include <chrono>

namespace shoal::web {

/// Waits that double from `first` to `longest`. Half of each wait is random ("equal jitter",
/// Brooker, "Exponential Backoff And Jitter", 2015), so that a thousand hosts that lost one index
/// at one moment do not come back at one moment.
class backoff {
public:
  explicit backoff(std::chrono::milliseconds first = std::chrono::milliseconds{200},
                   std::chrono::milliseconds longest = std::chrono::seconds{30})
      : first_{first}, longest_{std::max(first, longest)}, ceiling_{first} {
    SHOAL_ASSERT(first.count() > 0);
  }

  /// The next wait, from half of the present ceiling up to it. @pre 0 <= random < 1.
  std::chrono::milliseconds next(double random) {
    SHOAL_ASSERT(random >= 0 && random < 1);
    const auto half = static_cast<double>(ceiling_.count()) / 2;
    ceiling_ = std::min(ceiling_ * 2, longest_);
    return std::chrono::milliseconds{static_cast<std::int64_t>(half + half * random)};
  }

  /// It worked; the next wait is short again.
  void reset() { ceiling_ = first_; }

private:
  std::chrono::milliseconds first_;
  std::chrono::milliseconds longest_;
  std::chrono::milliseconds ceiling_;
};

} // namespace shoal::web
