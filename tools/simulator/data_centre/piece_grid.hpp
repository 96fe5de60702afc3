// Which host has which pieces, as bits: the truth of a simulation.
//
// Threads: one owner. Errors: a number out of range is our bug.
#pragma once

#include "tools/simulator/data_centre/content.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace shoal::simulator {

/// A bitmap a host and pack, all of one size.
class piece_grid {
public:
  piece_grid(std::uint32_t hosts, std::uint32_t packs, std::uint32_t pieces_per_pack)
      : pieces_{pieces_per_pack}, words_{(pieces_per_pack + 63) / 64}, packs_{packs},
        bits_(std::size_t{hosts} * packs * words_) {}

  [[nodiscard]] std::span<const std::uint64_t> words(std::uint32_t host, std::uint32_t pack) const {
    return std::span{bits_}.subspan(at(host, pack), words_);
  }
  [[nodiscard]] bool contains(std::uint32_t host, item_number item) const {
    return (bits_[word_of(host, item)] >> (item % pieces_ % 64) & 1) != 0;
  }
  void insert(std::uint32_t host, item_number item) { bits_[word_of(host, item)] |= bit_of(item); }
  void erase(std::uint32_t host, item_number item) { bits_[word_of(host, item)] &= ~bit_of(item); }

private:
  [[nodiscard]] std::size_t at(std::uint32_t host, std::uint32_t pack) const {
    return (std::size_t{host} * packs_ + pack) * words_;
  }
  [[nodiscard]] std::size_t word_of(std::uint32_t host, item_number item) const {
    return at(host, item / pieces_) + item % pieces_ / 64;
  }
  [[nodiscard]] std::uint64_t bit_of(item_number item) const {
    return std::uint64_t{1} << (item % pieces_ % 64);
  }

  std::uint32_t pieces_;
  std::uint32_t words_;
  std::uint32_t packs_;
  std::vector<std::uint64_t> bits_;
};

} // namespace shoal::simulator
