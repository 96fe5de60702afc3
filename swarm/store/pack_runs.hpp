// Runs of pieces and the policy that ranks them: what lies between the packs on the disk and a
// `cache_policy`.
//
// It looks at the packs when something is to be decided, instead of being told of every piece.
//
// Threads: any; calls lock it, and read packs meanwhile. Errors: none. Crashes: soft state.
#pragma once

#include "swarm/store/pack_cache.hpp"
#include "swarm/store/pack_file.hpp"

#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace shoal::swarm {

/// Pieces of a pack to drop.
struct pieces_to_drop {
  pack_id pack;
  piece_set pieces;
};

/// Who knows the packs.
class pack_directory {
public:
  virtual ~pack_directory() = default;
  [[nodiscard]] virtual std::shared_ptr<pack_file> find(pack_id pack) const = 0;
  [[nodiscard]] virtual std::vector<std::shared_ptr<pack_file>> all() const = 0;
};

/// See above. Its lock comes before those of the packs and of their directory.
class pack_runs {
public:
  using time = pack_file::time;

  /// `packs` outlives it.
  pack_runs(const cache_settings& settings, const pack_directory& packs);

  /// Learns what the packs hold and whether they are pinned.
  void follow(time now);
  /// `pieces` of the pack were read; a null pointer: all.
  void used(const std::shared_ptr<pack_file>& pack, const piece_set* pieces, time now);
  void forget(pack_id pack);
  void set_copies(pack_id pack, std::span<const cache_copies> runs);
  /// Another policy begins with what is held, in the order of the packs' last use.
  void change(const cache_settings& settings, time now);

  /// Takes runs worth `bytes` out of the order. What is not dropped then comes back with the next
  /// `follow`. Of the last run only as many pieces are taken as are needed, from its end: the
  /// beginning of a pack is what a VM that boots from it reads first.
  std::vector<pieces_to_drop> take(std::uint64_t bytes, time now);
  std::vector<pieces_to_drop> take_idle(time now);
  /// What `take` would answer.
  [[nodiscard]] std::vector<cache_run> foresee(std::uint64_t bytes, time now) const;

  [[nodiscard]] std::uint64_t evictable_bytes() const;
  [[nodiscard]] std::size_t run_count() const;
  [[nodiscard]] std::size_t memory_bytes() const;

private:
  struct known_pack {
    std::uint32_t number = 0;
    std::shared_ptr<pack_file> file;
    pack_file::contents_mark mark;
    bool pinned = false;
    /// Pieces held in each run, as the policy knows it.
    std::vector<std::uint16_t> held;
    std::uint64_t seen = 0;
  };

  known_pack& know(const std::shared_ptr<pack_file>& pack);
  void follow_all(time now);
  void follow_locked(const std::shared_ptr<pack_file>& pack, time now);
  void learn_pieces(known_pack& known, const piece_set& have, instant when);
  void forget_locked(const known_pack& known);
  std::vector<pieces_to_drop> drops(const std::vector<cache_victim>& victims, std::uint64_t bytes);

  const pack_directory& directory_;
  mutable std::mutex mutex_;
  std::unique_ptr<cache_policy> policy_;
  std::unordered_map<pack_id, known_pack> packs_;
  /// By number; numbers are used again.
  std::vector<pack_id> ids_;
  std::vector<std::uint32_t> free_numbers_;
  std::uint64_t round_ = 0;
};

} // namespace shoal::swarm
