#include "swarm/holder_choice.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <tuple>
#include <utility>

namespace shoal::swarm {

using topology::instant;

namespace {

/// A prediction looks at this many equal parts of what is missing, at most.
constexpr std::uint64_t parts_max = 256;
constexpr std::uint64_t part_bytes_min = 256 * 1024;

double seconds(std::chrono::steady_clock::duration time) {
  return std::chrono::duration<double>{time}.count();
}

} // namespace

holder_choice::holder_choice(std::uint64_t pack_key, topology::fetcher self,
                             holder_choice_config config)
    : pack_key_{pack_key}, self_{std::move(self)}, config_{config} {}

topology::distance holder_choice::away(const known_holder& holder) const {
  return topology::distance_between(self_.where, holder.where);
}

void holder_choice::set_swarm(std::vector<known_holder> holders,
                              const std::vector<topology::fetcher>& fetchers, instant now) {
  std::erase_if(holders, [&](const auto& holder) { return holder.host == self_.host; });
  const auto order = [&](const known_holder& holder) {
    return std::tuple{away(holder), std::hash<std::string>{}(self_.host + '\n' + holder.host),
                      holder.host};
  };
  std::sort(holders.begin(), holders.end(),
            [&](const auto& a, const auto& b) { return order(a) < order(b); });
  const auto nearest_before = nearest_level();
  holders_ = std::move(holders);
  level_of_.clear();
  for (const auto& holder : holders_)
    level_of_[holder.host] = static_cast<std::size_t>(away(holder));
  extended_ = 0;
  if (nearest_before != nearest_level()) {
    // What was measured beside another nearest level says nothing now.
    levels_ = {};
    samples_ = {{now, all_bytes_}};
  }
  rank(fetchers);
}

void holder_choice::rank(const std::vector<topology::fetcher>& fetchers) {
  const auto mine = topology::host_score(pack_key_, self_.host);
  for (std::size_t far = 0; far < level_count; ++far) {
    levels_[far].sharers = 1;
    levels_[far].rank = 0;
    for (const auto& one : fetchers) {
      const auto inside =
          static_cast<std::size_t>(topology::distance_between(self_.where, one.where)) < far;
      if (!inside || one.host == self_.host) continue;
      ++levels_[far].sharers;
      levels_[far].rank += topology::host_score(pack_key_, one.host) > mine;
    }
  }
}

void holder_choice::received(const std::string& host, std::uint64_t bytes) {
  all_bytes_ += bytes;
  const auto found = level_of_.find(host);
  if (found != level_of_.end()) bytes_from_[found->second] += bytes;
}

void holder_choice::extend() { extended_ = chosen().size() + config_.holders_at_once; }

std::optional<std::size_t> holder_choice::nearest_level() const {
  if (holders_.empty()) return std::nullopt;
  return static_cast<std::size_t>(away(holders_.front()));
}

std::size_t holder_choice::count_in_use(std::size_t of_level) const {
  if (of_level == nearest_level()) return config_.holders_at_once;
  switch (levels_[of_level].state) {
  case standing::on_trial: return config_.tried_at_once;
  case standing::kept: return config_.farther_at_once;
  default: return 0;
  }
}

std::vector<std::string> holder_choice::chosen() const {
  std::vector<std::string> hosts;
  std::array<std::size_t, level_count> taken{};
  for (std::size_t i = 0; i < holders_.size(); ++i) {
    const auto far = static_cast<std::size_t>(away(holders_[i]));
    if (i < extended_ || taken[far] < count_in_use(far)) {
      hosts.push_back(holders_[i].host);
      ++taken[far];
    }
  }
  return hosts;
}

bool holder_choice::all_chosen() const { return chosen().size() == holders_.size(); }

/// What came in the window, from everybody; zero while that is not known.
double holder_choice::rate(instant now) const {
  if (samples_.empty() || now - samples_.front().when < config_.window) return 0;
  const auto bytes = static_cast<double>(all_bytes_ - samples_.front().bytes);
  return bytes / seconds(now - samples_.front().when);
}

/// When the last part of what is missing would be here.
double holder_choice::predicted_finish_s(std::vector<topology::piece_source> sources,
                                         std::uint64_t missing_bytes) const {
  topology::source_problem problem;
  problem.sources = std::move(sources);
  problem.groups.emplace_back(problem.sources.size());
  std::iota(problem.groups[0].begin(), problem.groups[0].end(), 0u);
  const auto parts = std::clamp<std::uint64_t>(missing_bytes / part_bytes_min, 1, parts_max);
  problem.pieces.assign(parts, {.bytes = missing_bytes / parts, .group = 0});
  return topology::last_finish_s(topology::choose_sources(problem, config_.policy));
}

/// Whether the fetch would end so much earlier with that level that its border may be crossed.
bool holder_choice::promises(std::size_t farther, double rate_without, double rate_beside,
                             double own_rate, std::uint64_t missing_bytes) const {
  // Nobody brings anything: whatever another level brings is better.
  constexpr double rate_min = 1;
  topology::piece_source nearer{.away = static_cast<topology::distance>(*nearest_level()),
                                .bytes_per_second = std::max(rate_without, rate_min)};
  const auto without_s = predicted_finish_s({nearer}, missing_bytes);
  if (without_s <= seconds(config_.finish_min)) return false;
  nearer.bytes_per_second = std::max(rate_beside, rate_min);
  const topology::piece_source other{.id = 1,
                                     .away = static_cast<topology::distance>(farther),
                                     .bytes_per_second = std::max(own_rate, rate_min)};
  return predicted_finish_s({nearer, other}, missing_bytes) * config_.gain_min <= without_s;
}

std::uint64_t holder_choice::trial_bytes(std::uint64_t wanted_bytes, const level& one) const {
  const auto part = static_cast<double>(wanted_bytes) / static_cast<double>(one.sharers);
  return std::max(config_.trial_bytes_min,
                  static_cast<std::uint64_t>(part * config_.trial_share));
}

/// Whether the domain's budget reaches for this host's trial after those that go first.
bool holder_choice::affordable(std::uint64_t wanted_bytes, const level& one) const {
  const auto each = trial_bytes(wanted_bytes, one) + config_.asked_ahead_bytes;
  return static_cast<double>(each * (one.rank + 1)) <=
         static_cast<double>(wanted_bytes) * config_.budget_share;
}

bool holder_choice::look(std::uint64_t missing_bytes, std::uint64_t wanted_bytes, instant now) {
  samples_.push_back({now, all_bytes_});
  while (samples_.size() > 2 && now - samples_[1].when >= config_.window)
    samples_.pop_front();
  if (missing_bytes == 0 || holders_.empty()) return false;
  return end_trial(missing_bytes, wanted_bytes, now) ||
         begin_trial(missing_bytes, wanted_bytes, now);
}

/// The nearest level that is not in use is tried, each once in a fetch, one at a time.
bool holder_choice::begin_trial(std::uint64_t missing_bytes, std::uint64_t wanted_bytes,
                                instant now) {
  const auto in_trial = [](const level& one) { return one.state == standing::on_trial; };
  if (std::any_of(levels_.begin(), levels_.end(), in_trial)) return false;
  if (now - samples_.front().when < config_.window) return false;
  const auto current = rate(now);
  for (const auto& holder : holders_) {
    // Between sites only what no nearer one has.
    if (away(holder) == topology::distance::other_site) return false;
    const auto far = static_cast<std::size_t>(away(holder));
    auto& one = levels_[far];
    if (far == nearest_level() || one.state != standing::untried) continue;
    // More than as much as all bring who are in use cannot be hoped for.
    if (!affordable(wanted_bytes, one) || missing_bytes < trial_bytes(wanted_bytes, one) ||
        !promises(far, current, current, current, missing_bytes)) {
      return false;
    }
    one.state = standing::on_trial;
    one.since = now;
    one.bytes_before = bytes_from_[far];
    one.all_bytes_before = all_bytes_;
    one.rate_without = current;
    return true;
  }
  return false;
}

bool holder_choice::end_trial(std::uint64_t missing_bytes, std::uint64_t wanted_bytes,
                              instant now) {
  for (std::size_t far = 0; far < level_count; ++far) {
    auto& one = levels_[far];
    if (one.state != standing::on_trial) continue;
    const auto own = bytes_from_[far] - one.bytes_before;
    const bool used_up = own >= trial_bytes(wanted_bytes, one);
    if (!used_up && now - one.since < config_.trial_max) return false;
    const auto lasted_s = std::max(seconds(now - one.since), 0.001);
    const auto own_rate = static_cast<double>(own) / lasted_s;
    const auto beside =
        static_cast<double>(all_bytes_ - one.all_bytes_before - own) / lasted_s;
    const bool pays = own > 0 && promises(far, one.rate_without, beside, own_rate, missing_bytes);
    one.state = pays ? standing::kept : standing::given_up;
    // The next level is judged against what this one changed.
    samples_ = {{now, all_bytes_}};
    return true;
  }
  return false;
}

} // namespace shoal::swarm
