// How far a fetcher may run ahead of the others with the pieces it brings across a border itself.
//
// The owners of the border rule share one source. Whoever sits nearer to it wins every race for its
// uplink; the pieces of the others then come late, all at once, and cross the remaining borders in
// a jam while the uplinks of those in front idle. Owners that keep step bring every border a steady
// stream instead.
//
// Threads: pure functions over values.
#pragma once

#include <cstdint>
#include <vector>

namespace shoal::topology {

/// How many of its own missing pieces a host may have asked for now.
///
/// @param own_missing    pieces it owns and nobody has brought yet.
/// @param others_missing the same of every other owner it hears from; order does not matter.
/// @param ahead_pieces   how far it may be ahead of them.
/// @returns 0 to `own_missing`. Measured against the last quarter of the others, so that a few hosts
///          that are slow or stand still do not hold up everybody.
std::uint32_t own_pieces_window(std::uint32_t own_missing,
                                std::vector<std::uint32_t> others_missing,
                                std::uint32_t ahead_pieces);

} // namespace shoal::topology
