#include "topology/hash_ring.hpp"

#include "topology/equal_shares.hpp"

#include <algorithm>

namespace shoal::topology {

namespace {

/// splitmix64's last step: spreads counting numbers over the ring.
std::uint64_t scatter(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15ULL;
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ value >> 27) * 0x94d049bb133111ebULL;
  return value ^ value >> 31;
}

} // namespace

void hash_ring::join(host_number host) { join(std::span{&host, 1}); }

void hash_ring::join(host_number host, std::string_view name) {
  put(hash_of(name), host);
  put_in_order();
}

void hash_ring::join(std::span<const host_number> hosts) {
  for (const auto host : hosts)
    put(host, host);
  put_in_order();
}

void hash_ring::put(std::uint64_t seed, host_number host) {
  for (std::uint32_t point = 0; point < points_; ++point)
    ring_.emplace_back(scatter(scatter(seed) ^ point), host);
}

void hash_ring::put_in_order() {
  std::sort(ring_.begin(), ring_.end());
  ring_.erase(std::unique(ring_.begin(), ring_.end()), ring_.end());
}

void hash_ring::leave(host_number host) {
  std::erase_if(ring_, [&](const auto& point) { return point.second == host; });
}

host_number hash_ring::owner(std::uint64_t key) const {
  if (ring_.empty()) return nobody;
  const auto next = std::lower_bound(ring_.begin(), ring_.end(), std::pair{key, host_number{0}});
  return next == ring_.end() ? ring_.front().second : next->second;
}

std::uint64_t hash_ring::key_of(const pack_key& pack, std::uint32_t run) {
  std::uint64_t words[4];
  std::memcpy(words, pack.data(), sizeof words);
  return scatter(scatter(scatter(scatter(words[0]) ^ words[1]) ^ words[2]) ^
                 scatter(words[3] ^ run));
}

} // namespace shoal::topology
