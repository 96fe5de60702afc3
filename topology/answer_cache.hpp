// Holders that an index heard of in answers to others: soft state that saves asking again (PAPERS
// V24), forgotten after a while or when a holder turns out to be none.
//
// Threads: one owner. Errors: none: a stale entry costs its user one retry.
#pragma once

#include "topology/index_message.hpp"
#include "topology/late_owners.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_map>
#include <vector>

namespace shoal::topology {

/// The cache.
class answer_cache {
public:
  /// @param keep_for how long a holder is remembered; zero: nothing is.
  /// @param packs_max of how many packs; the oldest make room.
  answer_cache(std::chrono::milliseconds keep_for, std::uint32_t packs_max)
      : keep_for_{keep_for}, packs_max_{packs_max} {}

  /// The host holds those pieces.
  void remember(const pack_key& pack, std::uint32_t piece_count, const index_holder& holder,
                instant now);
  /// Appends those who hold pieces of `wanted`, but for `except`, until every piece is covered that
  /// can be, and takes those pieces out of `wanted`.
  void find(const pack_key& pack, piece_words& wanted, host_number except, instant now,
            std::vector<index_holder>& holders);
  /// The host does not hold those pieces.
  void forget(host_number host, const pack_pieces& pieces);
  /// The host holds nothing any more. Cost: O(entries).
  void forget(host_number host);

  [[nodiscard]] std::size_t packs() const { return packs_.size(); }

private:
  struct entry {
    host_number host = nobody;
    piece_words words;
    instant until;
  };

  std::chrono::milliseconds keep_for_;
  std::uint32_t packs_max_;
  std::unordered_map<pack_key, std::vector<entry>, pack_key_hash> packs_;
  /// Packs as they came in; may name packs that are gone.
  std::deque<pack_key> order_;
};

} // namespace shoal::topology
