#include "tools/simulator/random_numbers.hpp"

#include "topology/assert.hpp"
#include "topology/equal_shares.hpp"

#include <bit>

namespace shoal::simulator {

namespace {

/// SplitMix64's step: the golden ratio's bits.
constexpr std::uint64_t golden = 0x9e3779b97f4a7c15;

} // namespace

random_numbers::random_numbers(std::uint64_t seed, std::uint64_t stream) : state_{} {
  auto at = seed ^ topology::mix(stream + 1);
  for (auto& word : state_)
    word = topology::mix(at += golden);
}

std::uint64_t random_numbers::next() {
  const auto answer = std::rotl(state_[1] * 5, 7) * 9;
  const auto shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return answer;
}

double random_numbers::uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

std::uint64_t random_numbers::below(std::uint64_t bound) {
  SHOAL_ASSERT(bound > 0);
  // Numbers below 2^64 mod bound would make some answers likelier.
  const auto refused = (0 - bound) % bound;
  auto bits = next();
  while (bits < refused)
    bits = next();
  return bits % bound;
}

std::vector<double> random_numbers::stratified(std::size_t count) {
  std::vector<double> numbers(count);
  for (std::size_t i = 0; i < count; ++i)
    numbers[i] = (static_cast<double>(i) + uniform()) / static_cast<double>(count);
  shuffle(numbers);
  return numbers;
}

} // namespace shoal::simulator
