// The pack store on a file system: which packs there are, and what concerns more than one of them.
//
// Threads: any. Locks are taken in the order structure, flush or eviction, a pack's own, packs.
// Errors and crashes: as promised by pack_store.hpp.
#pragma once

#include "swarm/store/file.hpp"
#include "swarm/store/pack_file.hpp"
#include "swarm/store/pack_store.hpp"
#include "swarm/store/store_cache.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace shoal::swarm {

/// Implements `pack_store`; making room is `store_cache`'s.
class disk_pack_store final : public pack_store, private pack_directory {
public:
  /// @pre `lock` is held and the directories exist.
  disk_pack_store(const pack_store_config& config, file lock);
  ~disk_pack_store() override;
  disk_pack_store(const disk_pack_store&) = delete;
  disk_pack_store& operator=(const disk_pack_store&) = delete;

  /// Finds the packs on the disk, removes what crashes left, and begins to work.
  result<void> start();

  result<void> add(const pack_descriptor& pack) override;
  result<void> forget(pack_id pack) override;
  std::optional<pack_descriptor> descriptor(pack_id pack) const override;
  std::vector<pack_status> packs() const override;
  piece_set have(pack_id pack) const override;
  result<void> put_piece(pack_id pack, std::uint32_t piece,
                         std::span<const std::byte> bytes) override;
  result<void> put_verified_piece(pack_id pack, std::uint32_t piece,
                                  std::span<const std::byte> bytes) override;
  result<void> read(pack_id pack, std::uint64_t offset_bytes,
                    std::span<std::byte> into) const override;
  bool read_cached(pack_id pack, std::uint64_t offset_bytes,
                   std::span<std::byte> into) const override;
  result<void> sync() override;
  result<std::unique_ptr<pack_writer>> begin_pack(std::uint32_t piece_bytes) override;
  result<void> pin(pack_id pack, const std::string& owner) override;
  result<void> unpin(pack_id pack, const std::string& owner) override;
  std::vector<std::string> pins(pack_id pack) const override;
  void touch(pack_id pack) override;
  result<void> make_room(std::uint64_t bytes) override { return cache_.make_room(bytes); }
  std::uint64_t room_bytes() const override;
  std::uint64_t held_bytes() const override { return parts_.space.held_bytes(); }
  std::uint64_t quota_bytes() const override { return parts_.space.quota_bytes(); }
  pack_cache* cache() override { return &cache_; }
  result<std::vector<scrub_finding>>
  scrub(std::optional<pack_id> only, const std::function<bool(std::uint64_t)>& progress) override;
  result<void> put_recipe(recipe_id id, std::string_view bytes) override;
  result<std::string> recipe_bytes(recipe_id id) const override;
  result<void> forget_recipe(recipe_id id) override;
  std::vector<std::string> warnings() const override;

  /// Makes a pack known whose bytes are `staged`, whole and durable; their space is `claimed`.
  /// After an error `staged` is where it was. @returns the pack as the store knows it.
  result<pack_descriptor> publish(const pack_descriptor& pack, const file& staged,
                                  space_claim& claimed);
  /// For the pack writers, which must all be gone before the store.
  space_account& space() { return parts_.space; }
  void writer_is_gone() { --writer_count_; }

private:
  using pack_pointer = std::shared_ptr<pack_file>;

  [[nodiscard]] pack_pointer find(pack_id pack) const override;
  [[nodiscard]] std::vector<pack_pointer> all() const override;
  void insert(pack_pointer pack);
  void warn(std::string text) const;
  void warn(const result<void>& done) const;

  result<void> clear_staging();
  result<void> load_packs();
  /// The pack of a descriptor, not loaded yet; nothing if it is damaged.
  pack_pointer describe(const std::filesystem::path& descriptor_path);
  void settle(pack_file& pack, const pack_file::loaded& found);
  void remove_orphans(const std::filesystem::path& directory);
  result<void> check_holes_are_supported() const;

  result<void> install(const pack_descriptor& pack, const file& staged, space_claim& claimed);
  result<void> complete(pack_file& pack, const file& staged, space_claim& claimed);
  result<void> flush_all();
  void flush_in_background();

  store_parts parts_;
  const file lock_;
  std::atomic<std::uint64_t> staging_names_ = 0;
  std::atomic<int> writer_count_ = 0;

  /// Held while packs come and go.
  std::mutex structure_mutex_;
  /// One flush at a time.
  std::mutex flush_mutex_;
  /// What a flush in the background lost since the last `sync`.
  std::optional<error> lost_;

  mutable std::shared_mutex packs_mutex_;
  std::unordered_map<pack_id, pack_pointer> packs_;
  mutable std::mutex warnings_mutex_;
  mutable std::vector<std::string> warnings_;
  store_cache cache_;

  std::thread flusher_;
};

} // namespace shoal::swarm
