// A site of 128 hosts after VDN's evaluation (INFOCOM'12 §V): which policy moves how much, and
// from how far. The trace is a small one of bursts over Zipf images that share chunks.
#include "swarm/cache_policy.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <cmath>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <queue>
#include <random>
#include <vector>

namespace shoal::swarm {
namespace {

using topology::distance;

constexpr std::size_t hosts = 128;
constexpr std::size_t hosts_per_rack = 8;
constexpr std::size_t hosts_per_cluster = 32;
constexpr std::size_t instances_per_host = 5;
constexpr std::size_t images = 200;
constexpr std::size_t chunks_per_image = 24;
constexpr std::uint32_t chunk_bytes = 4'000'000;
constexpr double days = 31;
constexpr std::size_t requests = 4000;

using host_set = std::bitset<hosts>;

/// From std::mt19937_64 alone, so that every library gives the same numbers.
class dice {
public:
  explicit dice(std::uint64_t seed) : engine_{seed} {}
  double operator()() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }
  std::size_t below(std::size_t end) { return engine_() % end; }
  /// A truncated Pareto.
  double pareto(double alpha, double least, double most) {
    return least / std::pow(1 - (*this)() * (1 - std::pow(least / most, alpha)), 1 / alpha);
  }

private:
  std::mt19937_64 engine_;
};

struct request {
  double time_s = 0;
  std::size_t image = 0;
  double lifetime_s = 0;
};

/// Campaigns of one image each: sizes and gaps are heavy-tailed (PAPERS §2.2, near S3 and S6).
std::vector<request> trace(dice& random) {
  std::vector<double> popularity(images);
  double sum = 0;
  for (std::size_t i = 0; i < images; ++i) {
    popularity[i] = sum += std::pow(static_cast<double>(i + 1), -1.4);
  }
  std::vector<request> list;
  while (list.size() < requests) {
    auto time_s = random() * days * 86400;
    const auto drawn = std::ranges::lower_bound(popularity, random() * sum) - popularity.begin();
    const auto size = static_cast<std::size_t>(random.pareto(1.2, 1, 300));
    for (std::size_t i = 0; i < size && list.size() < requests; ++i) {
      list.push_back({time_s, static_cast<std::size_t>(drawn), random.pareto(0.3, 60, 30 * 86400)});
      time_s += random.pareto(0.3, 1, 2000);
    }
  }
  std::ranges::sort(list, {}, &request::time_s);
  return list;
}

/// Per position of an image the chunk is everybody's, the family's, the major version's or its own
/// (PAPERS §2.5, preset 1).
std::vector<std::vector<cache_item>> make_images(dice& random) {
  std::vector<std::size_t> sharing(chunks_per_image);
  for (auto& level : sharing) {
    const auto u = random();
    level = u < 0.10 ? 0 : u < 0.35 ? 1 : u < 0.60 ? 2 : 3;
  }
  std::vector<std::vector<cache_item>> list(images);
  for (std::size_t image = 0; image < images; ++image) {
    const auto u = random();
    const std::size_t family = u < 0.60 ? 0 : u < 0.85 ? 1 : u < 0.96 ? 2 : 3;
    const std::array<std::size_t, 4> owner{0, 1 + family, 5 + family * 3 + random.below(3),
                                           20 + image};
    for (std::size_t i = 0; i < chunks_per_image; ++i) {
      list[image].push_back(owner[sharing[i]] * chunks_per_image + i);
    }
  }
  return list;
}

/// Shares of the bytes by where they came from, and VDN's cost of moving them.
struct outcome {
  double local = 0;
  /// Rack, cluster, site, server.
  std::array<double, 4> from{};
  /// Seconds of link per Gbit asked for.
  double cost = 0;
};

class site {
public:
  site(cache_policy_kind kind, double cache_images) {
    const auto capacity = static_cast<std::uint64_t>(cache_images * chunks_per_image);
    capacity_chunks_ = capacity;
    for (std::size_t host = 0; host < hosts; ++host) {
      caches_.push_back(make_cache_policy(
          {.kind = kind,
           .capacity_bytes = capacity * chunk_bytes,
           .copies = [this, host](cache_item chunk) { return copies(chunk, host); }}));
    }
  }

  outcome run(const std::vector<request>& requests_in_order,
              const std::vector<std::vector<cache_item>>& image_chunks, dice& random) {
    for (const auto& asked : requests_in_order) {
      if (const auto host = free_host(asked, random); host < hosts) {
        provide(host, image_chunks[asked.image], asked.time_s);
      }
    }
    outcome shares;
    // 2 Gbit/s in a rack, 500 Mbit/s in a cluster, 200 Mbit/s in the site; the server's 1 Gbit/s
    // serve 500 Mbit/s (PAPERS §2.1a).
    constexpr std::array<double, 4> seconds_per_gbit{0.5, 2, 5, 2};
    double total = static_cast<double>(local_);
    for (const auto count : from_) total += static_cast<double>(count);
    shares.local = static_cast<double>(local_) / total;
    for (std::size_t level = 0; level < from_.size(); ++level) {
      shares.from[level] = static_cast<double>(from_[level]) / total;
      shares.cost += shares.from[level] * seconds_per_gbit[level];
    }
    return shares;
  }

private:
  [[nodiscard]] distance nearest(const host_set& holders, std::size_t host) const {
    if (holders.none()) return distance::other_site;
    const auto around = [&](std::size_t span) {
      const auto first = host / span * span;
      for (auto other = first; other < first + span; ++other) {
        if (holders[other]) return true;
      }
      return false;
    };
    if (around(hosts_per_rack)) return distance::same_rack;
    return around(hosts_per_cluster) ? distance::same_cluster : distance::same_site;
  }

  [[nodiscard]] cache_copies copies(cache_item chunk, std::size_t host) const {
    auto others = holders_[chunk];
    others.reset(host);
    return {static_cast<std::uint32_t>(others.count()) + 1, nearest(others, host)};
  }

  std::size_t free_host(const request& asked, dice& random) {
    for (; !ends_.empty() && ends_.top().first <= asked.time_s; ends_.pop()) {
      --load_[ends_.top().second];
    }
    std::vector<std::size_t> free;
    for (std::size_t host = 0; host < hosts; ++host) {
      if (load_[host] < instances_per_host) free.push_back(host);
    }
    if (free.empty()) return hosts;
    const auto host = free[random.below(free.size())];
    ++load_[host];
    ends_.emplace(asked.time_s + asked.lifetime_s, host);
    return host;
  }

  void provide(std::size_t host, const std::vector<cache_item>& chunks, double time_s) {
    const auto now = instant{} + std::chrono::duration_cast<instant::duration>(
                                     std::chrono::duration<double>(time_s));
    auto& cache = *caches_[host];
    std::vector<cache_item> missing;
    for (const auto chunk : chunks) {
      if (!holders_[chunk][host]) {
        missing.push_back(chunk);
        continue;
      }
      cache.used(chunk, now);
      ++local_;
    }
    for (const auto chunk : missing) {
      ++from_[static_cast<std::size_t>(nearest(holders_[chunk], host))];
      if (cache.items() >= capacity_chunks_) {
        for (const auto& gone : cache.evict(chunk_bytes, now)) holders_[gone.item].reset(host);
      }
      holders_[chunk].set(host);
      cache.inserted(chunk, chunk_bytes, now);
    }
  }

  std::uint64_t capacity_chunks_ = 0;
  std::vector<std::unique_ptr<cache_policy>> caches_;
  std::vector<host_set> holders_ = std::vector<host_set>((20 + images) * chunks_per_image);
  std::array<std::size_t, hosts> load_{};
  using end = std::pair<double, std::size_t>;
  std::priority_queue<end, std::vector<end>, std::greater<>> ends_;
  std::uint64_t local_ = 0;
  std::array<std::uint64_t, 4> from_{};
};

outcome outcome_of(cache_policy_kind kind, std::uint64_t seed) {
  dice random{seed};
  const auto list = trace(random);
  const auto chunks = make_images(random);
  return site{kind, 2}.run(list, chunks, random);
}

// The figures of swarm/README.md; run this test alone to see them.
TEST(CacheSiteTest, RarityCostsLessThanTheOthersAndAsksTheServerLess) {
  constexpr std::uint64_t seeds = 5;
  std::map<cache_policy_kind, outcome> means;
  for (const auto kind : cache_policy_kinds()) {
    auto& mean = means[kind];
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      const auto one = outcome_of(kind, seed);
      mean.local += one.local / seeds;
      mean.cost += one.cost / seeds;
      for (std::size_t i = 0; i < one.from.size(); ++i) mean.from[i] += one.from[i] / seeds;
    }
    std::cout << to_string(kind) << ": local " << mean.local << ", rack " << mean.from[0]
              << ", cluster " << mean.from[1] << ", site " << mean.from[2] << ", server "
              << mean.from[3] << ", seconds/Gbit " << mean.cost << '\n';
  }
  const auto& ours = means[cache_policy_kind::rarity];
  for (const auto kind : {cache_policy_kind::fifo, cache_policy_kind::lru, cache_policy_kind::gdsf,
                          cache_policy_kind::s3_fifo}) {
    EXPECT_LT(ours.cost, means[kind].cost) << to_string(kind);
    EXPECT_LT(ours.from[3], 0.9 * means[kind].from[3]) << to_string(kind);
  }
}

} // namespace
} // namespace shoal::swarm
