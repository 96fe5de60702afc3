// LIVE (VDN §III-B): a cache keeps what some running VM uses, and nothing else.
//
// Threads and errors: as cache_policy.hpp says.
#pragma once

#include "swarm/ranked_cache.hpp"

namespace shoal::swarm {

/// What is in nobody's use may go at once, and goes first to last in the order it became idle.
class cache_policy_live final : public ranked_cache {
public:
  using ranked_cache::ranked_cache;
  std::vector<cache_victim> evict_idle(instant now) override;

private:
  [[nodiscard]] std::unique_ptr<ranked_cache> clone() const override;
  void rank_new(cache_entry& entry) override;
  void rank_used(cache_entry& entry) override;
  void rank_freed(cache_entry& entry) override;
  [[nodiscard]] cache_reason reason(const cache_entry& entry) const override;
};

} // namespace shoal::swarm
