// Open pack files and loaded piece hashes, of as many packs as is cheap; the rest are closed and
// opened again when wanted.
//
// Threads: any. A hit takes a lock of its own pack only. Errors: from the file system, or
// errc::corrupt for a descriptor that no longer decodes.
#pragma once

#include "swarm/pack.hpp"
#include "swarm/store/file.hpp"
#include "swarm/store/store_layout.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <vector>

namespace shoal::swarm {

using piece_hashes = std::vector<digest>;

/// What of one pack is open now.
class pack_handle {
public:
  explicit pack_handle(pack_id pack) : pack_{pack} {}

private:
  friend class pack_handles;

  const pack_id pack_;
  mutable std::shared_mutex mutex_;
  std::shared_ptr<const file> data_;
  std::shared_ptr<const piece_hashes> hashes_;
  bool closed_ = false;
  /// Used since the search for something to close last came by.
  std::atomic<bool> recent_ = false;
};

/// Opens packs and closes those not used of late (second chance), so that 500 packs neither take
/// 500 descriptors nor all their hashes in memory.
class pack_handles {
public:
  static constexpr std::size_t open_packs_max = 256;
  static constexpr std::size_t hash_bytes_max = 8 * 1024 * 1024;

  explicit pack_handles(store_layout layout) : layout_{std::move(layout)} {}

  /// The pack's bytes. Stays usable as long as the caller keeps it.
  result<std::shared_ptr<const file>> data(const std::shared_ptr<pack_handle>& pack);
  /// The hash of each piece.
  result<std::shared_ptr<const piece_hashes>> hashes(const std::shared_ptr<pack_handle>& pack);
  /// Closes the pack for good: its names may be used for another file from now on.
  void close(const std::shared_ptr<pack_handle>& pack);

  [[nodiscard]] std::size_t open_count() const;

private:
  template <class Resource, class Load>
  result<std::shared_ptr<const Resource>>
  find_or_load(const std::shared_ptr<pack_handle>& pack,
               std::shared_ptr<const Resource> pack_handle::*slot, Load load);
  void make_place();
  void release(std::size_t at);

  const store_layout layout_;
  mutable std::mutex mutex_;
  /// Packs with something open; `hand_` goes round them.
  std::vector<std::shared_ptr<pack_handle>> open_;
  std::size_t hand_ = 0;
  std::size_t hash_bytes_ = 0;
};

} // namespace shoal::swarm
