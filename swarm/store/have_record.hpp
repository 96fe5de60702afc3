// The record of which pieces of a pack are on the disk and verified; its bytes are drawn in
// swarm/store/README.md.
//
// Threads: values and pure functions. Errors: decoding answers errc::corrupt naming what disagrees
// and allocates no more than the pack's bitmap.
#pragma once

#include "swarm/id.hpp"
#include "swarm/pack.hpp"
#include "swarm/piece_set.hpp"
#include "topology/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace shoal::swarm {

/// One slot of the record: a set of pieces, and which writing of the record it was.
struct have_record {
  pack_id pack;
  /// Counts writings; the slot with the higher number holds.
  std::uint64_t sequence = 0;
  piece_set pieces;

  friend bool operator==(const have_record&, const have_record&) = default;
};

/// What both slots of a record file say together.
struct have_file {
  have_record newest;
  /// One slot did not decode: a torn write or bit rot. `newest` may then be too old to believe.
  bool doubtful = false;
};

/// Slots are written in place, whole, one after the other.
inline constexpr std::uint64_t have_slot_alignment_bytes = 4096;

/// The length of a slot for a pack of so many pieces.
std::uint64_t have_slot_bytes(std::uint32_t piece_count);

/// A slot, padded with zeros to `have_slot_bytes`.
std::string encode(const have_record& record, sha256_function sha256);
/// The inverse of `encode`; the slot must be of this pack.
result<have_record> decode_have_record(std::string_view slot, pack_id pack,
                                       std::uint32_t piece_count, sha256_function sha256);
/// Both slots of a record file. @returns errc::corrupt if neither can be read.
result<have_file> decode_have_file(std::string_view bytes, pack_id pack, std::uint32_t piece_count,
                                   sha256_function sha256);

} // namespace shoal::swarm
