#include "tools/simulator/shared_border.hpp"

#include "topology/assert.hpp"

#include <algorithm>
#include <deque>

namespace shoal::simulator {

shared_border::shared_border(std::vector<double> begins_s, double image_bytes, double rate,
                             double image_rate_max)
    : image_bytes_{image_bytes} {
  SHOAL_ASSERT(!begins_s.empty() && image_bytes > 0 && rate > 0 && image_rate_max > 0);
  std::sort(begins_s.begin(), begins_s.end());
  corner now{begins_s.front(), 0};
  corners_.push_back(now);
  // What must have been served when each image under way is through; the first to begin is first.
  std::deque<double> ends;
  for (std::size_t next = 0; next < begins_s.size() || !ends.empty();) {
    if (ends.empty()) now.when_s = std::max(now.when_s, begins_s[next]);
    if (corners_.back().when_s < now.when_s) corners_.push_back(now);
    while (next < begins_s.size() && begins_s[next] <= now.when_s) {
      ends.push_back(now.served + image_bytes);
      ++next;
    }
    const auto speed = std::min(image_rate_max, rate / static_cast<double>(ends.size()));
    const auto end_s = now.when_s + (ends.front() - now.served) / speed;
    if (next < begins_s.size() && begins_s[next] < end_s) {
      now = {begins_s[next], now.served + (begins_s[next] - now.when_s) * speed};
    } else {
      now = {end_s, ends.front()};
      ends.pop_front();
    }
    corners_.push_back(now);
  }
}

double shared_border::served_at(double when_s) const {
  const auto after = std::lower_bound(corners_.begin(), corners_.end(), when_s,
                                      [](const auto& one, double when) { return one.when_s < when; });
  if (after == corners_.begin()) return corners_.front().served;
  if (after == corners_.end()) return corners_.back().served;
  const auto before = std::prev(after);
  const auto part = (when_s - before->when_s) / (after->when_s - before->when_s);
  return before->served + part * (after->served - before->served);
}

double shared_border::through_s(double begin_s, double share) const {
  const auto served = served_at(begin_s) + share * image_bytes_;
  const auto after = std::lower_bound(corners_.begin(), corners_.end(), served,
                                      [](const auto& one, double bytes) { return one.served < bytes; });
  if (after == corners_.begin()) return begin_s;
  if (after == corners_.end()) return corners_.back().when_s;
  const auto before = std::prev(after);
  const auto part = (served - before->served) / (after->served - before->served);
  return before->when_s + part * (after->when_s - before->when_s);
}

} // namespace shoal::simulator
