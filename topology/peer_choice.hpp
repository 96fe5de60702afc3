// Which holders an index names to a host that asks, nearest first.
//
// Threads: pure functions over values.
#pragma once

#include "topology/place.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace shoal::topology {

/// A host that holds some or all of what is asked for.
struct peer_candidate {
  std::string host;
  place where;
  /// It holds the whole pack.
  bool all = false;
};

/// The holders to name, best first, at most `limit`.
///
/// A border is crossed only when there is need: where a host of the rack holds everything, only the
/// rack's holders are named, else where a host of the site does, only the site's; else everybody
/// (VDN §3: rack first, then up). Among equals the order differs from asker to asker, so that a
/// burst of askers spreads over the holders.
std::vector<peer_candidate> choose_holders(std::vector<peer_candidate> candidates,
                                           const std::string& asker, const place& where,
                                           std::size_t limit);

} // namespace shoal::topology
