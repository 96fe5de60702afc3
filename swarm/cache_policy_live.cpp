#include "swarm/cache_policy_live.hpp"

#include <limits>

namespace shoal::swarm {

std::vector<cache_victim> cache_policy_live::evict_idle(instant now) {
  return evict(std::numeric_limits<std::uint64_t>::max(), now);
}

std::unique_ptr<ranked_cache> cache_policy_live::clone() const {
  return std::make_unique<cache_policy_live>(*this);
}

void cache_policy_live::rank_new(cache_entry& entry) { entry.rank = next_stamp(); }

void cache_policy_live::rank_used(cache_entry& entry) { entry.rank = next_stamp(); }

void cache_policy_live::rank_freed(cache_entry& entry) { entry.rank = next_stamp(); }

cache_reason cache_policy_live::reason(const cache_entry&) const {
  return cache_reason::no_longer_live;
}

} // namespace shoal::swarm
