// What a data centre is asked for: instances of images, over time; images as pieces of packs.
//
// Threads: values. Errors: none.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace shoal::simulator {

/// A piece of any pack by one number: pack x pieces_per_pack + piece.
using item_number = std::uint32_t;

/// A bit a piece, piece 0 in the lowest bit of the first word.
using piece_words = std::vector<std::uint64_t>;

/// The pieces an image has of one pack.
struct image_part {
  std::uint32_t pack = 0;
  piece_words pieces;
};

/// What an image needs.
struct image_layout {
  std::vector<image_part> parts;

  /// How many pieces.
  [[nodiscard]] std::uint32_t count() const;
};

/// One instance that was asked for.
struct instance_request {
  double time_s = 0;
  /// In `data_centre_load::images`.
  std::uint32_t image = 0;
  double lifetime_s = 0;
};

/// Everything that is asked of a data centre in one run.
struct data_centre_load {
  /// In order of time.
  std::vector<instance_request> requests;
  std::vector<image_layout> images;
  std::uint32_t packs = 0;
  std::uint32_t pieces_per_pack = 0;
};

/// How many bits are set.
std::uint32_t count_of(const piece_words& words);

/// Calls `visit(piece)` for each piece set in `words`, in order.
template <class Words, class Visit>
void for_each_piece(const Words& words, Visit visit) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    for (auto word = words[i]; word != 0; word &= word - 1)
      visit(static_cast<std::uint32_t>(i * 64 + static_cast<unsigned>(std::countr_zero(word))));
  }
}

} // namespace shoal::simulator
