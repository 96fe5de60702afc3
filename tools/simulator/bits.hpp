// Sets of small numbers as words of 64 bits, where a simulation combines millions of them.
//
// Threads: values. Errors: a number past the end is our bug (unchecked: this is the inner loop).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace shoal::simulator {

using bit_words = std::vector<std::uint64_t>;

/// How many words hold `count` bits.
constexpr std::size_t words_for(std::uint32_t count) { return (count + 63) / 64; }

inline bool has_bit(const bit_words& bits, std::uint32_t at) {
  return (bits[at / 64] >> (at % 64) & 1) != 0;
}
inline void set_bit(bit_words& bits, std::uint32_t at) {
  bits[at / 64] |= std::uint64_t{1} << (at % 64);
}
inline void clear_bit(bit_words& bits, std::uint32_t at) {
  bits[at / 64] &= ~(std::uint64_t{1} << (at % 64));
}

/// Calls `visit(number)` for each bit of one word; `at` is the word's place.
template <class Visit>
void for_each_bit(std::uint64_t word, std::size_t at, Visit visit) {
  for (; word != 0; word &= word - 1)
    visit(static_cast<std::uint32_t>(at * 64) + static_cast<std::uint32_t>(std::countr_zero(word)));
}

/// Calls `visit(number)` for each number in the set, in order.
template <class Visit>
void for_each_bit(const bit_words& bits, Visit visit) {
  for (std::size_t i = 0; i < bits.size(); ++i)
    for_each_bit(bits[i], i, visit);
}

/// The rarest number in a set: the one with the least `count`; of equal ones the first met from
/// number `begin` on. Looks at no more than some 32, which is as good as all and much cheaper.
/// @param word gives the set's words. @returns `none` for an empty set.
template <class Word, class Count>
std::uint32_t rarest_bit(std::size_t words, std::size_t begin, std::uint32_t none, Word word,
                         const Count& count) {
  constexpr std::uint32_t looked_at_max = 32;
  std::uint32_t best = none, looked_at = 0;
  const auto first = begin / 64;
  const auto before = (std::uint64_t{1} << begin % 64) - 1;
  // The word that holds `begin` comes twice: what follows it first, what is before it last.
  for (std::size_t i = 0; i <= words && looked_at < looked_at_max; ++i) {
    const auto at = (first + i) % words;
    const auto mask = i == 0 ? ~before : i == words ? before : ~std::uint64_t{0};
    for_each_bit(word(at) & mask, at, [&](std::uint32_t number) {
      ++looked_at;
      if (best == none || count[number] < count[best]) best = number;
    });
  }
  return best;
}

} // namespace shoal::simulator
