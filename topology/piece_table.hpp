// One index's table: which children (hosts, or the domains below) hold which pieces, and what any of
// them holds, so that a parent need hear only of changes of the whole (VDN §III, PAPERS V23).
//
// Children are numbers. A child that holds a whole pack is one number, whatever the pack's size; one
// that holds part of it is a number and a column of bits. Everything works on 64 pieces at once.
// Threads: one owner. Errors: none; pieces must be well formed. Crashes: soft state.
#pragma once

#include "topology/piece_bits.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace shoal::topology {

/// A child, with what it holds of the pieces asked for.
struct child_pieces {
  std::uint32_t child = 0;
  /// Every piece of the pack.
  bool all = false;
  /// Unless `all`: of the pieces asked for, those it holds.
  piece_words words;

  friend bool operator==(const child_pieces&, const child_pieces&) = default;
};

/// What an update changed.
struct table_change {
  /// Pieces that a child of this index holds now and none held before, or the other way round.
  bool aggregate = false;
  /// A child began to hold the pack, has all of it now or no longer, or holds none of it any more.
  bool membership = false;
};

/// How a lookup chooses among many holders.
struct holder_limits {
  /// Holders named, once every piece has one.
  std::uint32_t holders_max = 8;
  /// This child is not named.
  std::uint32_t except = 0xffffffffU;
  /// Where to begin among the holders: a number that differs from asker to asker spreads them.
  std::uint64_t turn = 0;
};

/// How much a table knows.
struct table_counts {
  std::size_t packs = 0;
  /// (pack, child) pairs.
  std::size_t holdings = 0;
  /// Bytes of memory, without what the allocator adds.
  std::size_t bytes = 0;
};

/// The table.
class piece_table {
public:
  /// The child holds these pieces of the pack and no others; none: it holds nothing of it.
  /// Cost: words of the pack; times children where pieces vanish. @pre `fits(held)`.
  table_change put(std::uint32_t child, const pack_pieces& held);
  /// The child holds nothing of the pack.
  table_change drop(std::uint32_t child, const pack_key& pack);
  /// The child does not hold these pieces; the others as before.
  table_change remove(std::uint32_t child, const pack_pieces& pieces);
  /// The child holds nothing at all. @returns the packs it held of, and what that changed.
  /// Cost: O(packs).
  std::vector<std::pair<pack_key, table_change>> forget(std::uint32_t child);

  /// Well formed, and as long as what is known of the pack.
  [[nodiscard]] bool fits(const pack_pieces& pieces) const;
  /// What the child holds of the pack (`piece_count` 0: nothing).
  [[nodiscard]] pack_pieces held(std::uint32_t child, const pack_key& pack) const;
  /// What any child holds of the pack (`piece_count` 0: nothing).
  [[nodiscard]] pack_pieces aggregate(const pack_key& pack) const;
  /// The children that hold something of the pack, ascending.
  [[nodiscard]] std::vector<std::uint32_t> children_of(const pack_key& pack) const;
  /// How many pieces the pack has; 0 while nobody holds any.
  [[nodiscard]] std::uint32_t piece_count(const pack_key& pack) const;
  /// The packs of which any child holds something, in no order.
  [[nodiscard]] std::vector<pack_key> packs() const;
  /// The packs of which the child holds something, in no order. Cost: O(packs).
  [[nodiscard]] std::vector<pack_key> packs_of(std::uint32_t child) const;

  /// Appends to `holders` who holds which of the pieces wanted: first, enough children for every
  /// piece that any holds, then more up to the limit. Takes out of `wanted` what they hold: what is
  /// left is held by nobody. @pre `wanted` is as long as the pack.
  void find(const pack_key& pack, piece_words& wanted, const holder_limits& limits,
            std::vector<child_pieces>& holders) const;

  [[nodiscard]] table_counts counts() const;

private:
  struct pack_entry {
    std::uint32_t piece_count = 0;
    /// Children that hold everything, ascending.
    std::vector<std::uint32_t> full;
    /// Children that hold part, ascending.
    std::vector<std::uint32_t> part;
    /// What any of `part` holds, then one column for each of `part`. Empty where there is none.
    std::vector<std::uint64_t> words;

    [[nodiscard]] std::size_t width() const { return words_for(piece_count); }
    [[nodiscard]] bool empty() const { return full.empty() && part.empty(); }
    std::uint64_t* column(std::size_t index) { return words.data() + (index + 1) * width(); }
    [[nodiscard]] const std::uint64_t* column(std::size_t index) const {
      return words.data() + (index + 1) * width();
    }
  };
  using packs_map = std::unordered_map<pack_key, pack_entry, pack_key_hash>;

  static table_change put_part(pack_entry& entry, std::uint32_t child, const piece_words& held);
  static table_change put_full(pack_entry& entry, std::uint32_t child);
  static table_change take_out(pack_entry& entry, std::uint32_t child);
  static bool recompute(pack_entry& entry);
  static void insert_column(pack_entry& entry, std::size_t index);
  static void erase_column(pack_entry& entry, std::size_t index);

  packs_map packs_;
};

} // namespace shoal::topology
