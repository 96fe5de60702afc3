#include "tools/simulator/swarm_model.hpp"

#include "tools/simulator/swarm_model_state.hpp"
#include "topology/peer_choice.hpp"

#include <algorithm>

namespace shoal::simulator {

using topology::piece_route;

namespace {

/// As swarm/torrent: more holders than this only split the same bandwidth.
constexpr std::size_t holders_at_once = 8;
/// How many holders an index names (actors/swarm_index).
constexpr std::uint32_t holders_named = 16;

} // namespace

swarm_model::swarm_model(event_queue& events, flow_network& links, link_tree& tree,
                         swarm_model_config config)
    : events_{events}, links_{links}, tree_{tree}, config_{config},
      piece_count_{static_cast<std::uint32_t>((config.pack_bytes + config.piece_bytes - 1) /
                                              config.piece_bytes)},
      random_{config.seed} {
  SHOAL_ASSERT(config.pack_bytes > 0);
}

swarm_model::~swarm_model() = default;

topology::instant swarm_model::instant_now() const {
  // The epoch means "never" to the policies: the simulation begins an hour later.
  const std::chrono::duration<double> since{events_.now() * config_.policy_clock_rate + 3600};
  return topology::instant{std::chrono::duration_cast<std::chrono::nanoseconds>(since)};
}

std::uint32_t swarm_model::piece_length(std::uint32_t piece) const {
  const auto begin = std::uint64_t{piece} * config_.piece_bytes;
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(config_.piece_bytes, config_.pack_bytes - begin));
}

std::uint32_t swarm_model::add(swarm_member who, std::uint32_t link, bool holder) {
  nodes_.push_back(std::make_unique<node>(piece_count_, holder));
  auto& one = *nodes_.back();
  one.who = std::move(who);
  one.link = link;
  one.holder = holder;
  return static_cast<std::uint32_t>(nodes_.size() - 1);
}

void swarm_model::add_holder(swarm_member who, std::uint32_t link) {
  add(std::move(who), link, true);
}

void swarm_model::add_fetcher(swarm_member who, std::uint32_t link) {
  const auto number = add(std::move(who), link, false);
  auto& one = *nodes_[number];
  one.position = static_cast<std::uint32_t>(fetchers_.size());
  fetchers_.push_back(number);
  outcome_.finished_s.push_back(0);
  one.plan = std::make_unique<swarm::route_plan>(
      config_.pack_key, piece_count_, topology::fetcher{one.who.name, one.who.where},
      topology::late_owners_config{});
}

void swarm_model::start() {
  SHOAL_ASSERT(fetchers_.size() < nodes_.size());
  unfinished_ = fetchers_.size();
  for (const auto number : fetchers_) {
    const auto begin = nodes_[number]->who.start_s + config_.start_delay_s;
    events_.at(begin, [this, number] { join(number); });
  }
}

void swarm_model::join(std::uint32_t who) {
  joined_.push_back(who);
  nodes_[who]->joined = true;
  use_holders(who);
  show(who);
  look(who);
  events_.after(config_.rest_interval_s / config_.policy_clock_rate, [this, who] { announce_rest(who); });
  if (std::exchange(views_due_, true)) return;
  events_.after(config_.view_delay_s, [this] {
    views_due_ = false;
    for (const auto one : joined_)
      show(one);
  });
}

// The index tells a host who fetches: everybody.
void swarm_model::show(std::uint32_t who) {
  auto& one = *nodes_[who];
  std::vector<topology::fetcher> fetchers;
  for (const auto number : joined_)
    fetchers.push_back({nodes_[number]->who.name, nodes_[number]->who.where});
  std::vector<topology::place> sources;
  for (const auto& any : nodes_) {
    if (any->holder) sources.push_back(any->who.where);
  }
  one.plan->set_fetchers(std::move(fetchers), std::move(sources), instant_now());
  for (const auto number : joined_) {
    if (number == who) continue;
    const auto route = topology::route_between(one.who.where, nodes_[number]->who.where);
    connect(who, number, route);
  }
  if (one.missing.empty()) return;
  one.plan->look_at_self(one.missing, sight{*this, one}, instant_now());
  reroute_all(who);
}

void swarm_model::use_holders(std::uint32_t who) {
  const auto& one = *nodes_[who];
  std::vector<topology::peer_candidate> holders;
  for (const auto& any : nodes_) {
    if (any->holder) holders.push_back({any->who.name, any->who.where, true});
  }
  auto chosen = topology::choose_holders(std::move(holders), one.who.name, one.who.where,
                                         holders_named);
  // The nearest, and those as near.
  std::size_t count = 0;
  const auto far = [&](std::size_t i) {
    return topology::distance_between(one.who.where, chosen[i].where);
  };
  while (count < chosen.size() && count < holders_at_once && far(count) == far(0))
    ++count;
  for (std::uint32_t number = 0; number < nodes_.size(); ++number) {
    const auto named = [&](const auto& holder) { return holder.host == nodes_[number]->who.name; };
    const auto end = chosen.begin() + static_cast<std::ptrdiff_t>(count);
    if (nodes_[number]->holder && std::any_of(chosen.begin(), end, named)) {
      connect_one_way(number, who, piece_route::source);
    }
  }
}

void swarm_model::connect(std::uint32_t a, std::uint32_t b, piece_route route) {
  const auto key = std::uint64_t{std::min(a, b)} << 32 | std::max(a, b);
  if (!connected_.insert(key).second) return;
  connect_one_way(a, b, route);
  connect_one_way(b, a, route);
}

void swarm_model::connect_one_way(std::uint32_t from, std::uint32_t to, piece_route route) {
  const auto number = static_cast<std::uint32_t>(connections_.size());
  connections_.push_back(std::make_unique<connection>());
  auto& made = *connections_.back();
  made.from = from;
  made.to = to;
  made.route = route;
  made.window_bytes =
      route == piece_route::source ? config_.holder_queue_bytes : config_.fetcher_queue_bytes;
  tree_.path(nodes_[from]->link, nodes_[to]->link, made.path);
  made.offers = nodes_[from]->have;
  auto& available = nodes_[to]->available[static_cast<std::size_t>(route)];
  for_each_bit(made.offers, [&](std::uint32_t piece) {
    ++available[piece];
    nodes_[to]->note(piece);
  });
  made.coming = bits(made.offers.size());
  for_each_bit(nodes_[from]->asked, [&](std::uint32_t piece) {
    if (nodes_[from]->asked_by[piece] < static_cast<std::int8_t>(route)) hear_coming(made, piece);
  });
  nodes_[to]->sources.push_back(number);
  nodes_[from]->listeners[static_cast<std::size_t>(route)].push_back(number);
}

void swarm_model::look(std::uint32_t who) {
  auto& one = *nodes_[who];
  if (one.missing.empty()) return;
  const sight seen{*this, one};
  for (const auto number : one.sources) {
    auto& by = *connections_[number];
    if (by.route == piece_route::source || by.heard <= by.heard_told) continue;
    by.heard_told = by.heard;
    one.plan->heard(nodes_[by.from]->who.name, instant_now());
  }
  one.plan->look_at_self(one.missing, seen, instant_now());
  one.plan->look_for_late(one.missing, seen, instant_now());
  reroute_all(who);
  events_.after(config_.look_interval_s / config_.policy_clock_rate, [this, who] { look(who); });
}

// Asks the plan where a piece is to come from now. @returns whether that changed.
bool swarm_model::reroute(node& one, std::uint32_t piece) {
  const auto current = one.where[piece];
  const auto now_by = current < 0 ? std::nullopt : std::optional{static_cast<piece_route>(current)};
  const auto next = one.plan->route(piece, now_by, sight{*this, one}, instant_now());
  const auto code = next ? static_cast<std::int8_t>(*next) : std::int8_t{-1};
  if (code == current) return false;
  one.where[piece] = code;
  one.note(piece, current);
  return true;
}

void swarm_model::reroute_all(std::uint32_t who) {
  auto& one = *nodes_[who];
  one.missing.for_each([&](std::uint32_t piece) { reroute(one, piece); });
  ask_everybody(who);
}

void swarm_model::ask_everybody(std::uint32_t who) {
  const auto& one = *nodes_[who];
  const auto nothing = std::array<std::uint32_t, 5>{};
  for (const auto number : one.sources) {
    if (one.open_count == nothing) return;
    ask(number);
  }
}

// Fills a connection's queue of requests.
void swarm_model::ask(std::uint32_t number) {
  auto& by = *connections_[number];
  auto& one = *nodes_[by.to];
  if (!one.joined || one.open_count[static_cast<std::size_t>(by.route)] == 0) return;
  while (by.asked_bytes < by.window_bytes) {
    const auto piece = pick(one, by);
    if (piece == no_piece) break;
    set_bit(one.asked, piece);
    one.asked_by[piece] = static_cast<std::int8_t>(by.route);
    if (by.route != piece_route::inner) {
      events_.after(config_.request_notice_delay_s, [this, who = by.to, piece, route = by.route] {
        say_coming(who, piece, route);
      });
    }
    one.note(piece);
    by.queue.push_back(piece);
    by.asked_bytes += piece_length(piece);
  }
  if (by.busy || by.queue.empty()) return;
  by.busy = true;
  const auto bytes = piece_length(by.queue.front()) * config_.wire_factor;
  by.flow = links_.start(by.path, bytes, config_.connection_bytes_per_second_max,
                         [this, number] { arrived(number); });
}

// The rarest of the pieces wanted by that route that this peer has; among equals any.
std::uint32_t swarm_model::pick(const node& one, const connection& by) {
  const auto route = static_cast<std::size_t>(by.route);
  const auto& open = one.open[route];
  return rarest_bit(
      open.size(), random_() % (open.size() * 64), no_piece,
      [&](std::size_t at) { return open[at] & by.offers[at]; }, one.available[route]);
}

// The piece at the head of a connection's queue is through.
void swarm_model::arrived(std::uint32_t number) {
  auto& by = *connections_[number];
  auto& one = *nodes_[by.to];
  const auto piece = by.queue.front();
  by.queue.erase(by.queue.begin());
  by.asked_bytes -= piece_length(piece);
  by.heard = events_.now();
  clear_bit(one.asked, piece);
  one.note(piece);
  ++outcome_.pieces_by_route[static_cast<std::size_t>(by.route)];
  if (has_bit(one.have, piece))
    ++outcome_.duplicate_pieces;
  else
    store(by.to, piece, by.route);
  // What is asked for now follows at once on the same connection.
  by.busy = true;
  ask(number);
  by.busy = !by.queue.empty();
  if (!by.busy) return;
  const auto bytes = piece_length(by.queue.front()) * config_.wire_factor;
  links_.extend(by.flow, bytes, [this, number] { arrived(number); });
}

void swarm_model::store(std::uint32_t who, std::uint32_t piece, piece_route by) {
  auto& one = *nodes_[who];
  set_bit(one.have, piece);
  one.missing.erase(piece);
  const auto current = std::exchange(one.where[piece], std::int8_t{-1});
  one.note(piece, current);
  one.plan->arrived(by, piece, instant_now());
  events_.after(config_.announce_delay_s, [this, who, piece, by] { announce(who, piece, by); });
  if (one.missing.empty()) {
    outcome_.finished_s[one.position] = events_.now();
    --unfinished_;
    return;
  }
  if (!one.plan->settling(instant_now())) return;
  one.plan->look_at_self(one.missing, sight{*this, one}, instant_now());
  reroute_all(who);
}

void swarm_model::announce(std::uint32_t who, std::uint32_t piece, piece_route from) {
  auto& one = *nodes_[who];
  bool all_told = true;
  for (std::size_t i = 0; i < one.listeners.size(); ++i) {
    const auto& listeners = one.listeners[i];
    if (listeners.empty()) continue;
    const auto route = static_cast<piece_route>(i);
    const bool urgent = one.missing.empty() || route == piece_route::inner || from < route ||
                        one.plan->brings_to(route, piece);
    all_told = all_told && urgent;
    if (!urgent) continue;
    for (const auto number : listeners)
      tell(*connections_[number], number, piece);
  }
  if (!all_told) one.unannounced.push_back(piece);
}

// Word by word: most of what waited until now its listeners have from somebody else.
void swarm_model::announce_rest(std::uint32_t who) {
  auto& one = *nodes_[who];
  bits news(one.have.size());
  for (const auto piece : std::exchange(one.unannounced, {}))
    set_bit(news, piece);
  for (const auto& listeners : one.listeners) {
    for (const auto number : listeners) {
      auto& to = *connections_[number];
      const auto& peer = *nodes_[to.to];
      if (peer.missing.empty()) continue;
      for (std::size_t at = 0; at < news.size(); ++at) {
        if (news[at] == 0) continue;
        for_each_bit(news[at] & ~to.offers[at] & ~peer.have[at], at,
                     [&](std::uint32_t piece) { tell(to, number, piece); });
      }
    }
  }
  if (one.missing.empty() && one.unannounced.empty()) return;
  events_.after(config_.rest_interval_s / config_.policy_clock_rate, [this, who] { announce_rest(who); });
}

// Those who are nearer than the piece comes from hear that it comes.
void swarm_model::say_coming(std::uint32_t who, std::uint32_t piece, piece_route by) {
  const auto& one = *nodes_[who];
  if (has_bit(one.have, piece)) return;
  for (auto i = static_cast<std::size_t>(by) + 1; i < one.listeners.size(); ++i) {
    for (const auto number : one.listeners[i])
      hear_coming(*connections_[number], piece);
  }
}

void swarm_model::hear_coming(connection& to, std::uint32_t piece) {
  auto& peer = *nodes_[to.to];
  if (has_bit(to.offers, piece) || has_bit(peer.have, piece)) return;
  peer.plan->coming(to.route, piece, instant_now());
  if (has_bit(to.coming, piece)) return;
  set_bit(to.coming, piece);
  ++peer.coming[static_cast<std::size_t>(to.route)][piece];
  if (peer.where[piece] >= 0) reroute(peer, piece);
}

// A peer hears that the piece is there.
void swarm_model::tell(connection& to, std::uint32_t number, std::uint32_t piece) {
  auto& peer = *nodes_[to.to];
  if (has_bit(to.offers, piece) || has_bit(peer.have, piece)) return;
  set_bit(to.offers, piece);
  if (has_bit(to.coming, piece)) {
    clear_bit(to.coming, piece);
    --peer.coming[static_cast<std::size_t>(to.route)][piece];
  }
  to.heard = events_.now();
  ++peer.available[static_cast<std::size_t>(to.route)][piece];
  ++outcome_.announcements;
  peer.note(piece);
  peer.plan->announced(nodes_[to.from]->who.name, instant_now());
  peer.plan->offered(to.route, piece, instant_now());
  // What somebody nearer has need not come from far; and it may be our turn now.
  const auto current = peer.where[piece];
  const auto route = static_cast<std::int8_t>(to.route);
  if (current < route && reroute(peer, piece) && peer.where[piece] != route) {
    return ask_everybody(to.to);
  }
  if (peer.where[piece] == route) ask(number);
}

} // namespace shoal::simulator
