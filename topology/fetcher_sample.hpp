// Of whom a fetcher is told when too many fetch to name them all: everybody in its rack, a few of
// each other domain, the fewer the farther.
//
// A view must not grow with the network, and yet everybody must compute the same owners from what
// they see (topology/border_owner.hpp). So who stands for a domain depends on the pack and the
// domain's fetchers alone, not on who looks.
//
// Threads: pure functions over values.
#pragma once

#include "topology/border_owner.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace shoal::topology {

/// How many of a foreign domain are named: enough that two that die leave the others connected.
inline constexpr std::size_t fetchers_per_domain = 4;

/// The fetchers named to somebody in `viewer`, as indices into `fetchers`, ascending.
///
/// All of its rack; of each other rack in its cluster, of each other cluster in its site and of
/// each other site those `per_domain` that rank first for the pack (`host_score`). Whoever stands
/// for a cluster stands for its rack too. With 40 fetchers a rack, 25 racks a cluster, 10 clusters a
/// site and 10 sites that is 40 + 24 x 4 + 9 x 4 + 9 x 4 = 208 of 100,000.
/// O(fetchers), but for the sorting of those who may be named.
std::vector<std::uint32_t> sample_fetchers(std::uint64_t pack_key,
                                           const std::vector<fetcher>& fetchers,
                                           const place& viewer,
                                           std::size_t per_domain = fetchers_per_domain);

} // namespace shoal::topology
