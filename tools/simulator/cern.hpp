// CERN's experiment (Wartel et al. 2010; PAPERS §1.5): one large image to some hundred hosts by
// sequential copies, by scp-wave's binary tree, by BitTorrent and by Shoal, over links and disks
// that are really shared.
//
// Threads: pure functions; several may run side by side.
#pragma once

#include "tools/simulator/link_tree.hpp"

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace shoal::simulator {

/// How the image gets to the hosts.
enum class cern_scheme : std::uint8_t {
  /// The server copies to one host after the other.
  sequential,
  /// scp-wave: whole files; every host that has it copies it to one more.
  wave,
  /// BitTorrent as it was used (tools/simulator/plain_swarm.hpp).
  torrent,
  /// Shoal's swarm (tools/simulator/swarm_model.hpp).
  shoal,
};
inline constexpr std::array cern_schemes{cern_scheme::sequential, cern_scheme::wave,
                                         cern_scheme::torrent, cern_scheme::shoal};

/// `sequential`, `wave`, `torrent`, `shoal`.
std::string_view to_string(cern_scheme scheme);

struct cern_setting {
  std::uint32_t hosts = 400;
  std::uint64_t image_bytes = 10'000'000'000;
  /// Hosts' links, each way. The racks' uplinks carry what their hosts can unless given.
  double host_bytes_per_second = megabits(1000);
  std::uint32_t racks = 10;
  double rack_bytes_per_second = 0;
  /// What a host's disk writes; 0: no limit. Reading is from memory: the image is smaller.
  double disk_bytes_per_second = 0;
  /// Logging in and starting one scp, on average (exponential, at least half of it).
  double copy_start_s = 1;
  /// Of Shoal's pieces and BitTorrent's chunks. The daemon's own 64 KiB would only fill the
  /// pipeline faster.
  std::uint32_t piece_bytes = 2 * 1024 * 1024;
  std::uint32_t chunk_bytes = 4 * 1024 * 1024;
};

/// When each host has the whole image, ascending, in seconds.
std::vector<double> run_cern(const cern_setting& setting, cern_scheme scheme, std::uint64_t seed);

/// No way is faster: the image must leave the server, and enter each host and its disk.
double cern_bound_s(const cern_setting& setting);

} // namespace shoal::simulator
