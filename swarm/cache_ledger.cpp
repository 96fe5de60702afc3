#include "swarm/cache_ledger.hpp"

#include "topology/assert.hpp"

namespace shoal::swarm {

namespace {

constexpr std::size_t buckets_min = 16;

} // namespace

std::size_t cache_ledger::bucket_of(cache_item item) const {
  // Items are often dense; the finaliser of splitmix64 scatters them.
  item = (item ^ (item >> 30)) * 0xbf58476d1ce4e5b9ull;
  item = (item ^ (item >> 27)) * 0x94d049bb133111ebull;
  return (item ^ (item >> 31)) & (buckets_.size() - 1);
}

std::optional<std::uint32_t> cache_ledger::find(cache_item item) const {
  if (buckets_.empty()) return std::nullopt;
  for (auto bucket = bucket_of(item); buckets_[bucket] != nothing;
       bucket = (bucket + 1) & (buckets_.size() - 1)) {
    if (entries_[buckets_[bucket]].item == item) return buckets_[bucket];
  }
  return std::nullopt;
}

void cache_ledger::grow() {
  buckets_.assign(std::max(buckets_min, buckets_.size() * 2), nothing);
  for_each([&](std::uint32_t slot) {
    auto bucket = bucket_of(entries_[slot].item);
    while (buckets_[bucket] != nothing) bucket = (bucket + 1) & (buckets_.size() - 1);
    buckets_[bucket] = slot;
  });
}

std::uint32_t cache_ledger::add(cache_item item) {
  if ((size_ + 1) * 3 > buckets_.size() * 2) grow();
  auto bucket = bucket_of(item);
  while (buckets_[bucket] != nothing) {
    SHOAL_ASSERT(entries_[buckets_[bucket]].item != item);
    bucket = (bucket + 1) & (buckets_.size() - 1);
  }
  std::uint32_t slot = 0;
  if (free_.empty()) {
    slot = static_cast<std::uint32_t>(entries_.size());
    SHOAL_ASSERT(slot < nothing);
    entries_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
    entries_[slot] = cache_entry{};
  }
  entries_[slot].item = item;
  buckets_[bucket] = slot;
  ++size_;
  return slot;
}

void cache_ledger::erase(std::uint32_t slot) {
  const auto mask = buckets_.size() - 1;
  auto hole = bucket_of(entries_[slot].item);
  while (buckets_[hole] != slot) hole = (hole + 1) & mask;
  // Those behind it that could have been here move up, so that no probe ends too early.
  for (auto next = (hole + 1) & mask; buckets_[next] != nothing; next = (next + 1) & mask) {
    const auto home = bucket_of(entries_[buckets_[next]].item);
    if (((next - home) & mask) < ((next - hole) & mask)) continue;
    buckets_[hole] = buckets_[next];
    hole = next;
  }
  buckets_[hole] = nothing;
  entries_[slot].place = free_place;
  free_.push_back(slot);
  --size_;
}

std::size_t cache_ledger::memory_bytes() const {
  return entries_.capacity() * sizeof(cache_entry) +
         (free_.capacity() + buckets_.capacity()) * sizeof(std::uint32_t);
}

} // namespace shoal::swarm
