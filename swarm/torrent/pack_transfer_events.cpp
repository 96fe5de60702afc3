// What happens to a pack's transfer: pieces that arrive, peers that come, announce, lie and go.
#include "swarm/torrent/pack_transfer.hpp"

#include <algorithm>
#include <utility>

namespace shoal::swarm {

void pack_transfer::stored(channel_kind from, std::uint32_t piece,
                           const std::vector<digest>& leaves) {
  told_[static_cast<std::size_t>(from)].insert(piece);
  hand_over(from, piece, leaves);
  const auto now = clock::now();
  plan_.arrived(route_of(from), piece, now);
  where_[piece].reset();
  coming_here_.erase(piece);
  if (fetching_ && plan_.settling(now)) {
    plan_.look_at_self(missing(), *this, now);
    reroute_later();
  }
  const auto liars = corruption_.verified(piece, leaves);
  for (const auto& one : channels_) {
    if (one) one->take_senders(piece);
  }
  accuse(liars, piece);
  const bool first = news_.empty();
  news_.push_back(piece);
  if (first) {
    context_.post([self = shared_from_this()] { self->flush_news(); });
  }
}

// The moment a piece is stored it is announced to the peers of the other swarms as well. Across a
// border only by whoever is to bring it there, the rest once a second: else these announcements were
// more packets than all others together.
void pack_transfer::hand_over(channel_kind from, std::uint32_t piece,
                              const std::vector<digest>& leaves) {
  for (const auto kind : all_channels) {
    if (kind == from || !at(kind) || !at(kind)->ready()) continue;
    const auto route = route_of(kind);
    const bool at_border =
        route != topology::piece_route::source && route != topology::piece_route::inner;
    const bool urgent = !at_border || route_of(from) < route || plan_.brings_to(route, piece);
    if (fetching_ && !urgent) {
      leaves_.emplace(piece, leaves);
      continue;
    }
    // Before the call, which comes back here when the last block is in.
    told_[static_cast<std::size_t>(kind)].insert(piece);
    at(kind)->hand_over(piece);
  }
}

void pack_transfer::hand_over_rest() {
  const auto leaves = std::exchange(leaves_, {});
  for (const auto kind : all_channels) {
    auto& told = told_[static_cast<std::size_t>(kind)];
    if (!at(kind) || !at(kind)->ready()) continue;
    (pack_->stored - told).for_each([&](std::uint32_t piece) {
      told.insert(piece);
      // Without the hashes at hand the backend reads the piece again.
      const auto known = leaves.find(piece);
      pack_->handed_piece = piece;
      pack_->handed_leaves = known == leaves.end() ? nullptr : &known->second;
      at(kind)->hand_over(piece);
      pack_->handed_leaves = nullptr;
    });
  }
}

void pack_transfer::flush_news() {
  if (unloaded_) return;
  auto pieces = std::exchange(news_, {});
  if (!pieces.empty()) context_.events.on_pieces(pack_->descriptor.id, std::move(pieces));
  finish_if_done();
}

void pack_transfer::finish_if_done() {
  if (!fetching_ || !missing().empty()) return;
  fetching_ = false;
  idle_since_ = clock::now();
  finished_ = idle_since_;
  context_.events.on_fetched(pack_->descriptor.id);
}

void pack_transfer::mismatched(channel_kind from, std::uint32_t piece,
                               const std::vector<digest>& leaves) {
  piece_arrival arrival{leaves, {}};
  if (at(from)) arrival.senders = at(from)->take_senders(piece);
  const auto told = corruption_.failed(piece, std::move(arrival));
  accuse(told.guilty, piece);
  for (const auto& suspect : told.suspects) {
    const auto address = parse_address(suspect);
    context_.events.on_corrupt(pack_->descriptor.id, piece,
                               address ? context_.members.name(*address) : suspect, false);
  }
}

void pack_transfer::accuse(const std::vector<std::string>& guilty, std::uint32_t piece) {
  for (const auto& sender : guilty) {
    const auto address = parse_address(sender);
    if (!address || context_.members.banned(*address)) continue;
    context_.ban(*address);
    context_.events.on_corrupt(pack_->descriptor.id, piece, context_.members.name(*address), true);
  }
}

void pack_transfer::store_failed(const error& why) {
  if (!fetching_) return;
  stop_fetching();
  context_.events.on_failed(pack_->descriptor.id, why);
}

void pack_transfer::on_ready(channel& where) {
  // Inside libtorrent's own start of the torrent: act in a later turn.
  context_.post([self = shared_from_this(), kind = where.kind()] {
    const auto& one = self->at(kind);
    if (!one || !one->ready()) return;
    auto& told = self->told_[static_cast<std::size_t>(kind)];
    (self->pack_->stored - told).for_each([&](std::uint32_t piece) {
      told.insert(piece);
      one->hand_over(piece);
    });
    one->set_priorities(self->priorities(kind));
    one->dial(clock::now());
  });
}

void pack_transfer::on_opened(channel& where, connection& peer) {
  if (route_of(where.kind()) != topology::piece_route::source) {
    plan_.connected(context_.members.name(peer.remote.address()), true, clock::now());
  }
}

void pack_transfer::on_closed(channel&, connection&) { reroute_later(); }

void pack_transfer::on_announced(channel& where, connection& peer, std::uint32_t piece) {
  if (!fetching_) return;
  const auto route = route_of(where.kind());
  const bool fetches = route != topology::piece_route::source;
  if (fetches) {
    plan_.announced(context_.members.name(peer.remote.address()), clock::now());
  }
  if (pack_->stored.contains(piece)) return;
  if (fetches) plan_.offered(route, piece, clock::now());
  // What somebody nearer has need not come from far; and it may be our turn now.
  const auto current = where_[piece];
  const bool nearer = !current || static_cast<int>(*current) < static_cast<int>(where.kind());
  if (nearer || (route_of(*current) == route && *current != where.kind())) reroute_later(piece);
}

void pack_transfer::on_announced_many(channel& where, connection& peer) {
  reroute_later();
  if (coming_here_.empty() || route_of(where.kind()) == topology::piece_route::source) return;
  // Both sides have to say first what they have: in a later turn.
  context_.post([self = shared_from_this(), kind = where.kind(), remote = peer.remote] {
    const auto& channel = self->at(kind);
    if (!channel || !channel->ready()) return;
    for (const auto& one : channel->connections()) {
      if (one->remote == remote) self->say_what_comes(*channel, *one);
    }
  });
}

// To somebody who is met while pieces are on their way.
void pack_transfer::say_what_comes(const channel& where, const connection& peer) const {
  if (!peer.open || !peer.say_coming) return;
  for (const auto& [piece, from] : coming_here_) {
    if (from < route_of(where.kind()) && !peer.have.contains(piece)) peer.say_coming(piece);
  }
}

// Those who are nearer than the piece comes from need not fetch it over the same border, if they own
// it by now: the list of fetchers changes while pieces are on their way.
void pack_transfer::on_requested(channel& where, std::uint32_t piece) {
  const auto from = route_of(where.kind());
  if (!fetching_ || from == topology::piece_route::inner) return;
  const auto [known, is_new] = coming_here_.try_emplace(piece, from);
  if (!is_new && known->second <= from) return;
  known->second = from;
  for (const auto kind : fetcher_channels) {
    if (from < route_of(kind) && at(kind)) at(kind)->say_coming(piece);
  }
}

void pack_transfer::on_coming(channel& where, connection&, std::uint32_t piece) {
  if (!fetching_ || pack_->stored.contains(piece)) return;
  plan_.coming(route_of(where.kind()), piece, clock::now());
  if (where_[piece]) reroute_later(piece);
}

void pack_transfer::on_received(channel&, connection& peer, std::uint64_t bytes) {
  received_ += bytes;
  received_from_[peer.remote.address()] += bytes;
  holders_.received(context_.members.name(peer.remote.address()), bytes);
}

void pack_transfer::on_sent(channel&, std::uint64_t bytes) { sent_ += bytes; }

std::uint32_t pack_transfer::request_queue(const channel& where, const lt::address& peer) const {
  // Among fetchers a short queue keeps hosts from asking one peer for what others could bring; a
  // holder is asked for what nobody else brings, and must not fall idle while the asker's own
  // uplink is busy. Over a long way any short queue would leave the line idle.
  constexpr std::uint32_t among_fetchers = 8;
  constexpr std::uint32_t of_a_holder = 32;
  constexpr std::uint32_t between_sites = 256;
  if (context_.members.other_site(peer, context_.config.self.where)) return between_sites;
  const bool from_holder = route_of(where.kind()) == topology::piece_route::source;
  return from_holder ? of_a_holder : among_fetchers;
}

std::uint32_t pack_transfer::available(topology::piece_route route, std::uint32_t piece) const {
  std::uint32_t count = 0;
  for (const auto kind : all_channels) {
    if (route_of(kind) == route && at(kind)) count += at(kind)->availability(piece);
  }
  return count;
}

std::uint32_t pack_transfer::coming(topology::piece_route route, std::uint32_t piece) const {
  std::uint32_t count = 0;
  for (const auto kind : fetcher_channels) {
    if (route_of(kind) == route && at(kind)) count += at(kind)->coming(piece);
  }
  return count;
}

bool pack_transfer::under_way(topology::piece_route route, std::uint32_t piece) const {
  const auto now = clock::now();
  return std::any_of(all_channels.begin(), all_channels.end(), [&](channel_kind kind) {
    return route_of(kind) == route && at(kind) &&
           at(kind)->active(piece, now, context_.config.owner_slack);
  });
}

bool pack_transfer::connected_to(const std::string& host) const {
  for (const auto kind : fetcher_channels) {
    if (!at(kind)) continue;
    for (const auto& peer : at(kind)->connections()) {
      if (peer->open && context_.members.name(peer->remote.address()) == host) return true;
    }
  }
  return false;
}

} // namespace shoal::swarm
