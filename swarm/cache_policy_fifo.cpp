#include "swarm/cache_policy_fifo.hpp"

namespace shoal::swarm {

std::unique_ptr<ranked_cache> cache_policy_fifo::clone() const {
  return std::make_unique<cache_policy_fifo>(*this);
}

void cache_policy_fifo::rank_new(cache_entry& entry) { entry.rank = next_stamp(); }

cache_reason cache_policy_fifo::reason(const cache_entry&) const { return cache_reason::oldest; }

} // namespace shoal::swarm
