// Where an image is cut into chunks and holes.
//
// The work is split so that a big image can use every core and still be cut as if by one:
// `summarise` (the map step) looks at bytes and may run on any part of the image; `cutter` (the
// reduce step) sees a few bytes per 4 KiB block, in order, and costs next to nothing.
//
// Threads: summarise is pure; a cutter belongs to one thread. Errors: none; misuse is our bug.
// Crashes: nothing is kept. Cuts are stable for ever: tests/data/cuts-v1.txt. A change of any
// constant or of the hash is a new `chunking`, because images cut differently share nothing.
#pragma once

#include "swarm/recipe.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace shoal::swarm {

/// The grid of all cuts, and the unit the hash looks at: a file system's block, a page of memory.
inline constexpr std::uint32_t cut_block_bytes = 4096;
/// Shortest run of zeros that becomes a hole; shorter ones are data, so that files with small gaps
/// do not fall apart into tiny chunks.
inline constexpr std::uint32_t hole_bytes_min = 4 * cut_block_bytes;
/// `blocks`: no cut by content before this length.
inline constexpr std::uint32_t chunk_bytes_min = 16 * 1024;
/// `blocks`: cuts are rare before this length and likely after it. Real images then have chunks of
/// 55 KiB on average.
inline constexpr std::uint32_t chunk_bytes_normal = 32 * 1024;
/// `fixed`: the grid, in the image.
inline constexpr std::uint32_t chunk_bytes_fixed = 64 * 1024;

/// What cutting needs to know of one 4 KiB block.
struct block_summary {
  /// `block_hash` of the block; 0 where `zero`.
  std::uint64_t hash = 0;
  bool zero = true;

  friend bool operator==(const block_summary&, const block_summary&) = default;
};

/// One run of an image between two cuts.
struct extent {
  std::uint64_t offset_bytes = 0;
  std::uint64_t length_bytes = 0;
  bool hole = false;

  friend bool operator==(const extent&, const extent&) = default;
};

/// Whether all bytes are zero. About the speed of memory.
bool all_zero(std::span<const std::byte> bytes);

/// The hash that decides cuts: eight independent lanes over 64-bit little-endian words, one
/// multiplication a word (drawn in chunker.cpp). Not for identity: it is fast, not safe.
/// @pre `block` has `cut_block_bytes`.
std::uint64_t block_hash(std::span<const std::byte> block);

/// The blocks of a part of an image, in order. The part must begin on the 4 KiB grid; its last
/// block may be short only where the image ends there (a short block is never hashed: the image's
/// end is a cut anyway).
std::vector<block_summary> summarise(std::span<const std::byte> bytes);

/// Turns summaries into extents. Feed every block of the image in order, in portions of any size,
/// known gaps by `add_zeros`, then `finish`. What comes out depends on the image's content alone.
///
/// - A run of zero blocks of `hole_bytes_min` or more is a hole; two holes never touch. (A short
///   last block of the image counts as a whole one.)
/// - `blocks`: a chunk ends before a hole, at `chunk_bytes_max`, or after a block (not a zero one)
///   whose hash matches: 1 in 32 from `chunk_bytes_min`, 1 in 8 from `chunk_bytes_normal` (the
///   normalised chunking of FastCDC, Xia et al., ATC'16, on whole blocks).
/// - `fixed`: a chunk ends before a hole and at multiples of `chunk_bytes_fixed` of the image.
class cutter {
public:
  /// `image_bytes` is the virtual size; it need not be a multiple of 4 KiB.
  cutter(chunking how, std::uint64_t image_bytes);

  /// Appends the extents that became certain to `out`. @pre not past the end of the image.
  void add(std::span<const block_summary> blocks, std::vector<extent>& out);
  /// As `add` with so many zero blocks, at no cost per block.
  void add_zeros(std::uint64_t block_count, std::vector<extent>& out);
  /// Appends the rest. @pre every block of the image was added.
  void finish(std::vector<extent>& out);

  /// Bytes of the image seen so far.
  [[nodiscard]] std::uint64_t seen_bytes() const noexcept;

private:
  void add_data_block(const block_summary& block, std::vector<extent>& out);
  void keep_short_zero_run(std::vector<extent>& out);
  void end_chunk(std::vector<extent>& out);
  void end_hole(std::vector<extent>& out);
  [[nodiscard]] bool cuts_after(const block_summary& block) const;
  void emit(std::uint64_t blocks, bool hole, std::vector<extent>& out);

  chunking how_;
  std::uint64_t image_bytes_;
  /// All in blocks: what was emitted, then the open chunk, then zeros of yet unknown fate (or,
  /// where they are enough for a hole, the open hole; then there is no open chunk).
  std::uint64_t emitted_blocks_ = 0;
  std::uint64_t chunk_blocks_ = 0;
  std::uint64_t zero_blocks_ = 0;
};

/// Cuts a whole image that lies in memory.
std::vector<extent> cut(std::span<const std::byte> image, chunking how);

} // namespace shoal::swarm
