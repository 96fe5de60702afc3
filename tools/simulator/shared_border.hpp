// A border that images flow into a domain across, too many at a time: they share it evenly.
//
// All images are equally long, so what one that is always under way has been served until a moment
// says it of all: an image that began when that was `s` is through when it is `s` plus its length.
//
// Threads: values. Errors: none.
#pragma once

#include <vector>

namespace shoal::simulator {

class shared_border {
public:
  /// @param begins_s when each image begins to cross, in any order.
  /// @param image_bytes of one image on the wire; @param rate of the border, @param image_rate_max
  /// of one image alone; bytes per second, > 0.
  shared_border(std::vector<double> begins_s, double image_bytes, double rate,
                double image_rate_max);

  /// When the first `share` of an image is through that began at `begin_s`, one of those given.
  [[nodiscard]] double through_s(double begin_s, double share) const;

private:
  struct corner {
    double when_s = 0;
    /// Bytes of an image that is always under way.
    double served = 0;
  };

  [[nodiscard]] double served_at(double when_s) const;

  double image_bytes_;
  /// Ascending in both; straight between.
  std::vector<corner> corners_;
};

} // namespace shoal::simulator
