// One chunk's bytes, smaller: Zstandard (RFC 8878) through libzstd.
//
// Threads: any; each thread keeps its own contexts made at first use.
// Errors:  bytes that do not expand to exactly what was promised are errc::corrupt.
// Crashes: nothing is kept.
#pragma once

#include "swarm/recipe.hpp"
#include "topology/result.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace shoal::swarm {

/// A chunk is stored compressed only if that saves at least one byte in this many: less is not worth
/// the processor time of every later reader. At 64 KiB some 3 % of a real image's chunks are such
/// (facts: images, section 2).
inline constexpr std::size_t chunk_saving_min_fraction = 20;

/// Levels that `compress_chunk` takes: 1 (fast, the default) to 19.
bool valid_zstd_level(int level);

/// A chunk as it will lie in a pack.
struct stored_chunk {
  /// The chunk itself, or the scratch buffer's beginning.
  std::span<const std::byte> bytes;
  compression how = compression::none;
};

/// Compresses `chunk` into `scratch` (grown as needed, never shrunk), or answers the chunk itself
/// where `how` is none or compressing saves less than 1 in `chunk_saving_min_fraction`. The same
/// bytes, level and library version always give the same result.
/// @pre `valid_zstd_level(level)`; at most `chunk_bytes_max` bytes.
stored_chunk compress_chunk(std::span<const std::byte> chunk, compression how, int level,
                            std::vector<std::byte>& scratch);

/// Expands `stored` to exactly fill `into`; never writes past it nor allocates by what the bytes
/// claim. @returns errc::corrupt if they are not that chunk's form.
result<void> expand_chunk(std::span<const std::byte> stored, compression how,
                          std::span<std::byte> into);

} // namespace shoal::swarm
