// Which of the holders that were named a fetch should be connected to.
//
// VDN §III-C asks the nearest level that has a piece and leaves the other links idle, even where
// that level is a single busy host. Here the nearest level comes first, and the next one is tried
// with a small budget when that promises an earlier end; it is kept only if the whole fetch became
// faster, so that a border is crossed where it pays and nowhere else.
//
// Threads: a value of one thread; time is an argument.
#pragma once

#include "topology/border_owner.hpp"
#include "topology/late_owners.hpp"
#include "topology/place.hpp"
#include "topology/source_choice.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace shoal::swarm {

struct holder_choice_config {
  topology::source_policy policy = topology::source_policy::earliest_finish;
  /// Connections to holders of the nearest level; more only split the same bandwidth.
  std::size_t holders_at_once = 8;
  /// Of each farther level, when it is tried and when it is kept.
  std::size_t tried_at_once = 1;
  std::size_t farther_at_once = 4;
  /// What one trial may bring across its border: this share of a host's part of the pack, but no
  /// less than says something of a speed...
  double trial_share = 0.02;
  std::uint64_t trial_bytes_min = 1024 * 1024;
  /// ... besides what was asked for when it ends.
  std::uint64_t asked_ahead_bytes = 512 * 1024;
  /// All trials of a domain's fetchers together may bring this share of the pack into it. Where that
  /// is too little for all, those try who rank first.
  double budget_share = 0.05;
  /// How much earlier than without it a farther level must promise to end the fetch.
  double gain_min = 1.25;
  /// A fetch that ends sooner than this is left alone.
  std::chrono::milliseconds finish_min{3000};
  /// Over how long speed is measured.
  std::chrono::milliseconds window{2000};
  /// A trial that brought less than its budget ends after this time.
  std::chrono::milliseconds trial_max{2000};
};

/// A host that holds pieces, as an index named it.
struct known_holder {
  std::string host;
  topology::place where;

  friend bool operator==(const known_holder&, const known_holder&) = default;
};

class holder_choice {
public:
  /// @param pack_key ranks the fetchers of a domain; the same for all who fetch the pack.
  holder_choice(std::uint64_t pack_key, topology::fetcher self, holder_choice_config config = {});

  /// Those named by the latest answer of the index, and everybody who fetches. What was learnt of
  /// levels stays.
  void set_swarm(std::vector<known_holder> holders, const std::vector<topology::fetcher>& fetchers,
                 topology::instant now);
  /// `bytes` came from `host`, holder or fetcher.
  void received(const std::string& host, std::uint64_t bytes);
  /// The holders in use lack something that is wanted: the next ones are to be asked as well.
  void extend();

  /// Sees how fast the fetch is. Call about every 100 ms while it lasts.
  /// @returns whether `chosen` changed.
  bool look(std::uint64_t missing_bytes, std::uint64_t wanted_bytes, topology::instant now);

  /// Whom to be connected to, nearest first; within one level every host begins elsewhere, so that
  /// not all load the first of a list.
  [[nodiscard]] std::vector<std::string> chosen() const;
  /// Whether all holders that were named are chosen.
  [[nodiscard]] bool all_chosen() const;

private:
  enum class standing : std::uint8_t { untried, on_trial, kept, given_up };
  /// What is known of the holders of one level.
  struct level {
    standing state = standing::untried;
    /// Fetchers on this side of the border to it, and how many of those try before this host.
    std::size_t sharers = 1;
    std::size_t rank = 0;
    topology::instant since;
    /// Bytes that came from it when the trial began, and from everybody.
    std::uint64_t bytes_before = 0;
    std::uint64_t all_bytes_before = 0;
    /// The speed of the whole fetch without it.
    double rate_without = 0;
  };
  struct sample {
    topology::instant when;
    std::uint64_t bytes = 0;
  };
  static constexpr std::size_t level_count = 4;

  [[nodiscard]] topology::distance away(const known_holder& holder) const;
  [[nodiscard]] std::optional<std::size_t> nearest_level() const;
  [[nodiscard]] std::size_t count_in_use(std::size_t of_level) const;
  [[nodiscard]] double rate(topology::instant now) const;
  [[nodiscard]] double predicted_finish_s(std::vector<topology::piece_source> sources,
                                          std::uint64_t missing_bytes) const;
  [[nodiscard]] bool promises(std::size_t farther, double rate_without, double rate_beside,
                              double own_rate, std::uint64_t missing_bytes) const;
  bool begin_trial(std::uint64_t missing_bytes, std::uint64_t wanted_bytes, topology::instant now);
  bool end_trial(std::uint64_t missing_bytes, std::uint64_t wanted_bytes, topology::instant now);
  [[nodiscard]] std::uint64_t trial_bytes(std::uint64_t wanted_bytes, const level& one) const;
  [[nodiscard]] bool affordable(std::uint64_t wanted_bytes, const level& one) const;
  void rank(const std::vector<topology::fetcher>& fetchers);

  std::uint64_t pack_key_;
  topology::fetcher self_;
  holder_choice_config config_;
  /// In the order of choice.
  std::vector<known_holder> holders_;
  std::map<std::string, std::size_t> level_of_;
  std::array<level, level_count> levels_;
  std::array<std::uint64_t, level_count> bytes_from_{};
  std::uint64_t all_bytes_ = 0;
  std::deque<sample> samples_;
  /// Besides the nearest level, these many in order; zero: only as levels say.
  std::size_t extended_ = 0;
};

} // namespace shoal::swarm
