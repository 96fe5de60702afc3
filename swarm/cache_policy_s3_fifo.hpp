// S3-FIFO (Yang et al., SOSP'23): a small queue that new items must survive, a main one, and a
// memory of those that did not.
//
// Threads and errors: as cache_policy.hpp says.
#pragma once

#include "swarm/ranked_cache.hpp"

#include <deque>
#include <unordered_map>

namespace shoal::swarm {

/// A tenth of the bytes is the small queue; what is used more than once there moves to the main
/// queue, where each use buys another round (three at most). The memory (the paper's ghost queue)
/// has as many numbers as the main queue has items; what comes back from it goes to the main queue.
class cache_policy_s3_fifo final : public ranked_cache {
public:
  using ranked_cache::ranked_cache;
  std::size_t memory_bytes() const override;

private:
  [[nodiscard]] std::unique_ptr<ranked_cache> clone() const override;
  void rank_new(cache_entry& entry) override;
  void rank_used(cache_entry& entry) override;
  std::optional<std::uint32_t> choose() override;
  void gave_up(const cache_entry& entry) override;
  [[nodiscard]] cache_reason reason(const cache_entry& entry) const override;

  [[nodiscard]] bool small_is_over() const;
  void remember(cache_item item);

  /// Oldest first, with the count under which an item was remembered last.
  std::deque<std::pair<cache_item, std::uint64_t>> ghosts_;
  std::unordered_map<cache_item, std::uint64_t> ghost_counts_;
  std::uint64_t ghost_count_ = 0;
};

} // namespace shoal::swarm
