// How Shoal grows: one popular image to every host of a network at once, then a Zipf mix of images;
// what the index must do for it, message by message, and how long the bytes take.
//
// The index is the daemon's own (tools/simulator/index_traffic). The bytes are a fluid: under the
// border rule each border is crossed once by each piece, so that an image flows through the tree as
// through a pipeline, at the speed of the tightest link and a little later at each level
// (tools/simulator/swarm_model shows the same piece by piece, on smaller networks).
//
// Threads: pure functions; several may run side by side.
#pragma once

#include "tools/simulator/index_traffic.hpp"
#include "tools/simulator/link_tree.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace shoal::simulator {

struct scale_setting {
  std::uint32_t hosts = 100'000;
  /// Full racks, clusters and sites; the network is as many of them as the hosts need.
  std::uint32_t hosts_per_rack = 40, racks_per_cluster = 25, clusters_per_site = 10;
  std::uint64_t image_bytes = 1'000'000'000;
  std::uint32_t piece_bytes = 1024 * 1024;
  /// Links each way, bytes per second.
  link_rates rates{.host = megabits(1000),
                   .rack = megabits(10'000),
                   .cluster = megabits(40'000),
                   .site = megabits(10'000)};
  /// Within what time the hosts ask for the popular image, and how often they tell of news
  /// (host_cache's announce_interval).
  double burst_s = 5;
  double announce_interval_s = 0.25;
  /// The mix: images, how unequally they are wanted (PAPERS §2.3), requests of each host, and
  /// within what time.
  std::uint32_t mix_images = 500;
  double mix_exponent = 1.4;
  double mix_s = 60;
  /// What one more level of the pipeline takes a piece: announcing it and passing it on.
  double level_delay_s = 0.05;
  double wire_factor = 1.055;
  std::uint64_t seed = 1;
};

/// One workload on one network.
struct scale_phase {
  /// From the first request until the last host is done, and the median host's own time.
  double last_s = 0, median_s = 0;
  /// The least time there is: one copy over the tightest link.
  double bound_s = 0;
  std::uint64_t messages = 0;
  std::uint64_t message_bytes = 0;
  /// By topology::network_level.
  std::array<node_load, topology::network_level_count> load{};
  double lookup_mean_s = 0, lookup_max_s = 0;
  std::uint64_t lookups = 0, unanswered = 0;
  /// Bytes into the rack, cluster and site that most goes into, in images.
  double images_per_rack = 0, images_per_cluster = 0, images_per_site = 0;
};

struct scale_outcome {
  std::uint32_t racks = 0, clusters = 0, sites = 0;
  scale_phase popular, mix;
  std::uint64_t events = 0;
};

/// @param done is told how many more hosts are done with one of the two workloads; all hosts are
/// with each in the end.
/// @pre hosts >= 1; shape numbers >= 1.
scale_outcome run_scale(const scale_setting& setting,
                        const std::function<void(std::size_t)>& done = {});

} // namespace shoal::simulator
