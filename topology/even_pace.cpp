#include "topology/even_pace.hpp"

#include <algorithm>

namespace shoal::topology {

std::uint32_t own_pieces_window(std::uint32_t own_missing,
                                std::vector<std::uint32_t> others_missing,
                                std::uint32_t ahead_pieces) {
  if (others_missing.empty()) return own_missing;
  const auto quarter = others_missing.begin() +
                       static_cast<std::ptrdiff_t>((others_missing.size() - 1) * 3 / 4);
  std::nth_element(others_missing.begin(), quarter, others_missing.end());
  const auto target = *quarter > ahead_pieces ? *quarter - ahead_pieces : 0;
  return own_missing > target ? own_missing - target : 0;
}

} // namespace shoal::topology
