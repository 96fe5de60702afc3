// Pieces of one pack as bits in 64-bit words, piece 0 in the lowest bit of the first word.
//
// Threads: values. Errors: none; spans of one pack have the same length, no bits past its end.
#pragma once

#include "topology/assert.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

namespace shoal::topology {

/// A pack's digest; this layer need not know what a pack is.
using pack_key = std::array<std::byte, 32>;

/// For hash tables: a digest is uniform already.
struct pack_key_hash {
  std::size_t operator()(const pack_key& key) const noexcept {
    std::size_t hash = 0;
    std::memcpy(&hash, key.data(), sizeof hash);
    // Keys that count (of tests and simulators) differ in few bits.
    return hash * 0x9e3779b97f4a7c15ULL ^ hash >> 32;
  }
};

using piece_words = std::vector<std::uint64_t>;
using piece_span = std::span<const std::uint64_t>;

/// How many words `piece_count` pieces need.
constexpr std::size_t words_for(std::uint32_t piece_count) {
  return (static_cast<std::size_t>(piece_count) + 63) / 64;
}

/// No pack has more: at 256 KiB a piece it would be 4 TiB. What claims to is not well formed, lest a
/// few bytes of a message make us reserve gigabytes.
inline constexpr std::uint32_t pieces_max = 1u << 24;

/// The bits of word `index` that stand for pieces.
constexpr std::uint64_t word_mask(std::uint32_t piece_count, std::size_t index) {
  const auto before = index * 64;
  if (before >= piece_count) return 0;
  const auto left = piece_count - before;
  return left >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << left) - 1;
}

/// Some pieces of a pack: what somebody holds, wants, fetches or lacks.
struct pack_pieces {
  pack_key pack{};
  /// At least 1; the same from everybody.
  std::uint32_t piece_count = 0;
  /// Every piece.
  bool all = false;
  /// Unless `all`: `words_for(piece_count)` words.
  piece_words words;

  /// Word `index`, also where `all`.
  [[nodiscard]] std::uint64_t word(std::size_t index) const {
    return all ? word_mask(piece_count, index) : words[index];
  }
  [[nodiscard]] bool has(std::uint32_t piece) const {
    return piece < piece_count && (word(piece / 64) >> (piece % 64) & 1) != 0;
  }
  [[nodiscard]] bool none() const {
    if (all) return false;
    for (const auto word : words)
      if (word != 0) return false;
    return true;
  }
  [[nodiscard]] std::uint32_t count() const {
    if (all) return piece_count;
    std::uint32_t bits = 0;
    for (const auto word : words)
      bits += static_cast<std::uint32_t>(std::popcount(word));
    return bits;
  }
  /// As words, also where `all`.
  [[nodiscard]] piece_words to_words() const {
    piece_words made(words_for(piece_count));
    for (std::size_t i = 0; i < made.size(); ++i)
      made[i] = word(i);
    return made;
  }
  /// Whether its length fits and it has no bits past the end.
  [[nodiscard]] bool well_formed() const {
    if (piece_count == 0 || piece_count > pieces_max) return false;
    if (all) return words.empty();
    return words.size() == words_for(piece_count) &&
           (words.back() & ~word_mask(piece_count, words.size() - 1)) == 0;
  }

  friend bool operator==(const pack_pieces&, const pack_pieces&) = default;
};

/// Those pieces, in the shortest form: `all` if `words` are every piece.
inline pack_pieces make_pieces(const pack_key& pack, std::uint32_t piece_count, piece_words words) {
  SHOAL_ASSERT(words.size() == words_for(piece_count));
  pack_pieces made{.pack = pack, .piece_count = piece_count, .all = true, .words = {}};
  for (std::size_t i = 0; i < words.size(); ++i)
    made.all = made.all && words[i] == word_mask(piece_count, i);
  if (!made.all) made.words = std::move(words);
  return made;
}

/// Every piece of a pack.
inline pack_pieces all_pieces(const pack_key& pack, std::uint32_t piece_count) {
  return {.pack = pack, .piece_count = piece_count, .all = true, .words = {}};
}

} // namespace shoal::topology
