// What kind of disk image a file is, by its first and last bytes.
//
// Threads: any. Errors: anything but raw and qcow2 is errc::invalid_argument, saying what was found
// and what the user can do.
#pragma once

#include "topology/result.hpp"

#include <cstdint>
#include <filesystem>

namespace shoal::swarm {

/// What can be read.
enum class image_kind : std::uint8_t { raw, qcow2 };

/// Looks at an open file (or block device) of `size_bytes`. Raw has no magic of its own: whatever
/// is not known to be something else is raw, ISO images and bare file systems included. Text is
/// taken for a text file unless its length is whole sectors.
result<image_kind> probe_image(int descriptor, std::uint64_t size_bytes,
                               const std::filesystem::path& file);

} // namespace shoal::swarm
