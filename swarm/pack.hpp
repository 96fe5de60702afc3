// A pack as everybody but the disk sees it: its length, its pieces and the hashes that prove them.
//
// A pack is an immutable file of stored chunks, one after another without padding or header. Its id
// is its BitTorrent v2 merkle root (BEP 52, "pieces root"): SHA-256 leaves over 16 KiB blocks (the
// last block is hashed at its real length), leaves past the end are 32 zero bytes, and the tree is
// padded to a power of two. A pack of one piece has a tree as wide as its own blocks; a longer pack
// has a layer of piece hashes, each the root over piece_bytes / 16 KiB leaves.
//
// Threads: values and pure functions; SHA-256 is given by the caller.
#pragma once

#include "swarm/id.hpp"
#include "topology/result.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shoal::swarm {

/// SHA-256 of the bytes given.
using sha256_function = digest (*)(std::span<const std::byte>);

/// The unit of proof (BEP 52).
inline constexpr std::uint32_t block_bytes = 16 * 1024;
/// The unit of location and bulk transfer. Why this size: `swarm/README.md`, Decisions.
inline constexpr std::uint32_t default_piece_bytes = 64 * 1024;
/// The longest pack anybody will accept, so that a hostile descriptor cannot claim memory.
inline constexpr std::uint64_t pack_bytes_max = 1ull << 40;
/// The longest piece anybody will accept.
inline constexpr std::uint32_t piece_bytes_max = 16 * 1024 * 1024;

/// Whether pieces may have this size: a power of two from a block to `piece_bytes_max` (BEP 52).
bool valid_piece_bytes(std::uint64_t piece_bytes);

/// What is needed to fetch and verify a pack.
struct pack_descriptor {
  pack_id id;
  std::uint64_t length_bytes = 0;
  std::uint32_t piece_bytes = default_piece_bytes;
  /// One hash a piece. A pack of one piece has one: its root, which is also `id`.
  std::vector<digest> piece_hashes;

  friend bool operator==(const pack_descriptor&, const pack_descriptor&) = default;

  [[nodiscard]] std::uint32_t piece_count() const {
    return static_cast<std::uint32_t>((length_bytes + piece_bytes - 1) / piece_bytes);
  }
  /// Shorter than `piece_bytes` for the last piece only.
  [[nodiscard]] std::uint32_t piece_length(std::uint32_t piece) const;
};

/// The merkle root over `leaves`, padded with `padding` to the next power of two and at least
/// `width`.
digest merkle_root(std::vector<digest> leaves, std::size_t width, digest padding,
                   sha256_function sha256);

/// The hash of one piece. `width_blocks` is how many leaves its tree has: piece_bytes / 16 KiB, or,
/// in a pack of one piece, the next power of two of its blocks.
digest piece_hash(std::span<const std::byte> piece, std::uint32_t width_blocks,
                  sha256_function sha256);

/// How many leaves the tree of one piece of such a pack has.
std::uint32_t piece_width_blocks(std::uint64_t pack_length_bytes, std::uint32_t piece_bytes);

/// The pack's id from its piece hashes.
pack_id pack_root(std::span<const digest> piece_hashes, std::uint32_t piece_bytes,
                  sha256_function sha256);

/// Checks that lengths agree and that the piece hashes prove the id.
/// @returns errc::corrupt naming what disagrees.
result<void> check(const pack_descriptor& pack, sha256_function sha256);

/// Pack descriptor, format 1, little-endian: "SHLPACK1", id (32), length_bytes u64, piece_bytes
/// u32, piece count u32, then the piece hashes (32 each).
std::string encode(const pack_descriptor& pack);
/// The inverse of `encode`, with all checks of `check`. @returns errc::corrupt.
result<pack_descriptor> decode_pack_descriptor(std::string_view bytes, sha256_function sha256);

} // namespace shoal::swarm
