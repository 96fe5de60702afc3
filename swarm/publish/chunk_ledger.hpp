// What publishing knows of an image's chunks: which are distinct, which lie in a pack already, and
// where the new ones were put.
//
// Threads: `take` and `check_known` by one thread at a time, `packed` by one (perhaps another) at a
//          time; the rest after both have ended.
// Errors:  a catalogue whose answers cannot be true is errc::corrupt.
#pragma once

#include "swarm/capping.hpp"
#include "swarm/publish/publisher.hpp"

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace shoal::swarm {

/// A distinct chunk of the image.
struct ledger_chunk {
  chunk_id id;
  /// Where it occurs first.
  std::uint64_t image_offset_bytes = 0;
  std::uint32_t length_bytes = 0;
  std::optional<chunk_location> known;
};

/// A chunk in the new pack.
struct packed_chunk {
  std::uint32_t chunk = 0;
  std::uint64_t offset_bytes = 0;
  std::uint32_t stored_bytes = 0;
  compression how = compression::none;
};

/// The books of one publish.
class chunk_ledger {
public:
  chunk_ledger(const chunk_lookup& find_chunks, const pack_lookup& find_pack)
      : find_chunks_{find_chunks}, find_pack_{find_pack} {}

  /// Notes a hole as the image's next run.
  void add_hole(std::uint64_t length_bytes);
  /// Notes a chunk as the next run. @returns its number, and whether it was met for the first time.
  std::pair<std::uint32_t, bool> add_chunk(chunk_id id, std::uint64_t image_offset_bytes,
                                           std::uint32_t length_bytes);
  /// Asks the catalogue about all chunks added since the last time.
  result<void> look_up();
  [[nodiscard]] bool known(std::uint32_t chunk) const { return chunks_[chunk].known.has_value(); }
  /// Notes where a chunk was put in the new pack; overrides where it was known to be.
  void packed(const packed_chunk& where) { packed_.push_back(where); }

  [[nodiscard]] const std::vector<ledger_chunk>& chunks() const { return chunks_; }
  /// The chunks that should be written again, in image order. @pre everything is looked up.
  [[nodiscard]] std::vector<std::uint32_t> chunks_to_rewrite(std::uint64_t new_bytes,
                                                             const capping_config& config) const;
  /// The recipe, content id not yet set. `new_pack` is given if anything was packed.
  [[nodiscard]] recipe build(std::uint64_t virtual_bytes, chunking cut,
                             const std::optional<pack_descriptor>& new_pack) const;
  /// What a catalogue has to learn. @pre as `build`.
  [[nodiscard]] std::vector<std::pair<chunk_id, chunk_location>> new_chunks(pack_id pack) const;

private:
  /// Stands for a hole in `runs_`.
  static constexpr std::uint32_t no_chunk = ~0u;
  struct run {
    std::uint64_t length_bytes = 0;
    std::uint32_t chunk = no_chunk;
  };

  result<void> check_known(const ledger_chunk& chunk);

  const chunk_lookup& find_chunks_;
  const pack_lookup& find_pack_;
  std::vector<run> runs_;
  std::vector<ledger_chunk> chunks_;
  std::size_t looked_up_ = 0;
  std::unordered_map<chunk_id, std::uint32_t> numbers_;
  std::vector<packed_chunk> packed_;
  std::vector<pack_reference> packs_;
  std::unordered_map<pack_id, std::uint32_t> pack_numbers_;
};

} // namespace shoal::swarm
