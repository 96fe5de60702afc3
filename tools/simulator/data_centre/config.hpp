// What a simulated data centre is made of and which of the daemon's policies it runs.
//
// Threads: values. Errors: none; `validate` names what is wrong.
#pragma once

#include "swarm/cache_policy.hpp"
#include "topology/placement.hpp"
#include "topology/result.hpp"
#include "topology/source_choice.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace shoal::simulator {

/// How an instance's image gets to its host (VDN §IV; `shoal` is ours).
enum class scheme : std::uint8_t {
  /// Everything from the image server.
  baseline,
  /// The host's own cache, else the image server.
  local,
  /// Caches of other hosts too, found by broadcast, by a hash ring, by the hierarchy of indexes.
  naive,
  flat,
  topo,
};

std::string_view to_string(scheme which);
std::optional<scheme> scheme_of(std::string_view name);

/// A tree of hosts with the same shape everywhere (PAPERS V28: 4 x 4 x 8).
struct tree_shape {
  std::uint32_t clusters = 4;
  std::uint32_t racks_per_cluster = 4;
  std::uint32_t hosts_per_rack = 8;

  [[nodiscard]] std::uint32_t hosts() const {
    return clusters * racks_per_cluster * hosts_per_rack;
  }
  [[nodiscard]] std::uint32_t rack_of(std::uint32_t host) const { return host / hosts_per_rack; }
  [[nodiscard]] std::uint32_t cluster_of(std::uint32_t host) const {
    return rack_of(host) / racks_per_cluster;
  }
  /// The smallest domain with both hosts.
  [[nodiscard]] topology::distance between(std::uint32_t a, std::uint32_t b) const {
    if (rack_of(a) == rack_of(b)) return topology::distance::same_rack;
    return cluster_of(a) == cluster_of(b) ? topology::distance::same_cluster
                                          : topology::distance::same_site;
  }
};

/// The paper's links: what one pair of hosts gets, independent of all other pairs (PAPERS §2.1d),
/// and an image server that sends one request after the other (§2.1a).
struct pair_links {
  double rack_bits_per_second = 2e9;
  double cluster_bits_per_second = 500e6;
  double site_bits_per_second = 200e6;
  /// The server's link; it effectively serves half of it (PAPERS §2.1a: 2 S / 1 Gbps).
  double server_bits_per_second = 1e9;
  double server_time_factor = 2;

  [[nodiscard]] double bytes_per_second(topology::distance away) const;
  [[nodiscard]] double server_bytes_per_second() const {
    return server_bits_per_second / 8 / server_time_factor;
  }
};

/// Links as they are: full duplex, shared max-min fair by all that crosses them. The defaults are
/// the paper's pair rates taken as what every host of a domain gets when all of them cross its
/// border at once: 8 x 500 Mbps a rack, 32 x 200 Mbps a cluster (over-subscribed 4 and 10 times).
struct shared_links {
  double host_bits_per_second = 2e9;
  double rack_bits_per_second = 4e9;
  double cluster_bits_per_second = 6.4e9;
  double server_bits_per_second = 1e9;
};

/// How links behave.
enum class link_mode : std::uint8_t { paper, physical };

/// When another host may fetch what one is getting.
enum class sharing : std::uint8_t {
  /// A piece once it has arrived whole.
  piece_arrived,
  /// Pieces once the whole image has arrived.
  image_arrived,
  /// A piece on its way too: whoever wants it next waits for it and does not ask the server again.
  in_flight,
};

struct data_centre_config {
  tree_shape shape;
  link_mode mode = link_mode::paper;
  /// Of `link_mode::paper`.
  pair_links links;
  /// Of `link_mode::physical`.
  shared_links physical;
  std::uint32_t slots_per_host = 5;
  std::uint64_t piece_bytes = 4'000'000;

  simulator::scheme scheme = simulator::scheme::topo;
  sharing shares = sharing::piece_arrived;
  topology::source_policy sources = topology::source_policy::nearest_first;
  topology::placement_strategy placement = topology::placement_strategy::random;

  swarm::cache_policy_kind cache = swarm::cache_policy_kind::fifo;
  /// The cache's size in images; 0: no limit, as `live` wants it.
  double cache_images = 2;
  /// Last copies in the data centre that no cache gives up.
  std::uint32_t copies_floor = 0;
  /// The server's idle time brings one copy of every image in before it is asked for.
  bool prestage = false;

  /// Draws hosts for `random` placement.
  std::uint64_t seed = 1;
};

/// @returns errc::invalid_argument naming the field and what was expected.
result<void> validate(const data_centre_config& config);

} // namespace shoal::simulator
