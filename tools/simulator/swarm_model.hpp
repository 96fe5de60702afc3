// One pack's swarm, piece by piece, over links that are really shared: what the daemon's own
// policies (swarm/route_plan with topology/border_owner, even_pace and late_owners;
// topology/peer_choice) make of a network.
//
// What is modelled besides them is how libtorrent moves pieces as `swarm/torrent` sets it up: one
// connection between any two that know each other, short request queues, the rarest wanted piece
// first, announcements a little after a piece is stored. What is not: blocks within a piece, TCP's
// slow start and loss, disks, processors, hosts that die.
//
// Threads: one. Errors: a swarm without a holder is our bug.
#pragma once

#include "swarm/route_plan.hpp"
#include "tools/simulator/link_tree.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <unordered_set>
#include <vector>

namespace shoal::simulator {

struct swarm_model_config {
  std::uint64_t pack_key = 1;
  std::uint64_t pack_bytes = 64 * 1024 * 1024;
  /// As swarm::default_piece_bytes; larger ones make large simulations cheap.
  std::uint32_t piece_bytes = 64 * 1024;
  /// Bytes on the wire for each byte of a piece, on its way: Ethernet, IP, TCP and BitTorrent
  /// headers. 1.05 to 1.06 measured in the lab.
  double wire_factor = 1.055;
  /// How much may be asked for at a time: of a fetcher 8 blocks, of a holder 32
  /// (pack_transfer::request_queue).
  std::uint32_t fetcher_queue_bytes = 8 * 16 * 1024;
  std::uint32_t holder_queue_bytes = 32 * 16 * 1024;
  /// From the command until pieces are asked for: looking up, loading, dialling.
  double start_delay_s = 0.1;
  /// Until a new list of fetchers has gone to all (general_index_server's push_delay and the way).
  double view_delay_s = 0.03;
  /// From the last byte of a piece until others know of it: hashing, storing, the way.
  double announce_delay_s = 0.01;
  /// From a request until peers nearer than it goes know of it: the way.
  double request_notice_delay_s = 0.002;
  /// How often a host looks at its own and at late pieces, and how often it announces the pieces
  /// that nobody waits for (pack_transfer's late_interval and second tick).
  double look_interval_s = 0.1;
  double rest_interval_s = 1;
  /// How fast the policies' clock runs. Their patience is made for the default piece: with pieces
  /// n times as large everything takes n times as long, and a clock that runs n times slower makes
  /// the swarm that of an image n times smaller. So large pieces show a little too long times.
  double policy_clock_rate = 1;
  /// What one connection reaches where no link limits it.
  double connection_bytes_per_second_max = 1.25e9;
  std::uint64_t seed = 1;
};

/// A host of the swarm.
struct swarm_member {
  std::string name;
  topology::place where;
  /// When it is told to fetch; not used of holders.
  double start_s = 0;
};

/// How a swarm went.
struct swarm_outcome {
  /// When each fetcher had everything, in the order they were added.
  std::vector<double> finished_s;
  /// Pieces that came by each route (topology::piece_route), and those that came although the host
  /// had them by then.
  std::array<std::uint64_t, 5> pieces_by_route{};
  std::uint64_t duplicate_pieces = 0;
  /// Announcements sent, one for each that hears it.
  std::uint64_t announcements = 0;
};

class swarm_model {
public:
  /// @pre all outlive the model.
  swarm_model(event_queue& events, flow_network& links, link_tree& tree, swarm_model_config config);
  ~swarm_model();
  swarm_model(const swarm_model&) = delete;
  swarm_model& operator=(const swarm_model&) = delete;

  /// Adds a host that has everything. @param link its number in the tree.
  void add_holder(swarm_member who, std::uint32_t link);
  /// Adds a host that fetches everything.
  void add_fetcher(swarm_member who, std::uint32_t link);

  /// Puts the fetchers' starts into the events. Then run these until they are over.
  void start();
  [[nodiscard]] bool finished() const noexcept { return unfinished_ == 0; }
  [[nodiscard]] const swarm_outcome& outcome() const noexcept { return outcome_; }

private:
  struct node;
  struct connection;
  class sight;
  using bits = std::vector<std::uint64_t>;

  [[nodiscard]] topology::instant instant_now() const;
  [[nodiscard]] std::uint32_t piece_length(std::uint32_t piece) const;
  std::uint32_t add(swarm_member who, std::uint32_t link, bool holder);
  void join(std::uint32_t who);
  void show(std::uint32_t who);
  void connect(std::uint32_t a, std::uint32_t b, topology::piece_route route);
  void connect_one_way(std::uint32_t from, std::uint32_t to, topology::piece_route route);
  void use_holders(std::uint32_t who);
  void look(std::uint32_t who);
  bool reroute(node& one, std::uint32_t piece);
  void reroute_all(std::uint32_t who);
  void ask_everybody(std::uint32_t who);
  void ask(std::uint32_t connection_number);
  [[nodiscard]] std::uint32_t pick(const node& one, const connection& by);
  void arrived(std::uint32_t connection_number);
  void store(std::uint32_t who, std::uint32_t piece, topology::piece_route by);
  void announce(std::uint32_t who, std::uint32_t piece, topology::piece_route from);
  void announce_rest(std::uint32_t who);
  void say_coming(std::uint32_t who, std::uint32_t piece, topology::piece_route by);
  void hear_coming(connection& to, std::uint32_t piece);
  void tell(connection& to, std::uint32_t number, std::uint32_t piece);

  event_queue& events_;
  flow_network& links_;
  link_tree& tree_;
  swarm_model_config config_;
  std::uint32_t piece_count_;
  std::mt19937_64 random_;
  std::vector<std::unique_ptr<node>> nodes_;
  std::vector<std::unique_ptr<connection>> connections_;
  std::unordered_set<std::uint64_t> connected_;
  /// Nodes that fetch or did, in the order they began.
  std::vector<std::uint32_t> joined_;
  std::vector<std::uint32_t> fetchers_;
  bool views_due_ = false;
  std::size_t unfinished_ = 0;
  swarm_outcome outcome_;
};

} // namespace shoal::simulator
