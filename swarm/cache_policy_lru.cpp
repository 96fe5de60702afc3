#include "swarm/cache_policy_lru.hpp"

namespace shoal::swarm {

std::unique_ptr<ranked_cache> cache_policy_lru::clone() const {
  return std::make_unique<cache_policy_lru>(*this);
}

void cache_policy_lru::rank_new(cache_entry& entry) { entry.rank = next_stamp(); }

void cache_policy_lru::rank_used(cache_entry& entry) { entry.rank = next_stamp(); }

void cache_policy_lru::rank_freed(cache_entry& entry) { entry.rank = next_stamp(); }

cache_reason cache_policy_lru::reason(const cache_entry&) const {
  return cache_reason::used_longest_ago;
}

} // namespace shoal::swarm
