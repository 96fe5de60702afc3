// Reading disk images of any form qemu understands as raw bytes with holes.
//
// Threads: `read` may be called from many threads at once. Errors: returned, naming the file.
#pragma once

#include "topology/result.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace shoal::swarm {

/// A run of an image that may hold data, or is known to read as zeros.
struct image_extent {
  std::uint64_t offset_bytes = 0;
  std::uint64_t length_bytes = 0;
  bool hole = false;
};

/// An image as its guest would see it.
class image_reader {
public:
  /// Finds out what the file is. Raw (sparse-aware) and qcow2 (compressed clusters and backing
  /// chains included) are read in place. @returns errc::not_found, errc::permission, or
  /// errc::invalid_argument naming what was found and what is expected.
  static result<std::unique_ptr<image_reader>> open(const std::filesystem::path& file);
  virtual ~image_reader() = default;

  [[nodiscard]] virtual std::uint64_t virtual_bytes() const = 0;
  /// `raw` or `qcow2`.
  [[nodiscard]] virtual std::string format() const = 0;
  /// All of the image in order, without gaps.
  virtual result<std::vector<image_extent>> extents() = 0;
  /// Fills `into` from `offset_bytes`; the range is inside the image.
  virtual result<void> read(std::uint64_t offset_bytes, std::span<std::byte> into) = 0;
};

} // namespace shoal::swarm
