// What a full cache gives up next. One object a policy; the daemon's store and the simulator run
// the same ones.
//
// The unit is an item with a number and its bytes: in the daemon a run of a pack's pieces, in the
// simulator a chunk. A policy keeps no bytes, it ranks items.
//
// Threads: one owner calls it; `const` methods may run together. Errors: none; calls about items it
// does not know do nothing, so that facts may come late. Crashes: soft state, rebuilt by `inserted`.
#pragma once

#include "topology/late_owners.hpp"
#include "topology/place.hpp"
#include "topology/result.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shoal::swarm {

/// What is cached; the owner of the cache gives the numbers. Any value; need not be dense.
using cache_item = std::uint64_t;
using topology::instant;

/// The policies there are. `live`, `fifo` and `lru` are VDN's (§III-B); `gdsf` is Cherkasova's
/// Greedy-Dual-Size-Frequency (HPL-98-69), `s3_fifo` Yang et al. (SOSP'23); `rarity` is ours.
enum class cache_policy_kind : std::uint8_t { live, fifo, lru, gdsf, s3_fifo, rarity };

/// All of them, in the order of the enum.
std::span<const cache_policy_kind> cache_policy_kinds();
/// `live`, `fifo`, `lru`, `gdsf`, `s3-fifo`, `rarity`.
std::string_view to_string(cache_policy_kind kind);
/// The inverse of `to_string`. @returns errc::invalid_argument naming what there is.
result<cache_policy_kind> parse_cache_policy(std::string_view text);

/// Where else an item is. What nobody has said is all zero.
struct cache_copies {
  /// Hosts of this site that hold it, this one counted; 0: unknown.
  std::uint32_t in_site = 0;
  /// How far the nearest other copy is; counts from two copies on. `other_site` where the site
  /// has no other.
  topology::distance nearest = topology::distance::same_rack;

  friend bool operator==(const cache_copies&, const cache_copies&) = default;
};

/// Answers at once and does not call the policy.
using copies_source = std::function<cache_copies(cache_item)>;

struct cache_policy_config {
  cache_policy_kind kind = cache_policy_kind::lru;
  /// Bytes the cache may hold; policies that divide their room (`s3_fifo`) go by it. 0: as much as
  /// they are told of.
  std::uint64_t capacity_bytes = 0;
  /// The last so many copies in the site are never given up, by any policy. While the copies of an
  /// item are unknown it counts as the only one. 0: no floor.
  std::uint32_t copies_floor = 0;
  /// Where given, asked whenever an item is used or considered; then there is no `set_copies`.
  copies_source copies = {};
};

/// Why an item goes when it does; `sentence` says it to people.
enum class cache_reason : std::uint8_t {
  /// No running VM uses it.
  no_longer_live,
  /// It came first.
  oldest,
  /// It was used longest ago.
  used_longest_ago,
  /// Used least for its size and age.
  least_used,
  /// Used once and not again while it was new.
  used_only_once,
  /// Losing it costs least: how likely it is used again, times how far the next copy is away.
  cheapest_to_fetch_again,
};

/// An item to give up, and the facts that say why.
struct cache_victim {
  cache_item item = 0;
  std::uint32_t bytes = 0;
  cache_reason reason = cache_reason::oldest;
  /// Since the last use, or since it came.
  std::chrono::seconds idle{};
  std::uint32_t uses = 0;
  cache_copies copies;

  friend bool operator==(const cache_victim&, const cache_victim&) = default;
};

/// `not used for 3 h, 12 other copies in the site`.
std::string sentence(const cache_victim& victim);

/// Ranks what a cache holds. Deterministic: the same calls give the same victims. Each call costs
/// O(log items) at most, an item 60 to 120 bytes (`s3_fifo`, with its memory of those gone: to 170).
class cache_policy {
public:
  virtual ~cache_policy() = default;
  [[nodiscard]] virtual cache_policy_kind kind() const = 0;

  /// The cache holds `item` from now on; said again, its bytes change and nothing else.
  virtual void inserted(cache_item item, std::uint32_t bytes, instant now) = 0;
  /// Something read it: a VM, an export, a neighbour.
  virtual void used(cache_item item, instant now) = 0;
  /// It is gone, and not because `evict` said so.
  virtual void removed(cache_item item) = 0;

  /// So many mounts, transfers or running VMs need it: while not 0 it is never given up.
  virtual void set_in_use(cache_item item, std::uint32_t count) = 0;
  /// Somebody said to keep it.
  virtual void set_pinned(cache_item item, bool pinned) = 0;
  /// Where else it is now.
  virtual void set_copies(cache_item item, cache_copies copies) = 0;
  virtual void set_capacity(std::uint64_t capacity_bytes) = 0;
  virtual void set_copies_floor(std::uint32_t copies) = 0;

  /// Gives up items worth `bytes` or more, in this order, and forgets them: they are the caller's
  /// to delete; what it cannot delete it inserts again. Fewer bytes only if nothing more may go.
  virtual std::vector<cache_victim> evict(std::uint64_t bytes, instant now) = 0;
  /// Only part of the last item that `evict` gave up is deleted: `bytes` of it stay, where they were
  /// in the order.
  virtual void keep_part(cache_item last, std::uint32_t bytes) = 0;
  /// What need not stay although there is room; forgets it too. Only `live` has any.
  virtual std::vector<cache_victim> evict_idle(instant now) = 0;
  /// What `evict` would answer, changing nothing. Costs O(items).
  [[nodiscard]] virtual std::vector<cache_victim> next_victims(std::uint64_t bytes,
                                                               instant now) const = 0;

  [[nodiscard]] virtual bool holds(cache_item item) const = 0;
  [[nodiscard]] virtual std::size_t items() const = 0;
  [[nodiscard]] virtual std::uint64_t held_bytes() const = 0;
  /// Of items in nobody's use, not pinned and above the floor.
  [[nodiscard]] virtual std::uint64_t evictable_bytes() const = 0;
  /// What the policy itself takes.
  [[nodiscard]] virtual std::size_t memory_bytes() const = 0;
};

/// A policy that knows of no items.
std::unique_ptr<cache_policy> make_cache_policy(cache_policy_config config);

/// How much a cache may hold: bytes, or multiples of an image (VDN's `fixed 2x`).
struct cache_quota {
  std::uint64_t bytes = 0;
  /// Counts where `bytes` is 0. Both 0: no limit.
  double images = 0;

  [[nodiscard]] bool unlimited() const { return bytes == 0 && images <= 0; }
  /// The limit where an image is `image_bytes`; 0: none.
  [[nodiscard]] std::uint64_t limit_bytes(std::uint64_t image_bytes) const;

  friend bool operator==(const cache_quota&, const cache_quota&) = default;
};

} // namespace shoal::swarm
