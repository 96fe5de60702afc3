// Capping: which chunks a publisher writes again although some pack has them already.
//
// A host that has nothing must fetch whole pieces. Where an image uses little of an old piece, it
// is cheaper for every later host to have these few chunks once more in the image's own pack
// (Lillibridge et al., FAST'13). What is written again is stored twice for ever, and moves once
// more to hosts that have the old piece; so it is done only as far as the image's waste demands,
// best pieces first.
//
// Threads: pure. Errors: none; a chunk outside its pack is our bug.
#pragma once

#include "swarm/recipe.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace shoal::swarm {

/// A distinct chunk of the image that some pack has.
struct known_chunk {
  /// Index into the packs given.
  std::uint32_t pack = 0;
  std::uint64_t offset_bytes = 0;
  std::uint32_t stored_bytes = 0;
};

/// How far capping goes. The defaults are argued with figures in `swarm/README.md`, Decisions.
struct capping_config {
  /// Rewriting stops as soon as a fresh host would fetch at most this much more than the image
  /// refers to. Lower stores more; a host that updates fetches more.
  double waste_target = 0.09;
};

/// What to write again, and what the image costs a fresh host then.
struct capping_plan {
  /// Indices of the known chunks to append to the image's own pack, ascending.
  std::vector<std::uint32_t> rewrite;
  std::uint64_t rewritten_bytes = 0;
  /// Distinct stored bytes the image refers to, `new_bytes` included.
  std::uint64_t referred_bytes = 0;
  /// What a fresh host fetches without, and with, rewriting.
  std::uint64_t fetch_bytes_before = 0;
  std::uint64_t fetch_bytes = 0;

  [[nodiscard]] double waste() const {
    return recipe_costs{.referred_bytes = referred_bytes, .fetch_bytes = fetch_bytes}.waste();
  }
};

/// Chooses, greedily, the pieces whose avoidance saves a fresh host most per byte written again.
/// `new_bytes` is the (estimated) stored size of the image's unknown chunks.
/// Locations that overlap (a wrong catalogue) make the figures wrong and nothing worse.
/// @pre each location is inside its pack.
capping_plan plan_capping(std::span<const pack_reference> packs, std::span<const known_chunk> known,
                          std::uint64_t new_bytes, const capping_config& config);

} // namespace shoal::swarm
