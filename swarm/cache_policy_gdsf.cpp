#include "swarm/cache_policy_gdsf.hpp"

#include <algorithm>

namespace shoal::swarm {

std::unique_ptr<ranked_cache> cache_policy_gdsf::clone() const {
  return std::make_unique<cache_policy_gdsf>(*this);
}

void cache_policy_gdsf::rank_new(cache_entry& entry) {
  // Coming is the first use.
  entry.rank = clock_ + 1.0 / std::max(entry.bytes, 1u);
}

void cache_policy_gdsf::rank_used(cache_entry& entry) {
  entry.rank = clock_ + (1.0 + entry.uses) / std::max(entry.bytes, 1u);
}

void cache_policy_gdsf::gave_up(const cache_entry& entry) {
  clock_ = std::max(clock_, entry.rank);
}

cache_reason cache_policy_gdsf::reason(const cache_entry&) const {
  return cache_reason::least_used;
}

} // namespace shoal::swarm
