#include "swarm/cache_policy_rarity.hpp"

#include <algorithm>

namespace shoal::swarm {

namespace {

/// What it costs to fetch an item again, by where the next copy is; only the ratios matter.
double cost(cache_copies copies) {
  // Where nobody knows, all items are alike: the policy is GDSF for items of one size.
  if (copies.in_site == 0) return 1;
  if (copies.in_site == 1) return 8;
  switch (copies.nearest) {
  case topology::distance::same_rack: return 1;
  case topology::distance::same_cluster: return 3;
  case topology::distance::same_site: return 5;
  case topology::distance::other_site: return 8;
  }
  return 1;
}

double value(const cache_entry& entry, cache_copies copies) {
  // Coming is the first use.
  return (1.0 + entry.uses) * cost(copies);
}

} // namespace

std::unique_ptr<ranked_cache> cache_policy_rarity::clone() const {
  return std::make_unique<cache_policy_rarity>(*this);
}

void cache_policy_rarity::rank_new(cache_entry& entry) {
  entry.rank = clock_ + value(entry, entry.copies());
}

void cache_policy_rarity::rank_used(cache_entry& entry) {
  entry.rank = clock_ + value(entry, entry.copies());
}

void cache_policy_rarity::rank_copies(cache_entry& entry, cache_copies before) {
  // What it has aged since its last use stays.
  entry.rank += value(entry, entry.copies()) - value(entry, before);
}

void cache_policy_rarity::gave_up(const cache_entry& entry) {
  clock_ = std::max(clock_, entry.rank);
}

cache_reason cache_policy_rarity::reason(const cache_entry&) const {
  return cache_reason::cheapest_to_fetch_again;
}

} // namespace shoal::swarm
