// A made-up load for tests, and a directory that simply knows the truth.
#pragma once

#include "tools/simulator/data_centre/data_centre.hpp"

#include <algorithm>
#include <cmath>
#include <random>

namespace shoal::simulator::testing {

/// Images of `pieces` pieces: a quarter common to all, the rest their own; requests in bursts.
inline data_centre_load small_load(std::uint64_t seed, std::uint32_t images, std::uint32_t pieces,
                                   std::uint32_t requests, double days = 31) {
  std::mt19937_64 random{seed};
  data_centre_load load{.packs = images + 1, .pieces_per_pack = pieces};
  const auto words = (pieces + 63) / 64;
  for (std::uint32_t image = 0; image < images; ++image) {
    image_layout layout{{{0, piece_words(words)}, {image + 1, piece_words(words)}}};
    for (std::uint32_t piece = 0; piece < pieces; ++piece)
      layout.parts[piece % 4 == 0 ? 0 : 1].pieces[piece / 64] |= std::uint64_t{1} << piece % 64;
    load.images.push_back(layout);
  }
  std::uniform_real_distribution<double> uniform{0, 1};
  double time_s = 0;
  while (load.requests.size() < requests) {
    const auto image = static_cast<std::uint32_t>(images * std::pow(uniform(random), 3));
    const auto burst = 1 + static_cast<std::uint32_t>(4 / (0.1 + uniform(random)));
    for (std::uint32_t i = 0; i < burst && load.requests.size() < requests; ++i) {
      time_s += 5 * uniform(random);
      load.requests.push_back({time_s, image, 60 + 200'000 * std::pow(uniform(random), 6)});
    }
    time_s += uniform(random) * 2 * days * 86400 * burst / requests;
  }
  return load;
}

/// Knows what hosts published, and answers at once.
class true_directory : public directory {
public:
  true_directory(const tree_shape& shape, const data_centre_load& load)
      : shape_{shape}, pieces_{load.pieces_per_pack}, held_{shape.hosts(), load.packs,
                                                            load.pieces_per_pack} {}

  void publish(std::uint32_t host, std::span<const holding_change> changes) override {
    for (const auto& change : changes)
      change.added ? held_.insert(host, change.item) : held_.erase(host, change.item);
  }
  void find(std::uint32_t host, std::span<const image_part> wanted, lookup_reach reach,
            std::vector<found_holder>& found) override {
    for (std::uint32_t part = 0; part < wanted.size(); ++part) {
      auto left = wanted[part].pieces;
      for (const auto level : {topology::distance::same_rack, topology::distance::same_cluster,
                               topology::distance::same_site}) {
        auto still_left = left;
        for (std::uint32_t other = 0; other < shape_.hosts(); ++other) {
          if (other == host || shape_.between(host, other) != level) continue;
          found_holder holder{other, part, piece_words(left.size())};
          const auto held = held_.words(other, wanted[part].pack);
          for (std::size_t i = 0; i < left.size(); ++i) {
            holder.pieces[i] = left[i] & held[i];
            if (reach == lookup_reach::nearest_level) still_left[i] &= ~held[i];
          }
          if (count_of(holder.pieces) > 0) found.push_back(std::move(holder));
        }
        left = still_left;
      }
    }
  }
  [[nodiscard]] index_overhead overhead() const override { return {}; }

private:
  tree_shape shape_;
  std::uint32_t pieces_;
  piece_grid held_;
};

} // namespace shoal::simulator::testing
