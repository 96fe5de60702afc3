#include "tools/simulator/cern.hpp"

#include "tools/simulator/plain_swarm.hpp"
#include "tools/simulator/swarm_model.hpp"

#include <algorithm>
#include <deque>
#include <random>
#include <string>

namespace shoal::simulator {

namespace {

/// Headers of Ethernet, IP and TCP (1500-byte packets) and acknowledgements; a swarm's messages on
/// top of them are in the swarms' own configuration.
constexpr double wire_factor = 1.05;
/// The size for which the daemon's policies are made.
constexpr double default_piece_bytes = 64 * 1024;

/// The server and the hosts, and what they are connected by.
struct scene {
  // Rates that miss the fair ones by 2 % save nine tenths of the work.
  explicit scene(const cern_setting& setting)
      : links{events, {.tolerance = 0.02}},
        tree{links,
             {.host = setting.host_bytes_per_second,
              .rack = setting.rack_bytes_per_second,
              .disk = setting.disk_bytes_per_second * wire_factor}} {
    tree.add_host(place_of(0));
    for (std::uint32_t host = 0; host < setting.hosts; ++host)
      tree.add_host(place_of(host * setting.racks / setting.hosts));
  }

  static topology::place place_of(std::uint32_t rack) {
    return {"cern", "c1", "r" + std::to_string(rack + 1)};
  }

  event_queue events;
  flow_network links;
  link_tree tree;
};

/// Copies of whole files, each begun by a host that has it.
class copies {
public:
  copies(scene& in, const cern_setting& setting, std::uint64_t seed, bool doubling)
      : in_{in}, setting_{setting}, random_{seed}, doubling_{doubling} {
    for (std::uint32_t host = 1; host <= setting.hosts; ++host)
      targets_.push_back(host);
    // The list is in no order that knows of racks.
    std::shuffle(targets_.begin(), targets_.end(), random_);
    seed_free(0);
  }

  std::vector<double> finished_s;

private:
  void seed_free(std::uint32_t from) {
    if (targets_.empty()) return;
    const auto to = targets_.front();
    targets_.pop_front();
    const auto half = setting_.copy_start_s / 2;
    const auto wait = half > 0 ? half + std::exponential_distribution<>{1 / half}(random_) : 0;
    in_.events.after(wait, [this, from, to] { copy(from, to); });
  }

  void copy(std::uint32_t from, std::uint32_t to) {
    std::vector<link_number> path;
    in_.tree.path(from, to, path);
    const auto bytes = static_cast<double>(setting_.image_bytes) * wire_factor;
    in_.links.start(path, bytes, setting_.host_bytes_per_second, [this, from, to] {
      finished_s.push_back(in_.events.now());
      if (doubling_) seed_free(to);
      seed_free(from);
    });
  }

  scene& in_;
  const cern_setting& setting_;
  std::mt19937_64 random_;
  bool doubling_;
  std::deque<std::uint32_t> targets_;
};

std::vector<double> run_torrent(scene& in, const cern_setting& setting, std::uint64_t seed) {
  plain_swarm_config config;
  config.image_bytes = setting.image_bytes;
  config.chunk_bytes = setting.chunk_bytes;
  config.seed = seed;
  plain_swarm swarm{in.events, in.links, in.tree, config, setting.hosts};
  swarm.start();
  in.events.run();
  return swarm.finished_s();
}

std::vector<double> run_shoal(scene& in, const cern_setting& setting, std::uint64_t seed) {
  swarm_model_config config;
  config.pack_key = seed;
  config.pack_bytes = setting.image_bytes;
  config.piece_bytes = setting.piece_bytes;
  const auto scale = static_cast<double>(setting.piece_bytes) / default_piece_bytes;
  config.fetcher_queue_bytes *= static_cast<std::uint32_t>(std::max(1.0, scale));
  config.holder_queue_bytes *= static_cast<std::uint32_t>(std::max(1.0, scale));
  config.policy_clock_rate = 1 / scale;
  config.seed = seed;
  swarm_model swarm{in.events, in.links, in.tree, config};
  swarm.add_holder({"server", scene::place_of(0)}, 0);
  for (std::uint32_t host = 0; host < setting.hosts; ++host) {
    const auto where = scene::place_of(host * setting.racks / setting.hosts);
    swarm.add_fetcher({"h" + std::to_string(host + 1), where, 0}, host + 1);
  }
  swarm.start();
  in.events.run();
  return swarm.outcome().finished_s;
}

} // namespace

std::string_view to_string(cern_scheme scheme) {
  switch (scheme) {
  case cern_scheme::sequential: return "sequential";
  case cern_scheme::wave: return "wave";
  case cern_scheme::torrent: return "torrent";
  case cern_scheme::shoal: return "shoal";
  }
  return "";
}

std::vector<double> run_cern(const cern_setting& setting, cern_scheme scheme, std::uint64_t seed) {
  SHOAL_ASSERT(setting.hosts > 0 && setting.racks > 0 && setting.racks <= setting.hosts);
  scene in{setting};
  std::vector<double> finished;
  switch (scheme) {
  case cern_scheme::sequential:
  case cern_scheme::wave: {
    copies run{in, setting, seed, scheme == cern_scheme::wave};
    in.events.run();
    finished = std::move(run.finished_s);
    break;
  }
  case cern_scheme::torrent: finished = run_torrent(in, setting, seed); break;
  case cern_scheme::shoal: finished = run_shoal(in, setting, seed); break;
  }
  std::sort(finished.begin(), finished.end());
  return finished;
}

double cern_bound_s(const cern_setting& setting) {
  auto rate = setting.host_bytes_per_second / wire_factor;
  if (setting.disk_bytes_per_second > 0) rate = std::min(rate, setting.disk_bytes_per_second);
  return static_cast<double>(setting.image_bytes) / rate;
}

} // namespace shoal::simulator
