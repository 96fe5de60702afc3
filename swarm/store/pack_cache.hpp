// The store as a cache: what it holds beyond need, what goes next and why, and how much it may hold.
//
// What is ranked is a run: the pieces of one pack within 4 MiB, so that a store of 1 TB needs about
// 20 MB to rank what it holds. Which run goes is a `cache_policy`'s to say.
//
// Threads: every method may be called from any thread at any time.
// Errors:  returned. Crashes: settings are durable once `change` answered.
#pragma once

#include "swarm/cache_policy.hpp"
#include "swarm/pack.hpp"
#include "swarm/piece_set.hpp"
#include "topology/result.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace shoal::swarm {

/// How the cache is run.
struct cache_settings {
  cache_policy_kind policy = cache_policy_kind::lru;
  /// Zero means no limit of our own.
  std::uint64_t quota_bytes = 0;
  /// See `cache_policy_config`.
  std::uint32_t copies_floor = 0;

  friend bool operator==(const cache_settings&, const cache_settings&) = default;
};

/// What an operator set while the daemon ran; it goes before the configuration until it is reset.
struct cache_override {
  std::optional<cache_policy_kind> policy;
  std::optional<std::uint64_t> quota_bytes;

  friend bool operator==(const cache_override&, const cache_override&) = default;
};

/// Settings and sums.
struct cache_report {
  cache_settings settings;
  cache_settings configured;
  std::uint64_t held_bytes = 0;
  /// Of packs without pins, and above the floor.
  std::uint64_t evictable_bytes = 0;
  std::uint64_t run_count = 0;
  std::uint64_t policy_memory_bytes = 0;
};

/// Pieces of one pack that go together.
struct cache_run {
  pack_id pack;
  std::uint32_t first_piece = 0;
  std::uint32_t end_piece = 0;
  std::uint32_t piece_count_held = 0;
  /// The facts, and for people `sentence(why)`.
  cache_victim why;
};

/// What was, or would be, evicted of a pack.
struct evicted_pack {
  pack_id pack;
  std::uint32_t piece_count = 0;
  std::uint64_t bytes = 0;
};

struct eviction {
  std::uint64_t bytes = 0;
  /// In the order of going.
  std::vector<evicted_pack> packs;
};

/// Told of packs that lost pieces to an eviction. Must not call the store.
using eviction_listener = std::function<void(std::vector<pack_id>)>;

/// See above. A `pack_store` that evicts has one.
class pack_cache {
public:
  virtual ~pack_cache() = default;

  [[nodiscard]] virtual cache_report report() const = 0;
  /// Replaces what an operator set, durably; empty: the configuration counts again. A lower quota
  /// evicts at the next occasion, not here.
  virtual result<void> change(const cache_override& wanted) = 0;
  [[nodiscard]] virtual cache_override overridden() const = 0;

  /// All that may go, in the order in which it would. Costs O(runs).
  [[nodiscard]] virtual std::vector<cache_run> next_to_go() const = 0;

  /// Evicts `bytes` or more, or all that may go if that is less. With `dry_run` says what would go.
  virtual result<eviction> evict(std::uint64_t bytes, bool dry_run) = 0;
  /// Evicts until the quota is kept, as far as that is possible.
  virtual result<eviction> evict_to_quota(bool dry_run) = 0;
  /// Evicts these pieces. @returns errc::conflict if the pack is pinned.
  virtual result<eviction> evict_pieces(pack_id pack, const piece_set& pieces, bool dry_run) = 0;
  /// Evicts what the policy does not keep although there is room: only `live` has such.
  virtual result<eviction> evict_idle() = 0;

  /// Somebody read these pieces.
  virtual void used(pack_id pack, const piece_set& pieces) = 0;
  /// Where else the pack's runs are, run by run; one for all if there is only one.
  virtual void set_copies(pack_id pack, std::span<const cache_copies> runs) = 0;
  /// Replaces the listener; null: none.
  virtual void on_eviction(eviction_listener listener) = 0;
};

/// Pieces in a run of a pack whose pieces are so large; at least 1.
constexpr std::uint32_t run_piece_count(std::uint32_t piece_bytes) {
  constexpr std::uint32_t run_bytes = 4u << 20;
  return piece_bytes >= run_bytes ? 1 : run_bytes / piece_bytes;
}

} // namespace shoal::swarm
