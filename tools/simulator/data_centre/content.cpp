#include "tools/simulator/data_centre/content.hpp"

#include <numeric>

namespace shoal::simulator {

std::uint32_t count_of(const piece_words& words) {
  return std::accumulate(words.begin(), words.end(), 0u, [](std::uint32_t sum, std::uint64_t word) {
    return sum + static_cast<std::uint32_t>(std::popcount(word));
  });
}

std::uint32_t image_layout::count() const {
  std::uint32_t sum = 0;
  for (const auto& part : parts)
    sum += count_of(part.pieces);
  return sum;
}

} // namespace shoal::simulator
