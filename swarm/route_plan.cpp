#include "swarm/route_plan.hpp"

#include "topology/even_pace.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace shoal::swarm {

using topology::instant;
using topology::piece_route;

namespace {

/// How many hosts of a rack may ask for a piece for each one that has it. Two, so that one that
/// does not want it stops nobody.
constexpr std::uint32_t askers_per_haver = 2;
/// So many own pieces are worth holding back what others have.
constexpr std::uint32_t own_first_pieces = 2;
/// How long others go first, at least.
constexpr auto turn_patience = std::chrono::milliseconds{300};

/// How long a piece may lie in another rack before somebody else than its owner brings it in.
constexpr auto outside_patience = std::chrono::milliseconds{2000};
/// How long a host that begins waits to meet those who began before and are nearer than what it would
/// fetch: until then it does not know what they have and are getting.
constexpr auto meeting_time = std::chrono::milliseconds{400};
/// From a connection until its other end has said that.
constexpr auto greeting_time = std::chrono::milliseconds{20};
/// How many hosts, and which part of all, may be away for how long after the list of fetchers changed.
constexpr std::ptrdiff_t crowd_min = 4;
constexpr std::ptrdiff_t crowd_part = 4;
constexpr auto crowd_patience = std::chrono::milliseconds{6000};
/// How far a host may be ahead of the others with its own pieces.
constexpr std::uint32_t ahead_pieces_min = 3;
/// Views that change more often than this belong to a swarm that is forming.
constexpr std::uint32_t alone_pieces = 4;
constexpr auto settling_time = std::chrono::milliseconds{100};
constexpr auto ahead_time = std::chrono::milliseconds{400};

} // namespace

route_plan::route_plan(std::uint64_t pack_key, std::uint32_t piece_count, topology::fetcher self,
                       topology::late_owners_config late)
    : pack_key_{pack_key}, piece_count_{piece_count}, self_{std::move(self)}, config_{late},
      late_{late}, own_window_{piece_count, true} {
  offered_.fill(std::vector<instant>(piece_count));
  coming_.fill(std::vector<instant>(piece_count));
}

void route_plan::set_fetchers(std::vector<topology::fetcher> fetchers,
                              std::vector<topology::place> sources, instant now) {
  std::sort(sources.begin(), sources.end());
  std::sort(fetchers.begin(), fetchers.end(),
            [](const auto& a, const auto& b) { return a.host < b.host; });
  const auto last = std::unique(fetchers.begin(), fetchers.end(),
                                [](const auto& a, const auto& b) { return a.host == b.host; });
  fetchers.erase(last, fetchers.end());
  const auto is_self = [&](const auto& one) { return one.host == self_.host; };
  if (std::none_of(fetchers.begin(), fetchers.end(), is_self)) fetchers.push_back(self_);
  if (fetchers_.empty()) {
    started_ = last_arrival_ = busy_at_ = now;
    elders_ = fetchers;
  }
  if (fetchers == fetchers_ && sources == sources_ && !assigned_.empty()) return;
  fetchers_ = std::move(fetchers);
  sources_ = std::move(sources);
  changed_ = now;
  // Who was dead gets another chance only when the index still counts on it in a changed list.
  dead_.clear();
  assign(now);
}

void route_plan::assign(instant now) {
  assigned_ = assignments_without(dead_);
  living_ = fetchers_;
  std::erase_if(living_, [&](const auto& one) {
    return std::find(dead_.begin(), dead_.end(), one.host) != dead_.end();
  });
  std::vector<std::string> owners;
  for (const auto& one : living_) {
    if (one.host != self_.host) owners.push_back(one.host);
  }
  late_.watch(owners, now);
  rank();
  // Taken over under rules that hold no longer.
  taken_over_.clear();
}

std::vector<topology::piece_assignment>
route_plan::assignments_without(const std::vector<std::string>& excluded) const {
  auto list = fetchers_;
  std::erase_if(list, [&](const auto& one) {
    return one.host != self_.host &&
           std::find(excluded.begin(), excluded.end(), one.host) != excluded.end();
  });
  return topology::piece_assignments(pack_key_, piece_count_, list, sources_, self_.host);
}

std::string route_plan::owner_of(std::uint32_t piece) const {
  return living_[assigned_[piece].owner].host;
}

bool route_plan::brings_to(piece_route route, std::uint32_t piece) const {
  return assigned_.empty() || assigned_[piece].route < route || taken_over_.contains(piece);
}

void route_plan::announced(const std::string& host, instant now) { late_.announced(host, now); }

void route_plan::heard(const std::string& host, instant when) { late_.heard(host, when); }

void route_plan::connected(const std::string& host, bool up, instant now) {
  late_.connected(host, up, now);
}

void route_plan::offered(piece_route where, std::uint32_t piece, instant now) {
  auto& since = offered_[static_cast<std::size_t>(where)][piece];
  if (since == instant{}) since = now;
}

void route_plan::coming(piece_route where, std::uint32_t piece, instant now) {
  auto& since = coming_[static_cast<std::size_t>(where)][piece];
  if (since == instant{}) since = now;
}

void route_plan::arrived(piece_route by, std::uint32_t piece, instant now) {
  // What was taken over does not show that the others have begun to bring theirs.
  if (taken_over_.erase(piece) > 0) return;
  last_arrival_ = now;
  if (by == piece_route::inner || by > own_route_) return;
  // Where this host owns something of holders', only that tells how fast owners are.
  if (by < own_route_) own_arrivals_ = 0;
  own_route_ = by;
  last_own_arrival_ = now;
  ++own_arrivals_;
}

std::chrono::nanoseconds route_plan::usual_interval() const {
  if (own_arrivals_ == 0) return {};
  return std::chrono::nanoseconds{last_own_arrival_ - started_} / own_arrivals_;
}

// Hosts rank differently for each piece, and everybody computes the same ranks.
void route_plan::rank() {
  rank_.assign(piece_count_, 0);
  std::vector<std::uint64_t> mates;
  for (const auto& one : living_) {
    if (one.where == self_.where && one.host != self_.host) {
      mates.push_back(topology::host_score(pack_key_, one.host));
    }
  }
  const auto mine = topology::host_score(pack_key_, self_.host);
  for (std::uint32_t piece = 0; piece < piece_count_; ++piece) {
    const auto score = topology::piece_score(mine, piece);
    for (const auto mate : mates)
      rank_[piece] += topology::piece_score(mate, piece) > score;
  }
}

bool route_plan::may_ask(std::uint32_t piece, std::uint32_t havers, instant now) const {
  if (rank_[piece] < askers_per_haver * std::max(havers, 1u)) return true;
  if (havers == 0) return false;
  // Whoever ranks before us may not want the piece, or be slow.
  const std::chrono::nanoseconds patience = turn_patience;
  const auto since = offered_[static_cast<std::size_t>(piece_route::inner)][piece];
  return now - since > std::max(patience, usual_interval() * 3);
}

// Hosts may differ on who is dead and then on who owns what: a piece that lies behind a border for
// long is taken by whoever ranks first for it, then by the next.
bool route_plan::overdue(piece_route where, std::uint32_t piece, instant now) const {
  const auto since = offered_[static_cast<std::size_t>(where)][piece];
  if (since == instant{}) return false;
  const std::chrono::nanoseconds patience = outside_patience + outside_patience / 4 * rank_[piece];
  return now - since > patience + usual_interval() * config_.silent_intervals;
}

// Somebody nearer than that route is getting the piece: most often its owner before the latest fetcher
// came. It is not fetched over that border a second time unless that takes long.
bool route_plan::comes_nearer(piece_route than, std::uint32_t piece, const swarm_sight& sight,
                              instant now) const {
  const std::chrono::nanoseconds patience =
      outside_patience + usual_interval() * config_.silent_intervals;
  return std::any_of(topology::fetcher_routes.begin(), topology::fetcher_routes.end(), [&](auto one) {
    return one > than && sight.coming(one, piece) > 0 &&
           now - coming_[static_cast<std::size_t>(one)][piece] <= patience;
  });
}

void route_plan::look_for_strangers(instant now) {
  stranger_.reset();
  if (now - started_ >= meeting_time) return;
  for (const auto& one : elders_) {
    if (one.host == self_.host || late_.up_since(one.host, now - greeting_time)) continue;
    const auto route = topology::route_between(self_.where, one.where);
    if (!stranger_ || route > *stranger_) stranger_ = route;
  }
}

// From the nearest of those beyond the rack who have it, across borders that are this host's to
// cross with it.
std::optional<piece_route> route_plan::from_outside(std::uint32_t piece, const swarm_sight& sight,
                                                    instant now) const {
  for (const auto route : {piece_route::racks, piece_route::clusters, piece_route::sites}) {
    if (sight.available(route, piece) == 0) continue;
    if (assigned_[piece].route <= route || overdue(route, piece, now)) return route;
  }
  return std::nullopt;
}

std::optional<piece_route> route_plan::route(std::uint32_t piece,
                                             std::optional<piece_route> current,
                                             const swarm_sight& sight, instant now) const {
  // What is being transferred finishes where it is.
  if (current && sight.available(*current, piece) > 0 && sight.under_way(*current, piece)) {
    return *current;
  }
  const auto havers = sight.available(piece_route::inner, piece);
  const auto taken = taken_over_.find(piece);
  const auto assigned = assigned_[piece].route;
  if (own_first_ && havers > 0) return std::nullopt;
  const auto outside = from_outside(piece, sight, now);
  const bool others_bring = assigned == piece_route::inner && taken == taken_over_.end();
  if (havers > 0 || (others_bring && !outside)) {
    if (current == piece_route::inner || may_ask(piece, havers, now)) return piece_route::inner;
    return std::nullopt;
  }
  const auto farthest = outside.value_or(assigned);
  if (taken == taken_over_.end() &&
      ((stranger_ && *stranger_ > farthest) || comes_nearer(farthest, piece, sight, now))) {
    return std::nullopt;
  }
  if (outside) return outside;
  if (assigned == piece_route::source) {
    if (own_window_.contains(piece)) return piece_route::source;
    return std::nullopt;
  }
  return taken != taken_over_.end() ? taken->second : assigned;
}

// Somebody who fetches has the piece, no farther away than by that route.
bool route_plan::offered_as_near(piece_route route, std::uint32_t piece,
                                 const swarm_sight& sight) {
  return std::any_of(topology::fetcher_routes.begin(), topology::fetcher_routes.end(),
                     [&](auto one) { return one >= route && sight.available(one, piece) > 0; });
}

// The missing pieces, by owner, that somebody else is to bring and nobody near has yet.
std::vector<std::uint32_t> route_plan::awaited(const piece_set& missing,
                                               const swarm_sight& sight) const {
  std::vector<std::uint32_t> counts(living_.size());
  missing.for_each([&](std::uint32_t piece) {
    const auto route = assigned_[piece].route;
    if (route == piece_route::source || offered_as_near(route, piece, sight)) return;
    ++counts[assigned_[piece].owner];
  });
  return counts;
}

void route_plan::look_at_self(const piece_set& missing, const swarm_sight& sight, instant now) {
  look_for_strangers(now);
  const auto others = awaited(missing, sight);
  std::uint32_t own = 0;
  missing.for_each([&](std::uint32_t piece) {
    own += assigned_[piece].route == piece_route::source &&
           sight.available(piece_route::inner, piece) == 0;
  });
  const auto awaited_sum = std::accumulate(others.begin(), others.end(), 0u);
  own_first_ = own >= own_first_pieces && awaited_sum < others.size();
  keep_pace(missing, sight, now);
}

void route_plan::keep_pace(const piece_set& missing, const swarm_sight& sight, instant now) {
  // What somebody offers or is getting must not take the place of what nobody else brings.
  const auto brought = [&](std::uint32_t piece) {
    return offered_as_near(piece_route::sites, piece, sight) ||
           comes_nearer(piece_route::source, piece, sight, now);
  };
  std::vector<std::uint32_t> unbrought(living_.size());
  missing.for_each([&](std::uint32_t piece) {
    if (brought(piece)) return;
    ++unbrought[assigned_[piece].source_owner];
  });
  std::uint32_t own = 0;
  std::vector<std::uint32_t> others;
  for (std::size_t i = 0; i < living_.size(); ++i) {
    if (living_[i].host == self_.host)
      own = unbrought[i];
    else if (late_.up(living_[i].host))
      others.push_back(unbrought[i]);
  }
  auto left = topology::own_pieces_window(own, std::move(others), ahead_pieces());
  if (settling(now)) left = std::min(left, living_.size() > 1 ? 1 : alone_pieces + 2 * own_arrivals_);
  own_window_ = piece_set{piece_count_};
  missing.for_each([&](std::uint32_t piece) {
    if (left == 0 || assigned_[piece].route != piece_route::source || brought(piece)) return;
    own_window_.insert(piece);
    --left;
  });
}

// While a swarm forms, most of what is asked for turns out to be somebody else's. Whoever seems to
// be alone begins slowly, too, but no slower than twice what comes.
bool route_plan::settling(instant now) const { return now - changed_ < settling_time; }

// What comes between two looks must not run dry.
std::uint32_t route_plan::ahead_pieces() const {
  const auto usual = usual_interval();
  if (usual.count() == 0) return ahead_pieces_min;
  const auto fitting = std::chrono::nanoseconds{ahead_time} / usual;
  return std::max(ahead_pieces_min, static_cast<std::uint32_t>(
                                        std::min<std::int64_t>(fitting, piece_count_)));
}

bool route_plan::look_for_late(const piece_set& missing, const swarm_sight& sight, instant now) {
  if (assigned_.empty() || living_.size() < 2 || missing.empty()) return false;
  for (const auto& one : living_)
    late_.connected(one.host, sight.connected_to(one.host), now);
  const auto counts = awaited(missing, sight);
  const bool many_away = many_are_away(now);
  std::vector<std::string> slow;
  bool deaths = false;
  for (std::size_t i = 0; i < living_.size(); ++i) {
    const auto& owner = living_[i].host;
    const auto verdict = late_.judge(owner, counts[i], usual_interval(), now);
    if (verdict == topology::owner_verdict::slow) slow.push_back(owner);
    if (verdict != topology::owner_verdict::dead) continue;
    if (many_away && !late_.up(owner)) continue;
    dead_.push_back(owner);
    deaths = true;
  }
  if (deaths) {
    assign(now);
    return true;
  }
  const bool took = idle(missing, now) && !slow.empty() && take_from_slow(slow, missing, sight);
  return take_when_stalled(missing, sight, now) || took;
}

// Hosts do not die in numbers while a swarm forms: they wait for a processor, as this one may, or are
// dialling one another.
bool route_plan::many_are_away(instant now) const {
  if (now - changed_ > crowd_patience) return false;
  const auto away = std::count_if(living_.begin(), living_.end(), [&](const auto& one) {
    return one.host != self_.host && !late_.up(one.host);
  });
  return away >= crowd_min && away * crowd_part > std::ssize(living_);
}

// Nothing of our own to fetch for a while: those who are behind had the link to themselves.
bool route_plan::idle(const piece_set& missing, instant now) {
  bool busy = false;
  missing.for_each([&](std::uint32_t piece) {
    busy = busy || assigned_[piece].route != piece_route::inner || taken_over_.contains(piece);
  });
  if (busy) busy_at_ = now;
  return now - busy_at_ > config_.slack / 2;
}

bool route_plan::take(std::uint32_t piece, piece_route route) {
  if (taken_over_.size() >= topology::late_window_pieces) return false;
  return taken_over_.emplace(piece, route).second;
}

bool route_plan::take_from_slow(const std::vector<std::string>& slow, const piece_set& missing,
                                const swarm_sight& sight) {
  auto excluded = dead_;
  excluded.insert(excluded.end(), slow.begin(), slow.end());
  const auto next = assignments_without(excluded);
  bool took = false;
  missing.for_each([&](std::uint32_t piece) {
    const auto owner = owner_of(piece);
    if (std::find(slow.begin(), slow.end(), owner) == slow.end()) return;
    if (next[piece].route == piece_route::inner) return;
    if (next[piece].route == assigned_[piece].route) return;
    if (sight.available(piece_route::inner, piece) > 0) return;
    took = take(piece, next[piece].route) || took;
  });
  return took;
}

bool route_plan::take_when_stalled(const piece_set& missing, const swarm_sight& sight,
                                   instant now) {
  const std::chrono::nanoseconds slack = config_.slack;
  if (now - last_arrival_ <= slack + usual_interval() * config_.silent_intervals) return false;
  bool took = false;
  // Each host begins elsewhere, so that a stalled swarm does not fetch the same pieces n times.
  const auto begin =
      assigned_.empty()
          ? 0u
          : static_cast<std::uint32_t>(std::hash<std::string>{}(self_.host) % piece_count_);
  for (std::uint32_t i = 0; i < piece_count_; ++i) {
    const auto piece = (begin + i) % piece_count_;
    if (!missing.contains(piece) || sight.available(piece_route::source, piece) == 0) continue;
    if (sight.available(piece_route::inner, piece) > 0) continue;
    if (assigned_[piece].route != piece_route::source)
      took = take(piece, piece_route::source) || took;
  }
  return took;
}

} // namespace shoal::swarm
