// Which pieces of one pack: a bitmap with a count.
//
// Threads: a value; callers synchronise. Errors: an index past the end is our bug.
#pragma once

#include "topology/assert.hpp"

#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shoal::swarm {

/// A set of piece numbers below `size()`.
class piece_set {
public:
  piece_set() = default;
  /// `size` pieces, none (or, with `full`, all) of them in the set.
  explicit piece_set(std::uint32_t size, bool full = false);

  /// How many pieces the pack has; not how many are in the set.
  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  /// How many pieces are in the set.
  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  [[nodiscard]] bool full() const noexcept { return count_ == size_; }

  [[nodiscard]] bool contains(std::uint32_t piece) const {
    SHOAL_ASSERT(piece < size_);
    return (words_[piece / 64] >> (piece % 64) & 1) != 0;
  }
  /// @returns whether the set changed.
  bool insert(std::uint32_t piece);
  /// @returns whether the set changed.
  bool erase(std::uint32_t piece);

  /// The pieces in both sets. @pre equal sizes.
  [[nodiscard]] piece_set operator&(const piece_set& other) const;
  /// The pieces in either set. @pre equal sizes.
  [[nodiscard]] piece_set operator|(const piece_set& other) const;
  /// The pieces in this set and not in the other. @pre equal sizes.
  [[nodiscard]] piece_set operator-(const piece_set& other) const;
  friend bool operator==(const piece_set&, const piece_set&) = default;

  /// Calls `visit(piece)` for each piece in the set, in order.
  template <class Visit>
  void for_each(Visit visit) const {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      for (auto word = words_[i]; word != 0; word &= word - 1) {
        visit(static_cast<std::uint32_t>(i * 64 + static_cast<unsigned>(std::countr_zero(word))));
      }
    }
  }

  /// The bitmap as bytes, piece 0 in the lowest bit of the first byte; ceil(size / 8) bytes.
  [[nodiscard]] std::string bitmap() const;
  /// The inverse of `bitmap`; a wrong length or bits past the end are refused.
  static std::optional<piece_set> from_bitmap(std::uint32_t size, std::string_view bytes);

private:
  void recount();

  std::uint32_t size_ = 0;
  std::uint32_t count_ = 0;
  std::vector<std::uint64_t> words_;
};

} // namespace shoal::swarm
