// RARITY (ours): what is used most and hardest to get again stays; the site's last copies longest.
//
// LRU and its kin look at one host. A site of hosts that share loses most when the last copy of an
// item goes (the next one comes from the server that all share), and next to nothing when a popular
// item goes that three neighbours in the rack have as well.
//
// Threads and errors: as cache_policy.hpp says.
#pragma once

#include "swarm/ranked_cache.hpp"

namespace shoal::swarm {

/// Greedy-Dual (Young, 1994) whose cost is the distance to the next copy: rank = clock +
/// (1 + uses) x cost. The clock is the rank of what went last, so that fame wears off and a last
/// copy that nobody wants goes in the end. When copies come or go elsewhere the rank follows at
/// once. The costs are argued with figures in `swarm/README.md`.
class cache_policy_rarity final : public ranked_cache {
public:
  using ranked_cache::ranked_cache;

private:
  [[nodiscard]] std::unique_ptr<ranked_cache> clone() const override;
  void rank_new(cache_entry& entry) override;
  void rank_used(cache_entry& entry) override;
  void rank_copies(cache_entry& entry, cache_copies before) override;
  void gave_up(const cache_entry& entry) override;
  [[nodiscard]] cache_reason reason(const cache_entry& entry) const override;

  double clock_ = 0;
};

} // namespace shoal::swarm
