// Who fetches a pack, as far as everybody was told: so that news name only who came and who went.
//
// Telling each of n fetchers of all n whenever one comes costs n^3 names for a burst of n; telling
// what changed costs n^2, once. Soft state on both sides: whoever missed news sees it by the
// revisions and asks for everybody.
//
// Threads: one owner calls it. Errors: none.
#pragma once

#include "topology/piece_bits.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace shoal::topology {

/// Somebody who fetches.
struct fetcher_record {
  std::string host;
  /// Tells what is known of the host from what was known of it before.
  std::size_t fingerprint = 0;

  friend auto operator<=>(const fetcher_record&, const fetcher_record&) = default;
};

/// What changed between two revisions. Who knows the fetchers as of `base` or later, up to
/// `revision`, knows those of `revision` by removing and adding these; by name.
struct fetcher_news {
  std::uint64_t base = 0;
  std::uint64_t revision = 0;
  /// Those who are known otherwise now, too.
  std::vector<std::string> came;
  std::vector<std::string> gone;
  /// The holders are not those of `base`.
  bool other_holders = false;

  [[nodiscard]] bool empty() const { return came.empty() && gone.empty() && !other_holders; }
};

class told_fetchers {
public:
  /// What changed since the last call, which is taken as told. Nothing is told while nothing changed,
  /// and `base` stays.
  /// @param now those who fetch, sorted, each once. @param holders tells one list of holders from another.
  fetcher_news tell(const pack_key& pack, std::uint64_t revision, std::span<const fetcher_record> now,
                    std::size_t holders);
  /// Somebody was told all of `now`, between two rounds of news: the next ones make up for it even
  /// if until then everything is again as it was.
  void answered(const pack_key& pack, std::span<const fetcher_record> now);
  /// Whether somebody who knows the fetchers as of `known` knows `now`.
  [[nodiscard]] bool knows_all(const pack_key& pack, std::uint64_t known,
                               std::span<const fetcher_record> now) const;
  /// Nobody fetches the pack any more.
  void forget(const pack_key& pack);

private:
  struct told {
    std::uint64_t revision = 0;
    std::vector<fetcher_record> fetchers;
    std::size_t holders = 0;
    /// In which answers since differed.
    std::set<std::string> differed;
  };
  std::unordered_map<pack_key, told, pack_key_hash> packs_;
};

} // namespace shoal::topology
