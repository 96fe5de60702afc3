// Whether a qcow2 image and all it is built on are whole, as qemu-img sees them.
//
// Threads: any. Errors: returned, naming the file and what to do.
#pragma once

#include "topology/result.hpp"

#include <filesystem>

namespace shoal::swarm {

/// Checks the image and its backing files: that all are there and local, that none is encrypted or
/// keeps its data in another file (an image from elsewhere could name any that this machine can
/// read), and that the tables of every qcow2 among them point inside its file. The last matters
/// because qemu reads what was cut off a truncated image as zeros, without a word. Nothing that an
/// image names is opened before it is known to be a local path.
/// @returns errc::corrupt, errc::not_found or errc::invalid_argument.
result<void> check_qcow2_chain(const std::filesystem::path& file);

} // namespace shoal::swarm
