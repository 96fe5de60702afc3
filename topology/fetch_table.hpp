// Who below one index fetches what, in the order in which they began.
//
// The order keeps waiting free of circles: a fetcher may be sent to those who began before it, never
// the other way round.
// Threads: one owner. Errors: none. Crashes: soft state.
#pragma once

#include "topology/network.hpp"
#include "topology/piece_bits.hpp"

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace shoal::topology {

/// A child that fetches a pack.
struct child_fetch {
  std::uint32_t child = 0;
  pack_pieces pieces;
  /// Hosts that fetch it, as far as they are named; the child itself if it is a host.
  std::vector<host_number> hosts;
};

/// The table.
class fetch_table {
public:
  /// The child fetches these pieces, besides those it fetches already. @returns whether it fetched
  /// nothing of the pack before.
  bool begin(std::uint32_t child, const pack_pieces& pieces, host_number host,
             std::uint32_t hosts_max);
  /// It fetches nothing of the pack any more. @returns whether it did.
  bool end(std::uint32_t child, const pack_key& pack);
  /// It fetches nothing. @returns the packs it fetched of.
  std::vector<pack_key> forget(std::uint32_t child);

  /// Who fetches the pack, first come first; nullptr: nobody.
  [[nodiscard]] const std::vector<child_fetch>* of(const pack_key& pack) const;
  /// Takes out of `wanted` the pieces that children other than `asker` fetch who began before it;
  /// all others, where `asker` does not fetch the pack.
  void subtract_earlier(const pack_key& pack, std::uint32_t asker, piece_words& wanted) const;

  /// (pack, child) pairs.
  [[nodiscard]] std::size_t size() const;

private:
  std::unordered_map<pack_key, std::vector<child_fetch>, pack_key_hash> packs_;
};

} // namespace shoal::topology
