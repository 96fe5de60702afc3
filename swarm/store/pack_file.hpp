// One pack on this host's disk: a sparse file, the record of its verified pieces, and its pins.
//
// A piece goes through: busy (being written or punched) -> have (visible) -> durable (its data was
// synced; the next record names it). The record on the disk never names a piece that is not
// durable, and a piece is taken out of the record, durably, before its hole is punched.
//
// Threads: any. Reads do not wait for writes, syncs or evictions, nor these for reads.
// Errors:  returned; a failed piece is not visible.
// Crashes: see swarm/store/README.md.
#pragma once

#include "swarm/pack.hpp"
#include "swarm/piece_set.hpp"
#include "swarm/store/dirty_meter.hpp"
#include "swarm/store/have_record.hpp"
#include "swarm/store/pack_handles.hpp"
#include "swarm/store/pack_store.hpp"
#include "swarm/store/pin_record.hpp"
#include "swarm/store/space_account.hpp"
#include "swarm/store/store_layout.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

namespace shoal::swarm {

/// What all packs of a store share.
struct store_parts {
  explicit store_parts(const pack_store_config& config)
      : layout{config.directory},
        space{config.directory, config.quota_bytes, config.reserve_bytes}, handles{layout} {}

  const store_layout layout;
  space_account space;
  pack_handles handles;
  dirty_meter dirty;
};

/// One pack of a store.
class pack_file {
public:
  using time = std::chrono::sys_time<std::chrono::nanoseconds>;

  /// How many pieces were dropped and what they took.
  struct dropped {
    std::uint32_t piece_count = 0;
    std::uint64_t bytes = 0;
  };
  /// An eviction spares pinned packs, and gives up if the record cannot be written; a bad piece
  /// goes in any case.
  enum class drop_reason { eviction, bad_piece };

  /// Of `pack` only the shape is kept, not the hashes. Holds nothing until `load` or `adopt_whole`.
  pack_file(store_parts& parts, const pack_descriptor& pack);

  /// Writes empty data and record files for a new pack; existing ones stay. Neither known (that is
  /// for the descriptor) nor durable (the first flush is) yet.
  static result<void> create(const store_layout& layout, const pack_descriptor& pack);
  /// Writes a record that names `pieces`; it may not be durable yet.
  static result<file> write_new_record(const store_layout& layout, const pack_descriptor& pack,
                                       const piece_set& pieces);

  /// Puts the pins of a pack on the disk; none at all removes the file.
  static result<void> write_pins_file(const store_layout& layout, pack_id pack,
                                      const pin_counts& pins);

  /// The pins on the disk. If they cannot be read the pack stays pinned, by an owner that says so.
  static pin_counts read_pins(const store_layout& layout, pack_id pack,
                              std::vector<std::string>& warnings);

  /// What `load` found.
  struct loaded {
    /// What somebody should look at.
    std::vector<std::string> warnings;
    /// Pieces that are good but that nobody was ever promised: a crash came before their record,
    /// or between the record of their eviction and its hole.
    piece_set unpromised;
    /// Pieces with data that is not theirs.
    piece_set bad;
  };
  /// Takes over what the disk has. Pieces that the record does not name, or that it names and
  /// cannot be believed, are verified by their hashes. Before the pack is shared.
  loaded load();
  /// Puts the record right after `load`, then punches what is bad or not wanted. Before the pack
  /// is shared.
  result<void> settle(const loaded& found, bool keep_unpromised);
  /// All pieces are there, durable, and in the record. Before the pack is shared.
  void adopt_whole(space_claim claimed, pin_counts pins);

  [[nodiscard]] pack_id id() const { return shape_.id; }
  [[nodiscard]] std::uint32_t piece_bytes() const { return shape_.piece_bytes; }
  [[nodiscard]] std::uint32_t piece_length(std::uint32_t piece) const {
    return shape_.piece_length(piece);
  }
  [[nodiscard]] pack_status status() const;
  [[nodiscard]] piece_set have() const;
  /// Says which of the pack's contents somebody has seen; a new one has seen none.
  struct contents_mark {
    std::uint64_t generation = 0;
    std::uint32_t piece_count = 0;
    bool valid = false;

    friend bool operator==(const contents_mark&, const contents_mark&) = default;
  };
  /// What is held if it is not what `mark` says, which then says that.
  std::optional<piece_set> changed_since(contents_mark& mark) const;
  result<pack_descriptor> descriptor() const;

  /// Compares a piece with its hash.
  result<void> verify(std::uint32_t piece, std::span<const std::byte> bytes) const;
  /// Keeps a piece that has been verified.
  result<void> put(std::uint32_t piece, std::span<const std::byte> bytes);
  result<void> read(std::uint64_t offset_bytes, std::span<std::byte> into) const;
  bool read_cached(std::uint64_t offset_bytes, std::span<std::byte> into) const;
  /// Makes what was put durable. If the disk fails, what was not durable is dropped.
  result<void> flush();

  /// Drops those of `pieces` that are held, first from the record, then from the disk.
  result<dropped> drop(const piece_set& pieces, drop_reason reason);
  /// Re-reads a held piece from the disk, into `buffer`, which may be used again for the next.
  /// @returns whether it is good (or no longer held).
  result<bool> scrub_piece(std::uint32_t piece, std::vector<std::byte>& buffer) const;
  /// Takes the pack off the disk. @returns errc::conflict if it is pinned. After another error
  /// it may be forgotten all the same, with files left that the next open removes.
  result<void> forget();
  [[nodiscard]] bool is_forgotten() const;

  result<void> pin(const std::string& owner);
  result<void> unpin(const std::string& owner);
  [[nodiscard]] pin_counts pins() const;

  void touch(time now);
  [[nodiscard]] time last_use() const;
  /// Writes the last use where the next `load` finds it.
  void remember_use();

private:
  /// A new record has this in its newer slot.
  static constexpr std::uint64_t first_record_sequence = 1;

  [[nodiscard]] std::uint32_t piece_count() const { return shape_.piece_count(); }
  [[nodiscard]] std::uint64_t bytes_of(const piece_set& pieces) const;
  [[nodiscard]] piece_set touched_by(const std::vector<byte_range>& ranges, bool wholly) const;
  [[nodiscard]] bool holds_range(std::uint64_t offset_bytes, std::uint64_t length_bytes) const;
  result<void> require_piece(std::uint32_t piece, std::size_t length_bytes) const;
  result<void> write_piece(std::uint32_t piece, std::span<const std::byte> bytes) const;
  result<void> write_record();
  result<void> write_pins(const pin_counts& wanted);
  result<dropped> drop_locked(const piece_set& pieces, drop_reason reason);
  result<void> punch(const piece_set& pieces) const;
  piece_set load_record();
  result<void> load_data(const piece_set& believed, loaded& found);
  result<void> salvage(const piece_set& candidates, loaded& found);
  result<void> write_salvaged_record();
  void load_last_use();

  store_parts& parts_;
  /// Without its piece hashes.
  const pack_descriptor shape_;
  const std::shared_ptr<pack_handle> handle_;
  std::atomic<time> last_use_;
  std::atomic<bool> use_is_news_ = false;

  /// Held while the record or the pins on the disk change; before mutex_.
  std::mutex record_mutex_;
  std::uint64_t record_sequence_ = 0;
  /// The record on the disk does not say what durable_ says.
  bool record_is_behind_ = false;
  /// One of its slots, or both, cannot be read.
  bool record_is_damaged_ = false;

  /// For what follows; never held during input or output, except by a read that lost three times.
  mutable std::shared_mutex mutex_;
  std::condition_variable_any idle_;
  piece_set have_;
  piece_set dirty_;
  piece_set durable_;
  piece_set busy_;
  /// Changes when pieces leave have_: what a reader read meanwhile may be a hole.
  std::uint64_t generation_ = 0;
  bool forgotten_ = false;
  pin_counts pins_;
};

} // namespace shoal::swarm
