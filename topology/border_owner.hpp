// The border rule (DESIGN §6): at a domain's border each piece has one owner among the domain's
// fetchers, computed by everybody alike from the list of fetchers, never negotiated.
//
// Threads: pure functions over values.
#pragma once

#include "topology/place.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace shoal::topology {

/// A host that is fetching a pack now.
struct fetcher {
  std::string host;
  place where;

  friend bool operator==(const fetcher&, const fetcher&) = default;
};

/// Where one host is to get a piece from.
enum class piece_route : std::uint8_t {
  /// Across every border: from a host that holds it already and is not fetching.
  source,
  /// Across the rack's border: from a fetcher in another rack, who owns it there.
  outer,
  /// From a fetcher of the same rack.
  inner,
};

/// One piece's way to one host.
struct piece_assignment {
  piece_route route = piece_route::source;
  /// Who brings it as far as that route: the fetcher it is expected from (`self` for `source`), as
  /// an index into the list of fetchers given.
  std::uint32_t owner = 0;
  /// Who brings it across every border, for all racks.
  std::uint32_t source_owner = 0;

  friend bool operator==(const piece_assignment&, const piece_assignment&) = default;
};

/// For each of `piece_count` pieces of the pack, how `self` gets it.
///
/// Ownership is rendezvous hashing with equal shares: in every run of `ownership_run_pieces` pieces
/// every fetcher owns the same number, give or take one, because one host with a tenth too much
/// would hold up the rest (consistent hashing with bounded loads, Mirrokni, Thorup, Zadimoghaddam
/// 2018). Pieces and fetchers rank each other by the same score, so the matching is stable and
/// unique: a fetcher that joins or leaves moves few pieces of the others.
/// A piece's owner for the whole list is its owner in its own rack as well; each other rack has one
/// owner of its own. Everybody computes the same answer from the same set.
/// @pre `self` is in `fetchers`; hosts differ. The order of `fetchers` does not matter.
std::vector<piece_assignment> piece_assignments(std::uint64_t pack_key, std::uint32_t piece_count,
                                                const std::vector<fetcher>& fetchers,
                                                const std::string& self);

/// The routes of `piece_assignments` alone.
std::vector<piece_route> piece_routes(std::uint64_t pack_key, std::uint32_t piece_count,
                                      const std::vector<fetcher>& fetchers,
                                      const std::string& self);

/// What ranks hosts for a pack's pieces, for other agreements than ownership: first of the host,
/// then, from that, for each piece. Uniform; everybody computes the same.
std::uint64_t host_score(std::uint64_t pack_key, const std::string& host);
std::uint64_t piece_score(std::uint64_t host_score, std::uint32_t piece);

/// Within how many pieces in a row shares are equal. Shorter keeps a partial fetch more even,
/// longer moves fewer pieces when fetchers come and go.
inline constexpr std::uint32_t ownership_run_pieces = 512;

} // namespace shoal::topology
