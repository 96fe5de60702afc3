// PEM files of keys and certificates.
//
// Threads: any. Errors: returned, naming the file.
// Crashes: a file is there whole or not at all; a temporary file beside it may be left.
#pragma once

#include "topology/result.hpp"

#include <filesystem>
#include <string>

namespace shoal::swarm {

/// Writes a file whole, through a temporary file beside it, and makes it durable. `mode` holds from
/// the first byte on: a key is at no time readable by others.
result<void> write_whole_file(const std::filesystem::path& file, const std::string& bytes,
                              unsigned mode);

/// Reads a small file whole. @returns errc::corrupt beyond 1 MiB: no PEM file is that large.
result<std::string> read_small_file(const std::filesystem::path& file);

} // namespace shoal::swarm
