// What getting an image would move, and from how far: the arithmetic behind `shoal plan` and `get`.
//
// Threads: pure. Errors: sets of a wrong size are our bug.
#pragma once

#include "swarm/recipe.hpp"
#include "topology/place.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace shoal::swarm {

/// A host that has pieces of a pack, as an index told.
struct pack_holder {
  std::string host;
  topology::distance away = topology::distance::other_site;
  /// Nothing: all of the pack. Otherwise a set of the pack's size.
  std::optional<piece_set> pieces;
};

/// Bytes of needed pieces, by the nearest place that has them.
struct fetch_amounts {
  std::uint64_t own_store_bytes = 0;
  std::uint64_t same_rack_bytes = 0;
  /// In another rack or cluster of this site.
  std::uint64_t same_site_bytes = 0;
  std::uint64_t other_sites_bytes = 0;
  /// Nobody known has them: the image cannot be completed now.
  std::uint64_t nobody_bytes = 0;

  friend bool operator==(const fetch_amounts&, const fetch_amounts&) = default;
  fetch_amounts& operator+=(const fetch_amounts& other);

  /// What has to cross a network.
  [[nodiscard]] std::uint64_t fetch_bytes() const {
    return same_rack_bytes + same_site_bytes + other_sites_bytes + nobody_bytes;
  }
};

/// One pack's part in a plan.
struct pack_fetch {
  pack_reference pack;
  /// Needed and not in the own store.
  piece_set missing;
  /// Missing, and held by nobody known.
  piece_set unavailable;
  fetch_amounts amounts;
};

/// A plan for one image.
struct fetch_plan {
  /// Packs the recipe needs something of, in its order.
  std::vector<pack_fetch> packs;
  fetch_amounts total;

  /// Nothing is missing.
  [[nodiscard]] bool here() const { return total.fetch_bytes() == 0; }
  /// Everything missing is held by somebody known.
  [[nodiscard]] bool possible() const { return total.nobody_bytes == 0; }
};

/// Which pieces come from where. `held` and `holders` run parallel to `image.packs`; a set of size
/// 0 in `held` stands for a pack the store does not know.
fetch_plan plan_fetch(const recipe& image, std::span<const piece_set> held,
                      std::span<const std::vector<pack_holder>> holders);

/// The pieces of each pack that the store lacks, parallel to `image.packs`: what to ask an index
/// about. As above for `held`.
std::vector<piece_set> missing_pieces(const recipe& image, std::span<const piece_set> held);

} // namespace shoal::swarm
