// How an image is read: in windows of equal length on a fixed grid, those without data left out.
//
// Threads: values. Errors: none; extents that do not cover the image are our bug.
#pragma once

#include "swarm/image/image_reader.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace shoal::swarm {

/// Long enough that locks and system calls do not matter, short enough that what one core reads is
/// still in a near cache when it hashes it. Other lengths have not been measured.
inline constexpr std::uint64_t window_bytes = 2ull << 20;

/// One window that may hold data. Only the image's last may be short.
struct window {
  std::uint64_t offset_bytes = 0;
  std::uint64_t length_bytes = 0;
  /// The first of `window_plan::data` that reaches into it.
  std::size_t first_data = 0;

  [[nodiscard]] std::uint64_t end_bytes() const { return offset_bytes + length_bytes; }
};

/// Which windows to read and where in them data lies.
struct window_plan {
  std::vector<window> windows;
  /// Runs to read, in order; small holes between them are read along.
  std::vector<image_extent> data;
  /// The length of all of `data`.
  std::uint64_t data_bytes = 0;
};

/// Plans the reading of an image. A short window at the end is always listed, because its hole may
/// be too short to be one.
window_plan plan_windows(std::span<const image_extent> extents, std::uint64_t virtual_bytes);

/// Fills `into` (the window's length) with the image's bytes there, zeros where it has holes.
result<void> read_window(image_reader& input, const window_plan& plan, const window& where,
                         std::span<std::byte> into);

} // namespace shoal::swarm
