// Writing disk images: a sparse raw file or a qcow2, in any order, seen only when whole.
//
// Threads: `write` from many at once, on ranges that do not overlap.
// Errors:  returned, naming the file; a full disk is errc::no_space.
// Crashes: what is being written is called `.NAME.part` beside its final name; the next writer of
//          the same name takes its place.
#pragma once

#include "topology/result.hpp"

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

namespace shoal::swarm {

/// The forms in which an image can leave.
enum class image_format : std::uint8_t { raw, qcow2 };

/// What a file to be written is like.
struct image_shape {
  image_format format = image_format::raw;
  /// A qcow2 disk is rounded up to whole sectors of 512 bytes.
  std::uint64_t virtual_bytes = 0;
  /// How many threads will write at once; more are fine, they wait for each other.
  unsigned threads = 1;
};

/// An image being written. What is not written reads as zeros and takes no space. Destroying it
/// unfinished removes the part file.
class image_writer {
public:
  /// @returns errc::conflict if somebody is writing the same file now, errc::invalid_argument if
  /// its name is taken by something that is not a file, errc::permission, errc::not_found.
  static result<std::unique_ptr<image_writer>> create(const std::filesystem::path& file,
                                                      const image_shape& shape);
  virtual ~image_writer() = default;

  virtual result<void> write(std::uint64_t offset_bytes, std::span<const std::byte> bytes) = 0;
  /// Puts the file in place, durably, over whatever file had its name.
  virtual result<void> finish() = 0;
};

} // namespace shoal::swarm
