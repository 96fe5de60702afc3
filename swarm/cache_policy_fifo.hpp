// FIFO (VDN's fixed cache): what came first goes first.
//
// Threads and errors: as cache_policy.hpp says.
#pragma once

#include "swarm/ranked_cache.hpp"

namespace shoal::swarm {

/// Uses change nothing.
class cache_policy_fifo final : public ranked_cache {
public:
  using ranked_cache::ranked_cache;

private:
  [[nodiscard]] std::unique_ptr<ranked_cache> clone() const override;
  void rank_new(cache_entry& entry) override;
  void rank_used(cache_entry&) override {}
  [[nodiscard]] cache_reason reason(const cache_entry& entry) const override;
};

} // namespace shoal::swarm
