// The border rule (DESIGN §6): at a domain's border each piece has one owner among the domain's
// fetchers, computed by everybody alike from the list of fetchers, never negotiated.
//
// Threads: pure functions over values.
#pragma once

#include "topology/place.hpp"

#include <array>
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

/// Where one host is to get a piece from, farthest first.
enum class piece_route : std::uint8_t {
  /// From a host that holds it already and is not fetching.
  source,
  /// From a fetcher in another site, another cluster of this site, another rack of this cluster.
  sites,
  clusters,
  racks,
  /// From a fetcher of the same rack.
  inner,
};
/// The routes that lead to fetchers.
inline constexpr std::array fetcher_routes{piece_route::sites, piece_route::clusters,
                                           piece_route::racks, piece_route::inner};

/// The route by which two fetchers meet.
piece_route route_between(const place& a, const place& b);

/// One piece's way to one host.
struct piece_assignment {
  piece_route route = piece_route::source;
  /// Who brings it as far as that route: the fetcher it is expected from (`self` for `source`), as
  /// an index into the list of fetchers given.
  std::uint32_t owner = 0;
  /// The fetcher that takes it from a holder, for all who get it from fetchers.
  std::uint32_t source_owner = 0;

  friend bool operator==(const piece_assignment&, const piece_assignment&) = default;
};

/// For each of `piece_count` pieces of the pack, how `self` gets it.
///
/// A piece goes down the tree of domains. In the whole network one site with fetchers owns it, in
/// each site one cluster, in each cluster one rack, in each rack one host; who owns it at every step
/// takes it from a holder. Of every other domain one host, chosen alike inside it, takes it from the
/// owner next door, across just that border. So each border is crossed once.
///
/// `sources` are the racks of the holders that have the whole pack, one entry each. A domain with
/// enough holders inside takes everything from them. One with too few to serve those without as well
/// (a single server as a rule) takes part, but where more than two domains share it owns nothing: its
/// uplink carries every piece out once already.
///
/// Shares are equal (topology/equal_shares.hpp), because one host with a tenth too much would hold up
/// the rest, and a fetcher that joins or leaves moves few pieces of the others. Everybody computes
/// the same answer from the same fetchers and sources.
/// @pre `self` is in `fetchers`; hosts differ. Orders do not matter.
std::vector<piece_assignment> piece_assignments(std::uint64_t pack_key, std::uint32_t piece_count,
                                                const std::vector<fetcher>& fetchers,
                                                const std::vector<place>& sources,
                                                const std::string& self);

/// What ranks hosts for a pack's pieces, for other agreements than ownership: first of the host,
/// then, from that, for each piece. Uniform; everybody computes the same.
std::uint64_t host_score(std::uint64_t pack_key, const std::string& host);
std::uint64_t piece_score(std::uint64_t host_score, std::uint32_t piece);

} // namespace shoal::topology
