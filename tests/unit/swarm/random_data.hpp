// Seeded data for tests that must not differ between machines or library versions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace shoal::swarm::test {

/// SplitMix64 (Steele, Lea, Flood, OOPSLA'14).
class random_numbers {
public:
  explicit random_numbers(std::uint64_t seed) : state_{seed} {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15;
    auto z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  std::uint64_t below(std::uint64_t limit) { return next() % limit; }

private:
  std::uint64_t state_;
};

/// Random bytes.
inline std::vector<std::byte> random_bytes(random_numbers& random, std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (auto& byte : bytes)
    byte = static_cast<std::byte>(random.next() >> 56);
  return bytes;
}

/// Runs of data and of zero blocks, short and long, and an end off the grid: like a disk image.
inline std::vector<std::byte> image_like(std::uint64_t seed, std::size_t blocks,
                                         std::size_t tail_bytes) {
  random_numbers random{seed};
  std::vector<std::byte> image(blocks * 4096 + tail_bytes);
  for (std::size_t at = 0; at < image.size();) {
    const bool data = random.below(4) != 0;
    const auto length = 4096 * (1 + random.below(data ? 60 : 9));
    for (auto end = at + length; at < end && at < image.size(); ++at) {
      if (data) image[at] = static_cast<std::byte>(random.next() >> 56);
    }
  }
  return image;
}

} // namespace shoal::swarm::test
