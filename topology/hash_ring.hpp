// Consistent hashing: which host is responsible for a key, such that hosts that join or leave move
// only their share (VDN-flat, PAPERS V21; Karger et al. 1997).
//
// Threads: one owner changes it. Errors: none. Everybody with the same hosts has the same ring.
#pragma once

#include "topology/network.hpp"
#include "topology/piece_bits.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace shoal::topology {

/// The ring. Each host stands on it at several points, so that shares are about equal.
class hash_ring {
public:
  /// @param points points of each host: shares differ by about 1 / sqrt(points). @pre > 0.
  explicit hash_ring(std::uint32_t points = 64) : points_{points} { SHOAL_ASSERT(points > 0); }

  /// A host joins. Joining twice is joining once. O(points of all).
  void join(host_number host);
  /// As `join`, at points given by its name: for those who number hosts each in their own way and
  /// shall have the same ring.
  void join(host_number host, std::string_view name);
  /// As `join` for each, but sorts once.
  void join(std::span<const host_number> hosts);
  /// A host leaves. O(points of all).
  void leave(host_number host);

  /// Who is responsible for a key; `nobody` on an empty ring. O(log points).
  [[nodiscard]] host_number owner(std::uint64_t key) const;
  /// The key of a run of pieces of a pack.
  [[nodiscard]] static std::uint64_t key_of(const pack_key& pack, std::uint32_t run);

  [[nodiscard]] std::size_t size() const { return ring_.size() / points_; }

private:
  void put(std::uint64_t seed, host_number host);
  void put_in_order();

  std::uint32_t points_;
  /// By point, then host.
  std::vector<std::pair<std::uint64_t, host_number>> ring_;
};

} // namespace shoal::topology
