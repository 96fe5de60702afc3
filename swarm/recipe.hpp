// A recipe: an image as an ordered list of chunks and holes.
//
// Threads: values. Errors: decoding answers errc::corrupt and never allocates more than the bytes
// given could describe.
#pragma once

#include "swarm/id.hpp"
#include "swarm/pack.hpp"
#include "swarm/piece_set.hpp"
#include "topology/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace shoal::swarm {

/// How a stored chunk's bytes are kept in its pack.
enum class compression : std::uint8_t { none = 0, zstd = 1 };

/// How an image was cut into chunks.
enum class chunking : std::uint8_t { blocks = 0, fixed = 1 };

/// Longest expanded chunk anybody will accept.
inline constexpr std::uint32_t chunk_bytes_max = 256 * 1024;
/// Largest virtual size anybody will accept.
inline constexpr std::uint64_t image_bytes_max = 1ull << 50;
/// Most pieces that all packs of one recipe may have, so that a hostile one cannot claim more than
/// 8 MiB of bitmaps. 4 TiB of packs at 64 KiB pieces.
inline constexpr std::uint64_t recipe_pieces_max = 1ull << 26;

/// Where a chunk lies in a pack.
struct chunk_location {
  pack_id pack;
  std::uint64_t offset_bytes = 0;
  /// As stored: compressed, or the chunk's own length.
  std::uint32_t stored_bytes = 0;
  std::uint32_t expanded_bytes = 0;
  compression how = compression::none;

  friend bool operator==(const chunk_location&, const chunk_location&) = default;
};

/// One run of an image: a chunk, or a hole (zeros that are stored nowhere).
struct recipe_entry {
  /// Bytes of the image this entry stands for.
  std::uint64_t length_bytes = 0;
  bool hole = false;
  /// The rest is meaningless in a hole.
  chunk_id chunk;
  /// Index into `recipe::packs`.
  std::uint32_t pack = 0;
  std::uint64_t offset_bytes = 0;
  std::uint32_t stored_bytes = 0;
  compression how = compression::none;

  friend bool operator==(const recipe_entry&, const recipe_entry&) = default;
};

/// A pack a recipe points into.
struct pack_reference {
  pack_id id;
  std::uint64_t length_bytes = 0;
  std::uint32_t piece_bytes = default_piece_bytes;

  friend bool operator==(const pack_reference&, const pack_reference&) = default;

  [[nodiscard]] std::uint32_t piece_count() const {
    return static_cast<std::uint32_t>((length_bytes + piece_bytes - 1) / piece_bytes);
  }
};

/// An image, ready to be rebuilt from packs.
struct recipe {
  /// What a guest sees as the disk's size.
  std::uint64_t virtual_bytes = 0;
  chunking cut = chunking::blocks;
  /// Names the expanded content alone: equal for equal images cut alike, whatever packs hold them.
  content_id content;
  std::vector<pack_reference> packs;
  std::vector<recipe_entry> entries;

  friend bool operator==(const recipe&, const recipe&) = default;
};

/// What a recipe costs a host that has nothing; all in bytes (facts: the table of packs).
struct recipe_costs {
  /// Expanded bytes that are not holes.
  std::uint64_t data_bytes = 0;
  /// Distinct stored bytes the recipe refers to.
  std::uint64_t referred_bytes = 0;
  /// Whole pieces that a fresh host must move.
  std::uint64_t fetch_bytes = 0;
  /// fetch_bytes over referred_bytes, less one.
  [[nodiscard]] double waste() const {
    return referred_bytes == 0
               ? 0
               : static_cast<double>(fetch_bytes) / static_cast<double>(referred_bytes) - 1;
  }
};

/// The recipe's own account of its waste.
recipe_costs costs(const recipe& image);

/// The pieces of each pack the recipe needs; parallel to `recipe::packs`.
std::vector<piece_set> needed_pieces(const recipe& image);

/// The bytes of these pieces of the pack; the last piece may be short. @pre sizes agree.
std::uint64_t bytes_of(const pack_reference& pack, const piece_set& pieces);

/// SHA-256 over (length, hole?, chunk id) of each entry: what `recipe::content` must be.
content_id content_of(const recipe& image, sha256_function sha256);

/// Lengths add up, references are inside their packs, limits hold. @returns errc::corrupt.
result<void> check(const recipe& image);

/// Recipe, format 1 (drawn in recipe_format.cpp; golden file tests/data/recipe-v1.bin).
/// @pre `check` is content; fields of a hole other than its length are not kept.
std::string encode(const recipe& image);
/// The inverse of `encode`, with all checks of `check`. @returns errc::corrupt naming the byte.
result<recipe> decode_recipe(std::string_view bytes);

} // namespace shoal::swarm
