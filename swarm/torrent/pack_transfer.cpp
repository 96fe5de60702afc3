#include "swarm/torrent/pack_transfer.hpp"

#include "topology/assert.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace shoal::swarm {

namespace {

/// The swarms among fetchers stay open this long after a fetch, for those who still fetch.
constexpr auto idle_channel_max = std::chrono::seconds{60};
/// How often owners are judged, which looks at every missing piece.
constexpr auto late_interval = std::chrono::milliseconds{100};
/// How long the holders in use may lack a piece before others are asked, and how long one may take to
/// answer and to say what it has: one that is busy, or limits its uploads, is slow to do that, too, and
/// whoever is asked instead may be behind a border.
constexpr auto holder_patience = std::chrono::milliseconds{400};
constexpr auto silent_holder_patience = std::chrono::milliseconds{2000};

std::uint64_t key_of(const pack_id& pack) {
  std::uint64_t key = 0;
  std::memcpy(&key, pack.bytes.data(), sizeof key);
  return key;
}

std::vector<topology::fetcher> fetchers_of(const swarm_view& view) {
  std::vector<topology::fetcher> fetchers;
  for (const auto& peer : view.fetchers)
    fetchers.push_back({peer.host, peer.where});
  return fetchers;
}

} // namespace

pack_transfer::pack_transfer(transfer_context& context, const pack_descriptor& pack, piece_set held)
    : context_{context}, pack_{std::make_shared<pack_io>()}, wanted_{pack.piece_count()},
      plan_{key_of(pack.id),
            pack.piece_count(),
            context.config.self,
            {.slack = context.config.owner_slack}},
      where_(pack.piece_count()),
      holders_{key_of(pack.id), context.config.self, {.policy = context.config.source_policy}} {
  pack_->descriptor = pack;
  pack_->stored = std::move(held);
  pack_->accepted = [this](channel_kind kind, std::uint32_t piece, std::uint32_t block) {
    if (at(kind)) at(kind)->accepted(piece, block);
  };
}

void pack_transfer::serve() { open_source(); }

// Who dials an encrypted channel that is not open is refused without a knock: both stay open.
void pack_transfer::open_source() {
  open(channel_kind::source);
  if (context_.security.has_twins()) open(channel_kind::far_source);
}

void pack_transfer::open(channel_kind kind) {
  auto& slot = at(kind);
  if (slot || unloaded_) return;
  slot = std::make_shared<channel>(kind, pack_, *this);
  told_[static_cast<std::size_t>(kind)] = pack_->stored;
  slot->open(context_.session, context_.backend, context_.security, priorities(kind));
}

bool pack_transfer::ready() const {
  return std::all_of(channels_.begin(), channels_.end(),
                     [](const auto& one) { return !one || one->ready(); });
}

piece_set pack_transfer::missing() const { return wanted_ - pack_->stored; }

std::vector<lt::download_priority_t> pack_transfer::priorities(channel_kind kind) const {
  std::vector<lt::download_priority_t> made(where_.size(), lt::dont_download);
  for (std::size_t piece = 0; piece < where_.size(); ++piece) {
    if (where_[piece] == kind) made[piece] = lt::default_priority;
  }
  return made;
}

void pack_transfer::fetch(const piece_set& wanted, const swarm_view& view) {
  wanted_ = wanted;
  fetching_ = true;
  update(view);
  finish_if_done();
}

void pack_transfer::update(const swarm_view& view) {
  view_ = view;
  context_.members.learn(view.holders);
  context_.members.learn(view.fetchers);
  const auto now = clock::now();
  plan_.set_fetchers(fetchers_of(view), view.sources, now);
  std::vector<known_holder> holders;
  for (const auto& holder : view.holders)
    holders.push_back({holder.host, holder.where});
  holders_.set_swarm(std::move(holders), fetchers_of(view), now);
  holders_changed_ = now;
  if (!fetching_) return;
  plan_.look_at_self(missing(), *this, now);
  // Routes first, so that a channel opens with the right priorities and asks for nothing else.
  reroute(wanted_);
  open_source();
  const auto& self = context_.config.self;
  for (const auto& peer : view.fetchers) {
    if (peer.host != self.host) open(channel_to(peer));
  }
  aim();
}

void pack_transfer::stop_fetching() {
  fetching_ = false;
  coming_here_.clear();
  wanted_ = piece_set{wanted_.size()};
  reroute(piece_set{wanted_.size(), true});
  for (auto& one : channels_) {
    if (one) one->set_targets({}, clock::now());
  }
}

void pack_transfer::unload() {
  unloaded_ = true;
  fetching_ = false;
  pack_->accepted = nullptr;
  for (auto& one : channels_) {
    if (!one) continue;
    one->mute();
    one->close(context_.session);
    one.reset();
  }
}

std::optional<channel_kind> pack_transfer::knocked(const lt::sha1_hash& wire_hash_asked) const {
  // Only those who take part in a fetch have business in the swarms among fetchers: who finished a
  // moment ago is named as a fetcher still, and may have been the only one until then.
  const auto open = [this](channel_kind kind) { return at(kind) != nullptr; };
  const bool lingers = finished_ && clock::now() - *finished_ < idle_channel_max;
  if (!fetching_ && !lingers &&
      std::none_of(fetcher_channels.begin(), fetcher_channels.end(), open)) {
    return std::nullopt;
  }
  for (const auto kind : fetcher_channels) {
    const auto& authority = context_.security.authority(kind);
    if (!open(kind) && wire_hash(pack_->descriptor, kind, authority) == wire_hash_asked) return kind;
  }
  return std::nullopt;
}

// The channel in which this host meets a fetcher.
channel_kind pack_transfer::channel_to(const swarm_peer& peer) const {
  return channel_for(topology::route_between(context_.config.self.where, peer.where));
}

// Who should be connected in which channel.
void pack_transfer::aim() {
  const auto now = clock::now();
  aim_sources(now);
  const auto& self = context_.config.self;
  for (const auto kind : fetcher_channels) {
    if (!at(kind)) continue;
    std::vector<dial_target> targets;
    for (const auto& peer : view_.fetchers) {
      if (peer.host == self.host) continue;
      if (channel_to(peer) != kind) continue;
      // Both know each other as a rule, and only one should dial: the smaller name.
      if (const auto endpoint = endpoint_of(peer, kind)) {
        targets.push_back({*endpoint, self.host < peer.host});
      }
    }
    at(kind)->set_targets(std::move(targets), now);
  }
}

void pack_transfer::aim_sources(clock::time_point now) {
  const auto& self = context_.config.self;
  for (const auto kind : {channel_kind::source, channel_kind::far_source}) {
    if (!at(kind)) continue;
    std::vector<dial_target> targets;
    for (const auto& chosen : holders_.chosen()) {
      const auto holder = std::find_if(view_.holders.begin(), view_.holders.end(),
                                       [&](const auto& one) { return one.host == chosen; });
      if (context_.security.channel_to_holder(self.where, holder->where) != kind) continue;
      if (const auto endpoint = endpoint_of(*holder, kind)) targets.push_back({*endpoint, true});
    }
    at(kind)->set_targets(std::move(targets), now);
    at(kind)->hang_up_on_others();
  }
}

std::optional<lt::tcp::endpoint> pack_transfer::endpoint_of(const swarm_peer& peer,
                                                            channel_kind kind) const {
  const auto address = parse_address(peer.address);
  const auto port = context_.security.port(peer, kind);
  if (!address || port == 0) return std::nullopt;
  return lt::tcp::endpoint{*address, port};
}

// Pieces that no holder in use has may lie with others.
bool pack_transfer::lack_from_holders(const piece_set& lacking) const {
  bool lack = false;
  lacking.for_each([&](std::uint32_t piece) {
    const bool from_holder = where_[piece] && route_of(*where_[piece]) == topology::piece_route::source;
    lack = lack || (from_holder && available(topology::piece_route::source, piece) == 0);
  });
  return lack;
}

bool pack_transfer::awaits_holder() const {
  return std::any_of(all_channels.begin(), all_channels.end(), [&](channel_kind kind) {
    return route_of(kind) == topology::piece_route::source && at(kind) && at(kind)->awaits_answer();
  });
}

void pack_transfer::look_at_holders(const piece_set& lacking, clock::time_point now) {
  const auto bytes = [&](const piece_set& pieces) {
    return std::uint64_t{pieces.count()} * pack_->descriptor.piece_bytes;
  };
  const auto waited = now - holders_changed_;
  const bool told = waited >= silent_holder_patience || !awaits_holder();
  const bool lack = waited >= holder_patience && told && !holders_.all_chosen() &&
                    lack_from_holders(lacking);
  if (lack) {
    holders_.extend();
    holders_changed_ = now;
  }
  if (holders_.look(bytes(lacking), bytes(wanted_), now) || lack) aim_sources(now);
}

// Plain where a holder of this site has the piece; what is on its way encrypted stays so.
channel_kind pack_transfer::channel_of(topology::piece_route route, std::uint32_t piece) const {
  const auto plain = channel_for(route);
  if (!context_.security.has_twins() || plain != channel_kind::source) return plain;
  const auto twin = channel_kind::far_source;
  const bool far = at(twin) && at(twin)->availability(piece) > 0;
  const bool near = at(plain) && at(plain)->availability(piece) > 0;
  if (far && near) {
    const bool begun = at(twin)->active(piece, clock::now(), context_.config.owner_slack);
    return where_[piece] == twin && begun ? twin : plain;
  }
  return far ? twin : plain;
}

void pack_transfer::reroute(const piece_set& pieces) {
  std::array<std::vector<std::pair<std::uint32_t, bool>>, all_channels.size()> changes;
  const auto missed = missing();
  const auto now = clock::now();
  pieces.for_each([&](std::uint32_t piece) {
    auto& current = where_[piece];
    std::optional<channel_kind> next;
    if (fetching_ && missed.contains(piece)) {
      const auto by = current ? std::optional{route_of(*current)} : std::nullopt;
      const auto route = plan_.route(piece, by, *this, now);
      if (route) next = channel_of(*route, piece);
    }
    if (next == current) return;
    if (current) changes[static_cast<std::size_t>(*current)].emplace_back(piece, false);
    if (next) changes[static_cast<std::size_t>(*next)].emplace_back(piece, true);
    current = next;
  });
  // One by one each change makes libtorrent reconsider every peer; all at once only one time.
  constexpr std::size_t single_changes_max = 16;
  for (const auto kind : all_channels) {
    const auto& changed = changes[static_cast<std::size_t>(kind)];
    if (!at(kind) || changed.empty()) continue;
    if (changed.size() > single_changes_max) {
      at(kind)->set_priorities(priorities(kind));
      continue;
    }
    for (const auto& [piece, wanted] : changed)
      at(kind)->set_priority(piece, wanted);
  }
}

void pack_transfer::reroute_later() {
  if (!fetching_ || std::exchange(reroute_posted_, true)) return;
  context_.post([self = shared_from_this()] {
    self->reroute_posted_ = false;
    if (self->fetching_) self->reroute(self->missing());
  });
}

// As `reroute_later`, for one piece: announcements are many.
void pack_transfer::reroute_later(std::uint32_t piece) {
  const bool first = to_reroute_.empty();
  to_reroute_.push_back(piece);
  if (!first) return;
  context_.post([self = shared_from_this()] {
    piece_set pieces{self->wanted_.size()};
    for (const auto one : std::exchange(self->to_reroute_, {}))
      pieces.insert(one);
    if (self->fetching_) self->reroute(pieces);
  });
}

void pack_transfer::tick(clock::time_point now) {
  if (!fetching_) return;
  for (const auto& one : channels_) {
    if (one) one->dial(now);
  }
  if (now - looked_at_ < late_interval && !plan_.meeting()) return;
  looked_at_ = now;
  const auto missed = missing();
  for (const auto kind : fetcher_channels) {
    if (!at(kind)) continue;
    for (const auto& peer : at(kind)->connections())
      plan_.heard(context_.members.name(peer->remote.address()), peer->heard);
  }
  plan_.look_at_self(missed, *this, now);
  plan_.look_for_late(missed, *this, now);
  reroute(missed);
  look_at_holders(missed, now);
}

void pack_transfer::second_tick(clock::time_point now) {
  receive_rate_ = received_ - std::exchange(received_before_, received_);
  send_rate_ = sent_ - std::exchange(sent_before_, sent_);
  // Single blocks read on demand complete pieces too; they come past this session.
  const auto held = context_.store.have(pack_->descriptor.id);
  if (held.size() == pack_->stored.size()) {
    (held - pack_->stored).for_each([&](std::uint32_t piece) {
      pack_->stored.insert(piece);
      if (wanted_.contains(piece)) news_.push_back(piece);
      reroute_later();
    });
    hand_over_rest();
    if (!news_.empty()) flush_news();
  }
  if (fetching_ || receive_rate_ + send_rate_ > 0) idle_since_ = now;
  if (now - idle_since_ < idle_channel_max) return;
  for (const auto kind : fetcher_channels) {
    if (!at(kind)) continue;
    at(kind)->mute();
    at(kind)->close(context_.session);
    at(kind).reset();
  }
}

transfer_status pack_transfer::status() const {
  transfer_status told;
  told.pack = pack_->descriptor.id;
  told.fetching = fetching_;
  told.pieces_wanted = wanted_.count();
  told.pieces_done = (wanted_ & pack_->stored).count();
  told.received_bytes = received_;
  told.sent_bytes = sent_;
  told.download_bytes_per_second = receive_rate_;
  told.upload_bytes_per_second = send_rate_;
  for (const auto& one : channels_) {
    if (one) told.peer_count += static_cast<std::uint32_t>(one->open_count());
  }
  for (const auto& [address, bytes] : received_from_) {
    told.received_from.emplace_back(context_.members.name(address), bytes);
  }
  return told;
}

} // namespace shoal::swarm
