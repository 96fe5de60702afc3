// From which source each wanted piece should come: the one that is predicted to bring it first.
//
// VDN §III-C takes the nearest level that has a piece and leaves the other links idle. Here every
// level and the origin are used at once, each piece from where it would finish earliest, whole
// pieces, the most constrained pieces first; what may be in flight across each border is bounded.
// `nearest_first` is VDN's rule, for comparison.
//
// Threads: pure functions over values. Errors: an index out of range is our bug.
#pragma once

#include "topology/place.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

namespace shoal::topology {

/// How to choose.
enum class source_policy : std::uint8_t {
  /// The source with the earliest predicted finish, at any level.
  earliest_finish,
  /// The nearest level that has the piece, then the least busy source there; the origin last.
  nearest_first,
};

/// `earliest_finish` or `nearest_first`.
std::string_view to_string(source_policy policy);
/// The inverse; nothing for another name.
std::optional<source_policy> source_policy_of(std::string_view name);

/// One stream pieces can come over: a host, or the origin (image server, repository).
struct piece_source {
  /// The caller's name for it.
  std::uint32_t id = 0;
  distance away = distance::same_rack;
  /// Not a peer: `nearest_first` takes it only where no peer has the piece.
  bool origin = false;
  /// What one stream from there carries. Above 0.
  double bytes_per_second = 0;
  /// Until what is queued ahead at it is through, from now.
  double busy_s = 0;
};

/// A link that all sources at and beyond a distance share.
struct shared_link {
  /// Above 0; infinite where it never is what limits.
  double bytes_per_second = std::numeric_limits<double>::infinity();
  /// Until what is queued on it is through, from now.
  double busy_s = 0;
  /// How much may still be put in flight over it; pieces beyond stay without a source.
  std::uint64_t budget_bytes = std::numeric_limits<std::uint64_t>::max();
};

/// A piece that is wanted.
struct wanted_piece {
  std::uint64_t bytes = 0;
  /// Which of `source_problem::groups` have it now.
  std::uint32_t group = 0;
};

/// A source that does not have a piece yet: it arrives there.
struct arriving_piece {
  /// In `source_problem::pieces`.
  std::uint32_t piece = 0;
  /// In `source_problem::sources`.
  std::uint32_t source = 0;
  /// When it can be sent on, from now.
  double ready_s = 0;
};

/// All that a choice depends on.
struct source_problem {
  std::vector<piece_source> sources;
  /// Sets of sources that have the same pieces; numbers in `sources`. May be empty sets.
  std::vector<std::vector<std::uint32_t>> groups;
  std::vector<wanted_piece> pieces;
  /// In order of `piece`.
  std::vector<arriving_piece> arriving;
  /// By the nearest distance that crosses it: own network card (everything), the rack's border
  /// (same_cluster and beyond), the cluster's, the site's.
  std::array<shared_link, 4> borders;
};

inline constexpr std::uint32_t no_source = std::numeric_limits<std::uint32_t>::max();

/// Where a piece comes from.
struct piece_choice {
  /// In `source_problem::sources`; `no_source`: nobody has it, or the budgets are used up.
  std::uint32_t source = no_source;
  /// Its predicted arrival, from now.
  double finish_s = 0;

  friend bool operator==(const piece_choice&, const piece_choice&) = default;
};

/// One choice a piece, in the order of `problem.pieces`.
///
/// Greedy: pieces with the fewest sources choose first, each takes the earliest finish given what
/// was chosen before (optimal for equal pieces that all sources have). Deterministic: ties go to
/// the nearer source, then to the lower number. O((pieces + sources in groups) x log sources).
std::vector<piece_choice> choose_sources(const source_problem& problem, source_policy policy);

/// When the last of these arrives; 0 for none.
double last_finish_s(const std::vector<piece_choice>& choices);

} // namespace shoal::topology
