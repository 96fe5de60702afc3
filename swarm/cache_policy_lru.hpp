// LRU: what was used longest ago goes first.
//
// Threads and errors: as cache_policy.hpp says.
#pragma once

#include "swarm/ranked_cache.hpp"

namespace shoal::swarm {

/// Coming counts as a use, and so does the end of one.
class cache_policy_lru final : public ranked_cache {
public:
  using ranked_cache::ranked_cache;

private:
  [[nodiscard]] std::unique_ptr<ranked_cache> clone() const override;
  void rank_new(cache_entry& entry) override;
  void rank_used(cache_entry& entry) override;
  void rank_freed(cache_entry& entry) override;
  [[nodiscard]] cache_reason reason(const cache_entry& entry) const override;
};

} // namespace shoal::swarm
