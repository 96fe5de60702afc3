// GDSF (Cherkasova, HPL-98-69): what was used least for its size goes first, with ageing.
//
// Threads and errors: as cache_policy.hpp says.
#pragma once

#include "swarm/ranked_cache.hpp"

namespace shoal::swarm {

/// Rank = clock + uses x cost / size with cost 1; the clock is the rank of what went last, so that
/// fame wears off.
class cache_policy_gdsf final : public ranked_cache {
public:
  using ranked_cache::ranked_cache;

private:
  [[nodiscard]] std::unique_ptr<ranked_cache> clone() const override;
  void rank_new(cache_entry& entry) override;
  void rank_used(cache_entry& entry) override;
  void gave_up(const cache_entry& entry) override;
  [[nodiscard]] cache_reason reason(const cache_entry& entry) const override;

  double clock_ = 0;
};

} // namespace shoal::swarm
