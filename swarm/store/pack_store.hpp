// The packs on this host's disk: sparse files, and which of their pieces are verified.
//
// Threads: every method may be called from any thread at any time; reads do not wait for writes.
// Errors:  returned. A full disk or quota is errc::no_space and leaves a working store.
// Crashes: at any moment, also of the machine: a piece that `have` reports after reopening is on
//          the disk and verified; what `sync` acknowledged is never lost.
#pragma once

#include "swarm/pack.hpp"
#include "swarm/piece_set.hpp"
#include "swarm/store/pack_cache.hpp"
#include "topology/result.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shoal::swarm {

/// Where a store lies and how much it may take.
struct pack_store_config {
  std::filesystem::path directory;
  /// Bytes of pieces kept at most; zero means no limit of our own. Lower evicts sooner.
  std::uint64_t quota_bytes = 0;
  /// Bytes left free on the file system; the store says no_space before the disk does.
  std::uint64_t reserve_bytes = 256ull * 1024 * 1024;
  /// What goes first when room is needed, and how many copies of it a site keeps at least.
  cache_policy_kind policy = cache_policy_kind::lru;
  std::uint32_t copies_floor = 0;
};

/// One pack as the store knows it.
struct pack_status {
  pack_id id;
  std::uint64_t length_bytes = 0;
  std::uint32_t piece_count = 0;
  std::uint32_t piece_count_held = 0;
  std::uint64_t held_bytes = 0;
  bool pinned = false;
  /// By the machine's clock; outlives the process.
  std::chrono::sys_time<std::chrono::nanoseconds> last_use{};
};

/// A bad piece found by `scrub`; it has been dropped from the set of pieces held.
struct scrub_finding {
  pack_id pack;
  std::uint32_t piece = 0;
};

/// The owner of the pin that a committed pack comes with, until the catalogue knows the pack.
inline constexpr const char* unregistered_pin = "unregistered";
/// The owner of the pin with which a publisher keeps what an image in the catalogue needs.
inline constexpr const char* publisher_pin = "publisher";

/// A pack being written by a publisher; invisible until committed. One thread uses it; it must be
/// gone before its store. Destroying it uncommitted removes it; so does a crash, when the store
/// opens next.
class pack_writer {
public:
  virtual ~pack_writer() = default;
  /// Appends stored bytes. @returns their offset in the pack, or errc::no_space.
  virtual result<std::uint64_t> append(std::span<const std::byte> bytes) = 0;
  [[nodiscard]] virtual std::uint64_t length_bytes() const = 0;
  /// Makes the pack known, whole, pinned by `unregistered_pin` and durable. Committing content that is
  /// here already is fine; what is answered then has the piece size it was first known with. After
  /// errc::no_space it may be tried again. @pre something was appended.
  virtual result<pack_descriptor> commit() = 0;
};

/// Packs on disk. Layout and record format: `swarm/store/README.md`.
class pack_store {
public:
  /// Opens or creates the store; a second process on the same directory gets errc::conflict.
  /// @returns errc::permission, errc::corrupt (naming the file) or errc::no_space.
  static result<std::unique_ptr<pack_store>> open(pack_store_config config);
  virtual ~pack_store() = default;

  /// Makes a pack known with no pieces; knowing it already is fine, unless with pieces of another
  /// size: errc::conflict. The descriptor must be checked.
  virtual result<void> add(const pack_descriptor& pack) = 0;
  /// Forgets a pack and frees its bytes. Unknown: fine. Pinned: errc::conflict.
  virtual result<void> forget(pack_id pack) = 0;
  [[nodiscard]] virtual std::optional<pack_descriptor> descriptor(pack_id pack) const = 0;
  [[nodiscard]] virtual std::vector<pack_status> packs() const = 0;

  /// The verified pieces; empty set of size 0 for an unknown pack.
  [[nodiscard]] virtual piece_set have(pack_id pack) const = 0;

  /// Verifies a whole piece against the descriptor and keeps it; keeping it twice is fine.
  /// Visible to `have` and `read` at once, durable after the next `sync` (also done in the
  /// background). @returns errc::corrupt, errc::no_space or errc::not_found.
  virtual result<void> put_piece(pack_id pack, std::uint32_t piece,
                                 std::span<const std::byte> bytes) = 0;
  /// As `put_piece`, for bytes whose piece hash the caller has just compared with the descriptor.
  virtual result<void> put_verified_piece(pack_id pack, std::uint32_t piece,
                                          std::span<const std::byte> bytes) = 0;
  /// Reads `into.size()` bytes. @returns errc::not_found if a piece in the range is not held.
  virtual result<void> read(pack_id pack, std::uint64_t offset_bytes,
                            std::span<std::byte> into) const = 0;
  /// As `read`, but only if no disk has to be waited for. @returns whether `into` was filled;
  /// otherwise `read` does it or says why not.
  virtual bool read_cached(pack_id pack, std::uint64_t offset_bytes,
                           std::span<std::byte> into) const {
    static_cast<void>(pack), static_cast<void>(offset_bytes), static_cast<void>(into);
    return false;
  }
  /// Everything put before is durable after this returns.
  virtual result<void> sync() = 0;

  /// A new pack for a publisher, of pieces of `piece_bytes`.
  virtual result<std::unique_ptr<pack_writer>> begin_pack(std::uint32_t piece_bytes) = 0;

  /// Pins nest: a pack is evictable when every pin has been taken back. Durable. An owner is 1 to
  /// 256 bytes of text; one may pin a pack several times. Taking back what is not there is fine.
  virtual result<void> pin(pack_id pack, const std::string& owner) = 0;
  virtual result<void> unpin(pack_id pack, const std::string& owner) = 0;
  /// The owners of the pack's pins, each as often as it pinned.
  [[nodiscard]] virtual std::vector<std::string> pins(pack_id pack) const = 0;
  /// Marks use of all of a pack, for the order of eviction; `pack_cache::used` of some pieces.
  virtual void touch(pack_id pack) = 0;
  /// Makes sure `bytes` more fit in quota and disk, evicting unpinned pieces (holes are punched)
  /// as the cache policy says. What is being written just then counts and cannot be evicted.
  /// @returns errc::no_space saying what would be needed; nothing is evicted if that is clear beforehand.
  virtual result<void> make_room(std::uint64_t bytes) = 0;

  /// The most that `make_room` could promise now. Examines the file system.
  [[nodiscard]] virtual std::uint64_t room_bytes() const {
    return std::numeric_limits<std::uint64_t>::max();
  }

  [[nodiscard]] virtual std::uint64_t held_bytes() const = 0;
  [[nodiscard]] virtual std::uint64_t quota_bytes() const = 0;
  /// The store as a cache; lives as long as the store. Null for a store that never evicts.
  [[nodiscard]] virtual pack_cache* cache() { return nullptr; }

  /// Re-reads and verifies every held piece (of one pack, or all); bad ones are dropped and told.
  /// `progress` gets bytes done and may answer false to stop.
  virtual result<std::vector<scrub_finding>>
  scrub(std::optional<pack_id> only, const std::function<bool(std::uint64_t)>& progress) = 0;

  /// Small named documents beside the packs (recipes): durable and checked by their SHA-256.
  virtual result<void> put_recipe(recipe_id id, std::string_view bytes) = 0;
  [[nodiscard]] virtual result<std::string> recipe_bytes(recipe_id id) const = 0;
  virtual result<void> forget_recipe(recipe_id id) = 0;

  /// What an operator should look at: damage found when the store opened (and what became of it),
  /// and failures in the background since. Sentences; the newest last, the oldest forgotten.
  [[nodiscard]] virtual std::vector<std::string> warnings() const = 0;
};

} // namespace shoal::swarm
