// One index's table: which hosts hold which pieces of which packs, and who fetches them now.
//
// Threads: one owner calls it. Errors: an announcement that contradicts itself is refused whole.
// Crashes: soft state; hosts announce everything again (`complete`) to whoever takes over.
#pragma once

#include "topology/piece_bits.hpp"
#include "topology/piece_table.hpp"
#include "topology/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace shoal::topology {

/// What a host holds of a pack.
struct holding {
  pack_key pack{};
  /// At least 1; the same from every host.
  std::uint32_t piece_count = 0;
  bool all = false;
  /// Unless `all`: piece 0 in the lowest bit of the first byte, ceil(piece_count / 8) bytes, no
  /// bits past the end.
  std::string bitmap;

  friend bool operator==(const holding&, const holding&) = default;
};

/// What changed at a host. Each holding replaces what was known of that pack; one with no pieces
/// removes it.
struct announcement {
  std::string host;
  /// Grows each time the host starts. What an older session says is ignored; a newer one begins
  /// with an empty table.
  std::uint64_t session = 0;
  std::vector<holding> holdings;
  std::vector<pack_key> dropped;
  /// This is all the host has; everything else it announced is forgotten.
  bool complete = false;
};

/// A host in an answer.
struct holder {
  std::string host;
  bool all = false;
  /// As in `holding`; empty where `all`.
  std::string bitmap;

  friend bool operator==(const holder&, const holder&) = default;
};

/// A host that fetches a pack now.
struct pack_fetcher {
  std::string host;
  /// As in `holding`; empty: all that it lacks.
  std::string wanted;

  friend bool operator==(const pack_fetcher&, const pack_fetcher&) = default;
};

/// Everything known of one pack. Hosts by name.
struct pack_view {
  pack_key pack{};
  /// 0 while nobody has announced it.
  std::uint32_t piece_count = 0;
  std::vector<holder> holders;
  std::vector<pack_fetcher> fetchers;
  /// See `holder_table::revision`.
  std::uint64_t revision = 0;
};

/// How much the table knows.
struct holder_counts {
  std::size_t hosts = 0;
  std::size_t packs = 0;
  /// (pack, host) pairs that are held, and those that are being fetched.
  std::size_t holdings = 0;
  std::size_t fetches = 0;

  friend bool operator==(const holder_counts&, const holder_counts&) = default;
};

/// The table: a `piece_table` for those who speak in names and byte strings.
class holder_table {
public:
  /// Takes a whole announcement, or none of it.
  /// @returns the packs whose membership changed (see `revision`); none for an old session.
  /// errc::invalid_argument for a malformed bitmap; errc::conflict where a pack's count of pieces
  /// differs from what others said.
  result<std::vector<pack_key>> announce(const announcement& news);

  /// Adds and removes single pieces of a pack the host holds part of; cheaper to send than a
  /// bitmap. Errors and answer as `announce`.
  result<std::vector<pack_key>> change_pieces(const std::string& host, std::uint64_t session,
                                              const pack_key& pack, std::uint32_t piece_count,
                                              std::span<const std::uint32_t> added,
                                              std::span<const std::uint32_t> removed);

  /// The host fetches these packs from now on. @returns the packs whose membership changed.
  std::vector<pack_key> begin_fetch(const std::string& host, std::uint64_t session,
                                    std::span<const pack_key> packs, std::string_view wanted = {});
  /// It no longer does, whether it has them or gave up.
  std::vector<pack_key> end_fetch(const std::string& host, std::uint64_t session,
                                  std::span<const pack_key> packs);

  /// The host left or died: it holds and fetches nothing. Its session is remembered, so that what
  /// it said before it died cannot come back late under an older number.
  std::vector<pack_key> retire(const std::string& host);

  /// One view a pack, in the order asked; `except` (the asker) is left out of the holders.
  [[nodiscard]] std::vector<pack_view> lookup(std::span<const pack_key> packs,
                                              std::string_view except = {}) const;

  /// Grows whenever somebody begins or ends fetching the pack, or begins to hold, completes or
  /// drops it: what an actor tells the fetchers. Single pieces of a host that is in the swarm
  /// already do not count: peers tell each other. 0 for a pack nobody holds or fetches.
  [[nodiscard]] std::uint64_t revision(const pack_key& pack) const;

  [[nodiscard]] holder_counts counts() const;

private:
  struct host_state {
    std::string name;
    std::uint64_t session = 0;
  };
  struct fetch {
    std::uint32_t host = 0;
    std::string wanted;
  };
  using changes = std::set<pack_key>;

  std::optional<std::uint32_t> enter(const std::string& host, std::uint64_t session,
                                     changes& changed);
  [[nodiscard]] result<void> check(const holding& held) const;
  void put(std::uint32_t host, const holding& held, changes& changed);
  void drop(std::uint32_t host, const pack_key& pack, changes& changed);
  void forget(std::uint32_t host, changes& changed);
  void touch(const pack_key& pack, changes& changed);
  bool erase_fetch(std::uint32_t host, const pack_key& pack);

  /// Who holds what, by host number.
  piece_table table_;
  std::unordered_map<pack_key, std::vector<fetch>, pack_key_hash> fetches_;
  std::unordered_map<pack_key, std::uint64_t, pack_key_hash> revisions_;
  std::unordered_map<std::string, std::uint32_t> host_numbers_;
  std::vector<host_state> hosts_;
  std::uint64_t revision_ = 0;
};

} // namespace shoal::topology
