// What the index costs a whole network: the daemon's own index nodes and clients (topology/index_node,
// topology/index_client) under simulated time, with messages that take time to arrive.
//
// Counted: every message, by node and second. Not modelled: lost messages and hosts that fail.
//
// Threads: one. Errors: none.
#pragma once

#include "tools/simulator/event_queue.hpp"
#include "topology/index_client.hpp"
#include "topology/index_node.hpp"
#include "topology/network.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace shoal::simulator {

struct index_traffic_config {
  topology::index_config index;
  topology::index_scheme scheme = topology::index_scheme::topo;
  /// How long a message takes, by the level of the smallest domain that holds both ends: handling,
  /// switches, and between sites the distance.
  std::array<double, topology::network_level_count> delay_s{0.00005, 0.0002, 0.0004, 0.0008, 0.02};
};

/// What one node, or all of a level, had to do.
struct node_load {
  std::uint64_t messages = 0;
  /// The most that any one node had in any one second, received and sent together.
  std::uint64_t peak_per_second = 0;
  std::size_t table_bytes_max = 0;
  std::uint32_t nodes = 0;
};

class index_traffic {
public:
  /// @pre both outlive it.
  index_traffic(event_queue& events, const topology::network& network, index_traffic_config config);
  index_traffic(const index_traffic&) = delete;
  index_traffic& operator=(const index_traffic&) = delete;

  /// The host tells its rack what it holds of a pack now.
  void hold(topology::host_number host, topology::pack_pieces pieces);
  /// The host asks for a pack, and fetches it from now on.
  void look_up(topology::host_number host, const topology::pack_pieces& wanted);
  void end_fetch(topology::host_number host, const topology::pack_key& pack);

  /// Of all indexes of a level; of hosts at `host`.
  [[nodiscard]] node_load load(topology::network_level level) const;
  [[nodiscard]] const topology::index_counters& counters() const noexcept { return counters_; }
  /// Lookups that ended, those that named nobody, and how long they took.
  [[nodiscard]] std::uint64_t lookups() const noexcept { return lookups_; }
  [[nodiscard]] std::uint64_t unanswered() const noexcept { return unanswered_; }
  [[nodiscard]] double lookup_mean_s() const { return lookups_ ? lookup_sum_s_ / lookups_ : 0; }
  [[nodiscard]] double lookup_max_s() const noexcept { return lookup_max_s_; }

private:
  /// Messages of one node: in the second under way, and the worst second.
  struct tally {
    std::uint64_t total = 0;
    std::uint32_t second = 0;
    std::uint32_t in_second = 0;
    std::uint32_t peak = 0;
  };

  [[nodiscard]] topology::instant instant_now() const;
  void count(topology::index_address node);
  void send(topology::index_outbox& out);
  void deliver(const topology::index_message& message);
  void wake(topology::index_address node);
  void take_results(topology::host_number host);
  [[nodiscard]] std::size_t at(topology::network_level level) const {
    return static_cast<std::size_t>(level);
  }

  event_queue& events_;
  const topology::network& network_;
  index_traffic_config config_;
  topology::index_counters counters_;
  topology::index_setting setting_;
  std::vector<std::unique_ptr<topology::index_client>> clients_;
  /// By level, and the time of each node's next wake-up, if it has one.
  std::array<std::vector<std::unique_ptr<topology::index_node>>, topology::network_level_count>
      nodes_;
  std::array<std::vector<double>, topology::network_level_count> wake_at_;
  std::array<std::vector<tally>, topology::network_level_count> tallies_;
  std::vector<double> asked_at_;
  std::uint64_t lookups_ = 0, unanswered_ = 0;
  double lookup_sum_s_ = 0, lookup_max_s_ = 0;
};

} // namespace shoal::simulator
