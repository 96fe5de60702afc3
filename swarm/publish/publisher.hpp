// Publishing: an image becomes chunks, the new ones a pack, and all of them a recipe.
//
// Threads: `publish_image` runs on the caller's thread and on workers of its own; callbacks come
//          one at a time, on any of them.
// Errors:  returned; nothing is left behind in the store unless it succeeded.
// Crashes: an unfinished pack vanishes when the store opens next.
#pragma once

#include "swarm/capping.hpp"
#include "swarm/image/image_reader.hpp"
#include "swarm/recipe.hpp"
#include "swarm/store/pack_store.hpp"
#include "topology/result.hpp"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace shoal::swarm {

/// Answers, for each chunk asked, where it lies if it is known already.
using chunk_lookup =
    std::function<result<std::vector<std::optional<chunk_location>>>(std::span<const chunk_id>)>;

/// Pack lengths and piece sizes for packs that known chunks lie in.
using pack_lookup = std::function<result<pack_reference>(pack_id)>;

/// Bytes of the image read so far, and its data bytes in all. @returns false to stop.
using byte_progress = std::function<bool(std::uint64_t done, std::uint64_t total)>;

struct publish_options {
  chunking cut = chunking::blocks;
  compression how = compression::zstd;
  int compression_level = 1;
  std::uint32_t piece_bytes = default_piece_bytes;
  /// Zero: as many as there are cores.
  unsigned threads = 0;
  /// How far chunks that other packs have are written again. Not done where no chunk is new: a
  /// republished image stores nothing.
  capping_config capping;
};

/// All that a catalogue must learn, in one transaction, for the image to exist.
struct published_image {
  recipe image;
  std::string recipe_bytes;
  recipe_id id;
  recipe_costs cost;
  /// Nothing when every chunk was known.
  std::optional<pack_descriptor> new_pack;
  std::vector<std::pair<chunk_id, chunk_location>> new_chunks;
  /// Expanded bytes of the chunks in `new_pack`.
  std::uint64_t new_bytes = 0;
};

/// Cuts, hashes, asks, compresses and packs. The new pack is committed to `store` (pinned there).
/// @returns errc::corrupt for an unreadable image, errc::no_space, errc::cancelled, or what the
/// lookup answered.
result<published_image> publish_image(image_reader& input, pack_store& store,
                                      const chunk_lookup& find_chunks, const pack_lookup& find_pack,
                                      const publish_options& options,
                                      const byte_progress& progress);

} // namespace shoal::swarm
