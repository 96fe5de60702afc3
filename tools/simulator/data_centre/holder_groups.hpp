// Pieces with the same holders, taken together: what a choice of sources is made over.
//
// Threads: one at a time. Errors: none.
#pragma once

#include "tools/simulator/data_centre/content.hpp"
#include "tools/simulator/data_centre/directory.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace shoal::simulator {

/// Pieces of one pack that the same hosts have.
struct holder_group {
  std::uint32_t pack = 0;
  piece_words pieces;
  /// In order of their numbers.
  std::vector<std::uint32_t> hosts;
};

/// Splits the wanted pieces by who holds them; pieces nobody holds form groups without hosts.
/// @pre `found` names parts of `wanted`.
std::vector<holder_group> group_by_holders(std::span<const image_part> wanted,
                                           std::span<const found_holder> found);

} // namespace shoal::simulator
