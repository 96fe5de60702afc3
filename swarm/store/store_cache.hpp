// Making room in the store on a disk: a cache policy over the packs' runs, and its settings.
//
// Threads: any. One eviction at a time. Errors and crashes: as pack_cache.hpp says.
#pragma once

#include "swarm/store/pack_cache.hpp"
#include "swarm/store/pack_runs.hpp"

#include <mutex>
#include <string>
#include <string_view>

namespace shoal::swarm {

/// Implements `pack_cache`.
class store_cache final : public pack_cache {
public:
  /// `parts` and `packs` outlive it.
  store_cache(store_parts& parts, const cache_settings& configured, const pack_directory& packs);

  /// Reads what an operator set. @returns what is wrong with it; then the configuration counts.
  result<void> load_settings();
  /// See `pack_store::make_room`.
  result<void> make_room(std::uint64_t bytes);
  void touch(pack_id pack);
  void forget(pack_id pack) { runs_.forget(pack); }
  /// Looks at what came and went; what came since the last time came now.
  void follow() const;

  cache_report report() const override;
  result<void> change(const cache_override& wanted) override;
  cache_override overridden() const override;
  std::vector<cache_run> next_to_go() const override;
  result<eviction> evict(std::uint64_t bytes, bool dry_run) override;
  result<eviction> evict_to_quota(bool dry_run) override;
  result<eviction> evict_pieces(pack_id pack, const piece_set& pieces, bool dry_run) override;
  result<eviction> evict_idle() override;
  void used(pack_id pack, const piece_set& pieces) override;
  void set_copies(pack_id pack, std::span<const cache_copies> runs) override;
  void on_eviction(eviction_listener listener) override;

private:
  [[nodiscard]] cache_settings settings() const;
  void apply(const cache_override& wanted);
  /// What `evict` would drop.
  [[nodiscard]] eviction foresee(std::uint64_t bytes) const;
  result<eviction> drop(const std::vector<pieces_to_drop>& drops);
  void tell(const eviction& gone) const;

  store_parts& parts_;
  const cache_settings configured_;
  const pack_directory& packs_;
  mutable pack_runs runs_;
  /// Held for a whole eviction; before a pack's own locks.
  std::mutex eviction_mutex_;
  /// For what follows.
  mutable std::mutex settings_mutex_;
  cache_override override_;
  eviction_listener listener_;
};

/// The override as text: a line a setting. Drawn in swarm/store/README.md.
std::string encode_cache_override(const cache_override& set);
/// The inverse. @returns errc::corrupt saying what is wrong.
result<cache_override> decode_cache_override(std::string_view text);

} // namespace shoal::swarm
