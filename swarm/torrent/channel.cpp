#include "swarm/torrent/channel.hpp"

#include "swarm/torrent/channel_plugin.hpp"
#include "topology/assert.hpp"

#include <algorithm>
#include <list>
#include <utility>

namespace shoal::swarm {

namespace {

/// A peer that answers "unknown torrent" is about to load it: both were told at the same time.
constexpr auto redial_first = std::chrono::milliseconds{100};
constexpr auto redial_last = std::chrono::milliseconds{2000};
/// The other side is expected to dial; how long it may take.
constexpr auto patience = std::chrono::milliseconds{150};

constexpr auto wanted_priority = lt::default_priority;

} // namespace

void dial_now(const lt::torrent_handle& torrent, const std::vector<lt::tcp::endpoint>& endpoints) {
  const auto native = torrent.native_handle();
  if (!native || endpoints.empty()) return;
  lt::tracker_response response;
  for (const auto& endpoint : endpoints) {
    if (endpoint.address().is_v4()) {
      response.peers4.push_back({endpoint.address().to_v4().to_bytes(), endpoint.port()});
    } else {
      response.peers6.push_back({endpoint.address().to_v6().to_bytes(), endpoint.port()});
    }
  }
  lt::request_callback& callback = *native;
  callback.tracker_response(lt::tracker_request{}, lt::address{}, std::list<lt::address>{},
                            response);
}

channel::channel(channel_kind kind, std::shared_ptr<pack_io> pack, channel_events& events)
    : kind_{kind}, pack_{std::move(pack)}, events_{&events},
      available_(pack_->descriptor.piece_count()), coming_(pack_->descriptor.piece_count()) {}

void channel::open(lt::session& session, disk_backend& backend, const channel_security& security,
                   const std::vector<lt::download_priority_t>& priorities) {
  lt::add_torrent_params params;
  const auto& authority = security.authority(kind_);
  params.ti = make_metadata(pack_->descriptor, kind_, authority);
  backend.expect(wire_hash(pack_->descriptor, kind_, authority), pack_, kind_);
  params.save_path = ".";
  params.flags = lt::torrent_flags::apply_ip_filter | lt::torrent_flags::disable_dht |
                 lt::torrent_flags::disable_lsd | lt::torrent_flags::disable_pex;
  // Exactly full length, or libtorrent checks everything again.
  params.have_pieces.resize(static_cast<int>(pack_->stored.size()), false);
  pack_->stored.for_each([&](std::uint32_t piece) {
    params.have_pieces.set_bit(lt::piece_index_t{static_cast<int>(piece)});
  });
  params.piece_priorities = priorities;
  params.extensions.push_back(
      [self = weak_from_this()](const lt::torrent_handle&, lt::client_data_t) {
        return std::make_shared<channel_plugin>(self);
      });
  lt::error_code refused;
  handle_ = session.add_torrent(std::move(params), refused);
  SHOAL_ASSERT(!refused);
  // Read anew for every pack: a renewed certificate is used from then on. TLS 1.3 has no use for
  // the Diffie-Hellman parameters that libtorrent asks for.
  if (security.secures(kind_)) {
    handle_.set_ssl_certificate(security.certificate_file(), security.key_file(), {});
  }
}

void channel::close(lt::session& session) {
  if (handle_.is_valid()) session.remove_torrent(handle_);
  handle_ = {};
  ready_ = false;
  targets_.clear();
}

void channel::set_targets(std::vector<dial_target> targets, clock::time_point now) {
  std::vector<target_state> states;
  for (const auto& target : targets) {
    const auto same = [&](const target_state& old) {
      return old.target.endpoint == target.endpoint;
    };
    const auto found = std::find_if(targets_.begin(), targets_.end(), same);
    if (found != targets_.end())
      states.push_back(*found);
    else
      states.push_back({target, target.at_once ? now : now + patience, 0, false});
  }
  targets_ = std::move(states);
  dial(now);
}

void channel::hang_up_on_others() {
  // Closing one takes it off the list.
  for (const auto& peer : connections()) {
    const bool wanted =
        std::any_of(targets_.begin(), targets_.end(), [&](const target_state& state) {
          return state.target.endpoint == peer->remote;
        });
    if (peer->outgoing && !wanted && peer->hang_up) peer->hang_up();
  }
}

void channel::dial(clock::time_point now) {
  if (!ready_) return;
  std::vector<lt::tcp::endpoint> due;
  for (auto& state : targets_) {
    if (now < state.next_dial || connected_to(state.target.endpoint.address())) continue;
    due.push_back(state.target.endpoint);
    const auto wait = std::min<std::chrono::milliseconds>(
        redial_first * (1u << std::min(state.attempts / 8, 5u)), redial_last);
    state.next_dial = now + wait;
    ++state.attempts;
  }
  if (!due.empty()) dial_now(handle_, due);
}

bool channel::connected_to(const lt::address& address) const {
  return std::any_of(connections_.begin(), connections_.end(), [&](const auto& peer) {
    return peer->open && peer->remote.address() == address;
  });
}

std::size_t channel::open_count() const {
  return static_cast<std::size_t>(std::count_if(connections_.begin(), connections_.end(),
                                                [](const auto& peer) { return peer->open; }));
}

bool channel::awaits_answer() const {
  const auto has_something = [&](const lt::address& address) {
    return std::any_of(connections_.begin(), connections_.end(), [&](const auto& peer) {
      return peer->open && !peer->have.empty() && peer->remote.address() == address;
    });
  };
  return std::any_of(targets_.begin(), targets_.end(), [&](const target_state& state) {
    return !state.refused && !has_something(state.target.endpoint.address());
  });
}

void channel::set_priority(std::uint32_t piece, bool wanted) {
  if (!handle_.is_valid()) return;
  handle_.piece_priority(lt::piece_index_t{static_cast<int>(piece)},
                         wanted ? wanted_priority : lt::dont_download);
}

void channel::set_priorities(const std::vector<lt::download_priority_t>& priorities) {
  if (handle_.is_valid()) handle_.prioritize_pieces(priorities);
}

void channel::hand_over(std::uint32_t piece) {
  // Libtorrent takes pieces only from when it has taken the torrent up; the rest follows then.
  if (!ready_) return;
  // The backend knows that the piece is stored and never looks at these bytes.
  static const std::vector<char> dummy(lt::default_block_size * 64);
  SHOAL_ASSERT(pack_->descriptor.piece_bytes <= dummy.size());
  handle_.add_piece(lt::piece_index_t{static_cast<int>(piece)}, dummy.data());
}

bool channel::active(std::uint32_t piece, clock::time_point now, clock::duration age) const {
  const auto found = activity_.find(piece);
  return found != activity_.end() && now - found->second < age;
}

std::vector<std::string> channel::take_senders(std::uint32_t piece) {
  activity_.erase(piece);
  const auto found = senders_.find(piece);
  if (found == senders_.end()) return {};
  auto taken = std::move(found->second);
  senders_.erase(found);
  return taken;
}

void channel::files_checked() {
  ready_ = true;
  if (events_) events_->on_ready(*this);
}

std::shared_ptr<connection> channel::connecting(const lt::tcp::endpoint& remote, bool outgoing) {
  auto made = std::make_shared<connection>();
  made->remote = remote;
  made->outgoing = outgoing;
  made->have = piece_set{pack_->descriptor.piece_count()};
  made->coming = piece_set{pack_->descriptor.piece_count()};
  connections_.push_back(made);
  return made;
}

void channel::handshaken(connection& peer) {
  peer.open = true;
  if (events_) events_->on_opened(*this, peer);
}

void channel::forget(const connection& peer) {
  peer.have.for_each([&](std::uint32_t piece) { --available_[piece]; });
  peer.coming.for_each([&](std::uint32_t piece) { --coming_[piece]; });
}

void channel::closed(const std::shared_ptr<connection>& peer) {
  if (std::erase(connections_, peer) == 0) return;
  forget(*peer);
  const bool was_open = std::exchange(peer->open, false);
  for (auto& state : targets_)
    state.refused = state.refused || (!was_open && state.target.endpoint == peer->remote);
  if (was_open && events_) events_->on_closed(*this, *peer);
}

void channel::have(connection& peer, std::uint32_t piece) {
  if (piece >= available_.size() || !peer.have.insert(piece)) return;
  ++available_[piece];
  if (peer.coming.erase(piece)) --coming_[piece];
  if (events_) events_->on_announced(*this, peer, piece);
}

void channel::have_set(connection& peer, piece_set pieces) {
  forget(peer);
  peer.have = std::move(pieces);
  peer.have.for_each([&](std::uint32_t piece) { ++available_[piece]; });
  peer.coming = peer.coming - peer.have;
  peer.coming.for_each([&](std::uint32_t piece) { ++coming_[piece]; });
  if (events_) events_->on_announced_many(*this, peer);
}

std::optional<std::uint32_t> channel::request_queue(const connection& peer) const {
  if (!events_) return std::nullopt;
  return events_->request_queue(*this, peer.remote.address());
}

void channel::say_coming(std::uint32_t piece) {
  if (!ready_) return;
  for (const auto& peer : connections_) {
    if (peer->open && peer->say_coming && !peer->have.contains(piece)) peer->say_coming(piece);
  }
}

void channel::hear_coming(connection& peer, std::uint32_t piece) {
  if (piece >= coming_.size() || peer.have.contains(piece)) return;
  if (peer.coming.insert(piece)) ++coming_[piece];
  if (events_) events_->on_coming(*this, peer, piece);
}

void channel::requested(std::uint32_t piece) {
  activity_[piece] = clock::now();
  if (events_) events_->on_requested(*this, piece);
}

void channel::block_arrived(connection& peer, const lt::peer_request& request, std::size_t bytes) {
  const auto piece = static_cast<std::uint32_t>(static_cast<int>(request.piece));
  if (piece >= available_.size()) return;
  if (!pack_->stored.contains(piece)) activity_[piece] = clock::now();
  arriving_piece_ = piece;
  arriving_block_ = static_cast<std::uint32_t>(request.start) / block_bytes;
  arriving_from_ = peer.remote.address();
  if (events_) events_->on_received(*this, peer, bytes);
}

void channel::accepted(std::uint32_t piece, std::uint32_t block) {
  if (piece != arriving_piece_ || block != arriving_block_) return;
  auto& senders = senders_[piece];
  if (senders.size() <= block) senders.resize(block + 1);
  senders[block] = arriving_from_.to_string();
}

void channel::payload_sent(std::uint64_t bytes) {
  if (events_) events_->on_sent(*this, bytes);
}

} // namespace shoal::swarm
