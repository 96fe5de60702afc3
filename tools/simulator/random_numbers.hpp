// Random numbers that are the same on every platform: generators of the standard library are, its
// distributions are not.
//
// Threads: a value of one thread. Errors: none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace shoal::simulator {

/// xoshiro256** (Blackman, Vigna 2018), seeded by SplitMix64.
class random_numbers {
public:
  /// Different streams of one seed have nothing to do with each other, so that one more draw in one
  /// place does not change what is drawn in another.
  explicit random_numbers(std::uint64_t seed, std::uint64_t stream = 0);

  /// 64 random bits.
  std::uint64_t next();

  /// In [0, 1), in steps of 2^-53.
  double uniform();

  /// In [0, bound), each equally likely. @pre `bound` > 0.
  std::uint64_t below(std::uint64_t bound);

  /// Puts the values in a random order.
  template <class Value>
  void shuffle(std::vector<Value>& values) {
    for (std::size_t left = values.size(); left > 1; --left)
      std::swap(values[left - 1], values[below(left)]);
  }

  /// `count` numbers in [0, 1), one in each of as many equal intervals, in random order. Their mean
  /// and quantiles vary far less from seed to seed than those of independent draws.
  std::vector<double> stratified(std::size_t count);

private:
  std::array<std::uint64_t, 4> state_;
};

} // namespace shoal::simulator
