#include "tools/simulator/baseline_queue.hpp"

#include <algorithm>

namespace shoal::simulator {

std::vector<double> baseline_queue(const trace& asked, std::uint64_t image_bytes,
                                   const image_server& server) {
  const auto service = server.service_seconds(image_bytes);
  double free = 0;
  std::vector<double> times;
  times.reserve(asked.requests.size());
  for (const auto& one : asked.requests) {
    free = std::max(free, one.time_seconds) + service;
    times.push_back(free - one.time_seconds);
  }
  return times;
}

} // namespace shoal::simulator
