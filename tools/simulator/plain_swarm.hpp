// A BitTorrent swarm without Shoal's rules: every host knows some others anywhere, serves a few of
// those that are interested, and takes the rarest chunk it can get. What CERN's hosts ran (PAPERS
// §1.5), at chunk level.
//
// Modelled: random neighbours as from a tracker, upload slots, a slot that rotates, rarest first
// among neighbours. Not: tit for tat (all hosts are equal and nobody cheats), blocks, end game.
//
// Threads: one.
#pragma once

#include "tools/simulator/link_tree.hpp"

#include <cstdint>
#include <memory>
#include <random>
#include <vector>

namespace shoal::simulator {

struct plain_swarm_config {
  std::uint64_t image_bytes = 0;
  /// rTorrent's and mktorrent's choice for files of this size.
  std::uint32_t chunk_bytes = 4 * 1024 * 1024;
  /// Bytes on the wire for each byte of a chunk.
  double wire_factor = 1.055;
  /// How many others a tracker names; the connection goes both ways.
  std::uint32_t neighbours = 20;
  /// Peers served at a time, the one that rotates included (Cohen 2003: 4 and 1).
  std::uint32_t upload_slots = 5;
  double rotate_interval_s = 10;
  double start_delay_s = 1;
  double connection_bytes_per_second_max = 1.25e9;
  std::uint64_t seed = 1;
};

class plain_swarm {
public:
  /// The host with number 0 in the tree has everything, numbers 1 to `hosts` want it.
  /// @pre all outlive the swarm; the tree has these hosts.
  plain_swarm(event_queue& events, flow_network& links, const link_tree& tree,
              plain_swarm_config config, std::uint32_t hosts);
  ~plain_swarm();
  plain_swarm(const plain_swarm&) = delete;
  plain_swarm& operator=(const plain_swarm&) = delete;

  /// Puts the start into the events. Then run these until they are over.
  void start();
  /// When each host had everything; that of host 1 first.
  [[nodiscard]] const std::vector<double>& finished_s() const noexcept { return finished_s_; }

private:
  struct host;
  struct upload;

  void connect(std::uint32_t a, std::uint32_t b);
  void fill_slots(std::uint32_t from);
  void rotate(std::uint32_t from);
  [[nodiscard]] bool interested(std::uint32_t who, std::uint32_t in) const;
  [[nodiscard]] std::uint32_t pick(std::uint32_t who, std::uint32_t from);
  void begin(std::uint32_t from, std::uint32_t to, std::uint32_t chunk);
  void arrived(std::uint32_t upload_number);
  void end(std::uint32_t upload_number);
  [[nodiscard]] double wire_bytes(std::uint32_t chunk) const;

  event_queue& events_;
  flow_network& links_;
  const link_tree& tree_;
  plain_swarm_config config_;
  std::uint32_t chunk_count_;
  std::mt19937_64 random_;
  std::vector<std::unique_ptr<host>> hosts_;
  std::vector<std::unique_ptr<upload>> uploads_;
  std::vector<std::uint32_t> free_uploads_;
  std::vector<double> finished_s_;
  std::uint32_t unfinished_;
};

} // namespace shoal::simulator
