// Pieces dealt out to domains in shares that fit their sizes, by rendezvous hashing: everybody
// computes the same, and a member that comes or goes moves few pieces of the others.
//
// Threads: pure functions over values.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace shoal::topology {

/// One of those who share: a host, or a domain with several.
struct sharer {
  std::uint64_t hash = 0;
  /// `hash_of` each of its hosts; its share is as large as they are many.
  std::vector<std::uint64_t> hosts;
};

/// Deals `pieces` (ascending) out: for each the index of its owner among `sharers`.
///
/// In every run of `ownership_run_pieces` of the pack's pieces each host of a sharer counts for the
/// same number, give or take one. Pieces and sharers rank each other by the same score, which makes
/// the stable matching unique (Gale, Shapley 1962; rendezvous hashing, Thaler, Ravishankar 1998;
/// bounded loads, Mirrokni, Thorup, Zadimoghaddam 2018).
/// @pre `sharers` is not empty, and each has a host.
std::vector<std::uint32_t> deal_out(std::uint64_t key, const std::vector<std::uint32_t>& pieces,
                                    const std::vector<sharer>& sharers);

/// Uniform over all numbers, also for names that are alike.
std::uint64_t hash_of(std::string_view text);

/// Every bit of the answer depends on every bit of `value` (SplitMix64; Steele, Lea, Flood 2014).
constexpr std::uint64_t mix(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ull;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebull;
  return value ^ (value >> 31);
}

/// Within how many pieces in a row shares are equal. Shorter keeps a partial fetch more even,
/// longer moves fewer pieces when fetchers come and go.
inline constexpr std::uint32_t ownership_run_pieces = 512;

} // namespace shoal::topology
