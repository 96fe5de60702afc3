// What the hosts keep: arrivals in order of time, evictions by the daemon's cache policy.
//
// Threads: one owner. Errors: none.
#pragma once

#include "swarm/cache_policy.hpp"
#include "tools/simulator/data_centre/config.hpp"
#include "tools/simulator/data_centre/content.hpp"
#include "tools/simulator/data_centre/piece_grid.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace shoal::simulator {

/// A piece that reaches a host.
struct arrival {
  double time_s = 0;
  item_number item = 0;

  friend auto operator<=>(const arrival&, const arrival&) = default;
};

/// A piece that a host has from now on, or no longer has.
struct holding_change {
  item_number item = 0;
  bool added = false;
};

/// Every host's cache. A piece is held from the moment it has arrived whole.
class host_caches {
public:
  host_caches(const data_centre_config& config, const data_centre_load& load);
  host_caches(const host_caches&) = delete;
  host_caches& operator=(const host_caches&) = delete;

  /// These pieces will arrive at the host. In any order of time; none that it holds or awaits.
  void expect(std::uint32_t host, std::vector<arrival> coming);
  /// Takes in what has arrived at the host until `now_s`. @returns what changed, in order.
  std::span<const holding_change> take_arrivals(std::uint32_t host, double now_s);

  /// As `expect` and `take_arrivals` where nobody knows beforehand when something arrives.
  void await(std::uint32_t host, std::span<const item_number> items);
  std::span<const holding_change> arrived(std::uint32_t host, item_number item, double now_s);

  /// An instance reads the pieces that the host holds of its image.
  void use(std::uint32_t host, const image_layout& image, double now_s);
  /// An instance starts (`by` 1) or ends (-1); only `live` keeps what running instances use.
  void set_running(std::uint32_t host, const image_layout& image, int by);
  /// Drops what no running instance uses, where the policy says so. @returns what changed.
  std::span<const holding_change> drop_idle(std::uint32_t host, double now_s);

  [[nodiscard]] const piece_grid& held() const { return held_; }
  [[nodiscard]] const piece_grid& awaited() const { return awaited_; }
  /// Sorted by time.
  [[nodiscard]] std::span<const arrival> coming(std::uint32_t host) const;
  /// How many hosts hold it, and how many await it.
  [[nodiscard]] std::uint32_t copies(item_number item) const { return copies_[item]; }
  [[nodiscard]] std::uint32_t awaiting(item_number item) const { return awaiting_[item]; }
  /// What the host's policy counts, and the most it may hold; 0: no limit.
  [[nodiscard]] std::uint64_t held_bytes(std::uint32_t host) const;
  [[nodiscard]] std::uint64_t quota_bytes() const { return quota_bytes_; }

private:
  struct host_state {
    std::unique_ptr<swarm::cache_policy> policy;
    /// Sorted by time from `taken` on.
    std::vector<arrival> coming;
    std::size_t taken = 0;
    /// Instances that use each item; only counted for `live`.
    std::vector<std::uint16_t> users;
  };

  [[nodiscard]] swarm::cache_copies copies_seen_from(std::uint32_t host, item_number item) const;
  void count_copy(std::uint32_t host, item_number item, int by);
  void keep(std::uint32_t host, item_number item, double now_s);
  void make_room(std::uint32_t host, std::uint64_t bytes, double now_s);
  void give_up(std::uint32_t host, std::span<const swarm::cache_victim> victims);

  tree_shape shape_;
  bool live_;
  std::uint64_t piece_bytes_;
  std::uint64_t quota_bytes_;
  std::uint32_t pieces_per_pack_;
  piece_grid held_;
  piece_grid awaited_;
  /// By item; and by domain and item, only for policies that ask where other copies are.
  std::vector<std::uint16_t> copies_;
  std::vector<std::uint16_t> cluster_copies_;
  std::vector<std::uint16_t> rack_copies_;
  std::vector<std::uint16_t> awaiting_;
  std::vector<host_state> hosts_;
  std::vector<holding_change> changes_;
};

} // namespace shoal::simulator
