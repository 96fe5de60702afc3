// What all cache policies share: the items, what protects them, and victims with reasons. A policy
// says only how items rank.
//
// Threads and errors: as cache_policy.hpp says.
#pragma once

#include "swarm/cache_ledger.hpp"
#include "swarm/slot_heap.hpp"

#include <array>
#include <optional>

namespace shoal::swarm {

/// A cache policy that keeps its items in heaps. Protected items (in use, pinned, or rarer than the
/// floor) wait outside of the order and come back to where they were.
class ranked_cache : public cache_policy {
public:
  explicit ranked_cache(cache_policy_config config) : config_{std::move(config)} {}

  cache_policy_kind kind() const final { return config_.kind; }
  void inserted(cache_item item, std::uint32_t bytes, instant now) final;
  void used(cache_item item, instant now) final;
  void removed(cache_item item) final;
  void set_in_use(cache_item item, std::uint32_t count) final;
  void set_pinned(cache_item item, bool pinned) final;
  void set_copies(cache_item item, cache_copies copies) final;
  void set_capacity(std::uint64_t capacity_bytes) final { config_.capacity_bytes = capacity_bytes; }
  void set_copies_floor(std::uint32_t copies) final;
  std::vector<cache_victim> evict(std::uint64_t bytes, instant now) final;
  void keep_part(cache_item last, std::uint32_t bytes) final;
  std::vector<cache_victim> evict_idle(instant now) override;
  std::vector<cache_victim> next_victims(std::uint64_t bytes, instant now) const final;
  bool holds(cache_item item) const final { return items_.find(item).has_value(); }
  std::size_t items() const final { return items_.size(); }
  std::uint64_t held_bytes() const final { return held_bytes_; }
  std::uint64_t evictable_bytes() const final;
  std::size_t memory_bytes() const override;

protected:
  ranked_cache(const ranked_cache&) = default;
  ranked_cache& operator=(const ranked_cache&) = delete;

  /// A copy that decides alike.
  [[nodiscard]] virtual std::unique_ptr<ranked_cache> clone() const = 0;
  /// Sets `rank` (and `home`) of an item that came.
  virtual void rank_new(cache_entry& entry) = 0;
  /// Of one that was used; `uses` counts this use already.
  virtual void rank_used(cache_entry& entry) = 0;
  /// Of one that somebody used until now.
  virtual void rank_freed(cache_entry& entry) { static_cast<void>(entry); }
  /// Of one whose copies were `before` and are others now.
  virtual void rank_copies(cache_entry& entry, cache_copies before) {
    static_cast<void>(entry), static_cast<void>(before);
  }
  /// The next item of the order; those it passes over get new ranks. Nothing if the order is empty.
  virtual std::optional<std::uint32_t> choose();
  /// `entry` is given up.
  virtual void gave_up(const cache_entry& entry) { static_cast<void>(entry); }
  [[nodiscard]] virtual cache_reason reason(const cache_entry& entry) const = 0;

  [[nodiscard]] const cache_policy_config& config() const { return config_; }
  [[nodiscard]] double next_stamp() { return static_cast<double>(++stamp_); }
  /// Seconds since this policy began.
  [[nodiscard]] double time_s() const { return time_s_; }
  [[nodiscard]] const slot_heap& queue(cache_queue which) const { return queues_[index(which)]; }
  [[nodiscard]] std::uint64_t bytes_in(cache_queue which) const { return bytes_[index(which)]; }
  cache_ledger& ledger() { return items_; }
  /// Puts an item where it belongs by its rank, its `home` and what protects it.
  void settle(std::uint32_t slot);

private:
  static constexpr std::size_t queue_count = 4;
  static constexpr std::size_t index(cache_queue which) { return static_cast<std::size_t>(which); }

  void set_time(instant now);
  [[nodiscard]] bool too_rare(const cache_entry& entry) const;
  [[nodiscard]] cache_queue place_of(const cache_entry& entry) const;
  void enter(std::uint32_t slot);
  void leave(std::uint32_t slot);
  /// @returns whether that is news.
  bool take_copies(cache_entry& entry, cache_copies copies);
  bool ask_copies(std::uint32_t slot);
  /// The next one that may go.
  std::optional<std::uint32_t> next();
  /// Asks of `count` slots, round robin, whether they are still too rare.
  void recall_rare(std::size_t count);
  cache_victim give_up(std::uint32_t slot);

  cache_policy_config config_;
  cache_ledger items_;
  std::array<slot_heap, queue_count> queues_;
  std::array<std::uint64_t, queue_count> bytes_{};
  std::uint64_t held_bytes_ = 0;
  std::optional<cache_entry> last_given_up_;
  std::uint64_t stamp_ = 0;
  std::uint32_t cursor_ = 0;
  std::optional<instant> began_;
  double time_s_ = 0;
};

} // namespace shoal::swarm
