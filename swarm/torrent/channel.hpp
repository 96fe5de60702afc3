// One swarm of one pack: a libtorrent torrent, its connections, what its peers have, and dialling.
//
// Threads: libtorrent's network thread only.
// Errors:  a torrent libtorrent refuses is our bug; connections that fail are dialled again.
#pragma once

#include "swarm/torrent/channel_security.hpp"
#include "swarm/torrent/disk_backend.hpp"
#include "swarm/torrent/libtorrent_headers.hpp"
#include "swarm/torrent/metadata.hpp"
#include "swarm/torrent/swarm_session.hpp"

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace shoal::swarm {

using clock = std::chrono::steady_clock;

/// One connection in one channel, kept up to date by `channel_plugin`.
struct connection {
  lt::tcp::endpoint remote;
  bool outgoing = false;
  /// Closes it. Not from inside one of its own callbacks.
  std::function<void()> hang_up;
  /// The handshake is done.
  bool open = false;
  /// When the peer last sent something.
  clock::time_point heard;
  piece_set have;
  /// What the peer said that it is getting from farther away, and does not have yet.
  piece_set coming;
  /// Says the same to the peer, of one piece.
  std::function<void(std::uint32_t)> say_coming;
};

class channel;

/// Told by a channel, from inside libtorrent: receivers note it and act in a later turn.
class channel_events {
public:
  virtual ~channel_events() = default;
  virtual void on_ready(channel& where) = 0;
  virtual void on_opened(channel& where, connection& peer) = 0;
  virtual void on_closed(channel& where, connection& peer) = 0;
  /// `peer` has `piece` now.
  virtual void on_announced(channel& where, connection& peer, std::uint32_t piece) = 0;
  /// What `peer` has was replaced.
  virtual void on_announced_many(channel& where, connection& peer) = 0;
  /// `peer` is getting `piece` from farther away.
  virtual void on_coming(channel& where, connection& peer, std::uint32_t piece) = 0;
  /// Blocks of `piece` were asked for.
  virtual void on_requested(channel& where, std::uint32_t piece) = 0;
  virtual void on_received(channel& where, connection& peer, std::uint64_t bytes) = 0;
  virtual void on_sent(channel& where, std::uint64_t bytes) = 0;
  /// How many blocks a peer may have asked us for at a time.
  [[nodiscard]] virtual std::uint32_t request_queue(const channel& where,
                                                    const lt::address& peer) const = 0;
};

/// Somebody a channel should be connected to.
struct dial_target {
  lt::tcp::endpoint endpoint;
  /// False when the other side is expected to dial; we do so too if it does not come.
  bool at_once = true;
};

class channel : public std::enable_shared_from_this<channel> {
public:
  channel(channel_kind kind, std::shared_ptr<pack_io> pack, channel_events& events);

  /// Adds the torrent with what the pack holds and the priorities given.
  void open(lt::session& session, disk_backend& backend, const channel_security& security,
            const std::vector<lt::download_priority_t>& priorities);
  /// Takes the torrent out of the session. Idempotent.
  void close(lt::session& session);
  /// No more events.
  void mute() { events_ = nullptr; }

  [[nodiscard]] channel_kind kind() const noexcept { return kind_; }
  /// Libtorrent has taken the torrent up: peers can be dialled and come in.
  [[nodiscard]] bool ready() const noexcept { return ready_; }

  /// Who should be connected; the others are left as they are.
  void set_targets(std::vector<dial_target> targets, clock::time_point now);
  /// Closes the connections that were dialled from here to others than the targets.
  void hang_up_on_others();
  /// Dials who is due. Call often.
  void dial(clock::time_point now);
  [[nodiscard]] bool connected_to(const lt::address& address) const;
  [[nodiscard]] std::size_t open_count() const;
  /// A target has neither refused nor, since it was dialled, said that it has anything.
  [[nodiscard]] bool awaits_answer() const;

  void set_priority(std::uint32_t piece, bool wanted);
  void set_priorities(const std::vector<lt::download_priority_t>& priorities);

  /// Makes a stored piece known in this channel, so that it is announced to its peers.
  void hand_over(std::uint32_t piece);

  /// How many connections have the piece.
  [[nodiscard]] std::uint32_t availability(std::uint32_t piece) const { return available_[piece]; }
  /// How many connections said that they are getting the piece from farther away.
  [[nodiscard]] std::uint32_t coming(std::uint32_t piece) const { return coming_[piece]; }
  /// Says that this host is getting the piece from farther away, to all who lack it.
  void say_coming(std::uint32_t piece);
  /// Blocks of the piece were asked for or came within `age`.
  [[nodiscard]] bool active(std::uint32_t piece, clock::time_point now, clock::duration age) const;
  /// The block that arrived last was taken by the backend.
  void accepted(std::uint32_t piece, std::uint32_t block);
  /// Who sent each block of a piece, and forgets it.
  std::vector<std::string> take_senders(std::uint32_t piece);
  [[nodiscard]] std::vector<std::shared_ptr<connection>> connections() const {
    return connections_;
  }

  // Called by the plugin.
  void files_checked();
  std::shared_ptr<connection> connecting(const lt::tcp::endpoint& remote, bool outgoing);
  void handshaken(connection& peer);
  void closed(const std::shared_ptr<connection>& peer);
  void have(connection& peer, std::uint32_t piece);
  void have_set(connection& peer, piece_set pieces);
  void hear_coming(connection& peer, std::uint32_t piece);
  void requested(std::uint32_t piece);
  [[nodiscard]] std::optional<std::uint32_t> request_queue(const connection& peer) const;
  void block_arrived(connection& peer, const lt::peer_request& request, std::size_t bytes);
  void payload_sent(std::uint64_t bytes);

private:
  struct target_state {
    dial_target target;
    clock::time_point next_dial;
    std::uint32_t attempts = 0;
    /// A connection to it ended before it was open.
    bool refused = false;
  };

  void forget(const connection& peer);

  const channel_kind kind_;
  const std::shared_ptr<pack_io> pack_;
  channel_events* events_;
  lt::torrent_handle handle_;
  bool ready_ = false;
  std::vector<target_state> targets_;
  std::vector<std::shared_ptr<connection>> connections_;
  std::vector<std::uint16_t> available_;
  std::vector<std::uint16_t> coming_;
  std::unordered_map<std::uint32_t, clock::time_point> activity_;
  std::unordered_map<std::uint32_t, std::vector<std::string>> senders_;
  std::uint32_t arriving_piece_ = 0, arriving_block_ = 0;
  lt::address arriving_from_;
};

/// Connects to `endpoints` now. Libtorrent's own `connect_peer` only dials at the next of its
/// one-second ticks; peers that come from a tracker are dialled at once, so they come as if from
/// one.
void dial_now(const lt::torrent_handle& torrent, const std::vector<lt::tcp::endpoint>& endpoints);

} // namespace shoal::swarm
