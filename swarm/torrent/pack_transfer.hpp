// One pack in this host's session: its channels, what is wanted, and which piece comes from where.
//
// Threads: libtorrent's network thread only.
// Errors:  told through `swarm_events`.
#pragma once

#include "swarm/holder_choice.hpp"
#include "swarm/route_plan.hpp"
#include "swarm/torrent/channel.hpp"
#include "swarm/torrent/corruption.hpp"
#include "swarm/torrent/disk_backend.hpp"
#include "swarm/torrent/membership.hpp"

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace shoal::swarm {

/// What the transfers of one session share.
struct transfer_context {
  lt::session& session;
  disk_backend& backend;
  pack_store& store;
  swarm_events& events;
  const swarm_session_config& config;
  const channel_security& security;
  membership& members;
  /// Runs something in a later turn of the network thread.
  std::function<void(std::function<void()>)> post;
  /// Never talks to that address again.
  std::function<void(const lt::address&)> ban;
};

class pack_transfer final : public channel_events,
                            public swarm_sight,
                            public std::enable_shared_from_this<pack_transfer> {
public:
  pack_transfer(transfer_context& context, const pack_descriptor& pack, piece_set held);

  void serve();
  void fetch(const piece_set& wanted, const swarm_view& view);
  void update(const swarm_view& view);
  void stop_fetching();
  void unload();

  /// The channel of a swarm that this pack has but is not loaded yet: a peer knocks at it.
  [[nodiscard]] std::optional<channel_kind> knocked(const lt::sha1_hash& wire_hash) const;
  void open(channel_kind kind);

  // From the backend.
  void stored(channel_kind from, std::uint32_t piece, const std::vector<digest>& leaves);
  void mismatched(channel_kind from, std::uint32_t piece, const std::vector<digest>& leaves);
  void store_failed(const error& why);

  /// Dials, looks for late owners. Call every `tick_interval` while fetching.
  void tick(clock::time_point now);
  /// Rates; pieces the store got from elsewhere; closes what is not used. Call once a second.
  void second_tick(clock::time_point now);

  [[nodiscard]] bool fetching() const noexcept { return fetching_; }
  /// Every channel opened so far can be joined.
  [[nodiscard]] bool ready() const;
  [[nodiscard]] const pack_io& pack() const noexcept { return *pack_; }
  [[nodiscard]] transfer_status status() const;

  void on_ready(channel& where) override;
  void on_opened(channel& where, connection& peer) override;
  void on_closed(channel& where, connection& peer) override;
  void on_announced(channel& where, connection& peer, std::uint32_t piece) override;
  void on_announced_many(channel& where, connection& peer) override;
  void on_coming(channel& where, connection& peer, std::uint32_t piece) override;
  void on_requested(channel& where, std::uint32_t piece) override;
  void on_received(channel& where, connection& peer, std::uint64_t bytes) override;
  void on_sent(channel& where, std::uint64_t bytes) override;
  [[nodiscard]] std::uint32_t request_queue(const channel& where,
                                            const lt::address& peer) const override;

  // Of a route: encrypted and plain channels together.
  [[nodiscard]] std::uint32_t available(topology::piece_route route,
                                        std::uint32_t piece) const override;
  [[nodiscard]] std::uint32_t coming(topology::piece_route route,
                                     std::uint32_t piece) const override;
  [[nodiscard]] bool under_way(topology::piece_route route, std::uint32_t piece) const override;
  [[nodiscard]] bool connected_to(const std::string& host) const override;

private:
  [[nodiscard]] std::shared_ptr<channel>& at(channel_kind kind) {
    return channels_[static_cast<std::size_t>(kind)];
  }
  [[nodiscard]] const std::shared_ptr<channel>& at(channel_kind kind) const {
    return channels_[static_cast<std::size_t>(kind)];
  }
  [[nodiscard]] piece_set missing() const;
  [[nodiscard]] std::vector<lt::download_priority_t> priorities(channel_kind kind) const;
  void open_source();
  [[nodiscard]] channel_kind channel_to(const swarm_peer& peer) const;
  [[nodiscard]] channel_kind channel_of(topology::piece_route route, std::uint32_t piece) const;
  void aim();
  void aim_sources(clock::time_point now);
  [[nodiscard]] std::optional<lt::tcp::endpoint> endpoint_of(const swarm_peer& peer,
                                                             channel_kind kind) const;
  void look_at_holders(const piece_set& lacking, clock::time_point now);
  [[nodiscard]] bool awaits_holder() const;
  [[nodiscard]] bool lack_from_holders(const piece_set& lacking) const;
  void reroute(const piece_set& pieces);
  void reroute_later();
  void reroute_later(std::uint32_t piece);
  void hand_over(channel_kind from, std::uint32_t piece, const std::vector<digest>& leaves);
  void hand_over_rest();
  void say_what_comes(const channel& where, const connection& peer) const;
  void flush_news();
  void finish_if_done();
  void accuse(const std::vector<std::string>& guilty, std::uint32_t piece);

  transfer_context& context_;
  std::shared_ptr<pack_io> pack_;
  std::array<std::shared_ptr<channel>, all_channels.size()> channels_;
  /// What each open channel was told we hold.
  std::array<piece_set, all_channels.size()> told_;
  /// Block hashes of pieces that some channel is still to be told of.
  std::unordered_map<std::uint32_t, std::vector<digest>> leaves_;
  bool fetching_ = false;
  bool unloaded_ = false;
  piece_set wanted_;
  swarm_view view_;
  route_plan plan_;
  /// Asked for across a border and not stored yet, by the route: those who are nearer know.
  std::map<std::uint32_t, topology::piece_route> coming_here_;
  /// Where each piece is wanted now.
  std::vector<std::optional<channel_kind>> where_;
  holder_choice holders_;
  clock::time_point holders_changed_;
  corruption_record corruption_;

  std::vector<std::uint32_t> news_;
  bool reroute_posted_ = false;
  std::vector<std::uint32_t> to_reroute_;
  std::map<lt::address, std::uint64_t> received_from_;
  std::uint64_t received_ = 0, sent_ = 0;
  std::uint64_t received_before_ = 0, sent_before_ = 0;
  std::uint64_t receive_rate_ = 0, send_rate_ = 0;
  clock::time_point idle_since_;
  /// When the latest fetch ended, if one did.
  std::optional<clock::time_point> finished_;
  clock::time_point looked_at_;
};

/// How often `tick` wants to be called.
inline constexpr std::chrono::milliseconds tick_interval{50};

} // namespace shoal::swarm
