#include "tools/simulator/swarm_model.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace shoal::simulator {
namespace {

constexpr double mebibyte = 1024 * 1024;

/// A server in the first rack and hosts spread over racks and clusters.
struct scenario {
  scenario(std::uint32_t hosts, std::uint32_t racks, std::uint32_t racks_per_cluster,
           link_rates rates, swarm_model_config config = {})
      : links{events}, tree{links, rates}, swarm{events, links, tree, config} {
    const auto place_of = [&](std::uint32_t rack) {
      return topology::place{"s1", "c" + std::to_string(1 + rack / racks_per_cluster),
                             "r" + std::to_string(1 + rack)};
    };
    swarm.add_holder({"server", place_of(0)}, tree.add_host(place_of(0)));
    for (std::uint32_t i = 0; i < hosts; ++i) {
      const auto where = place_of(i * racks / hosts);
      swarm.add_fetcher({"h" + std::to_string(i + 1), where}, tree.add_host(where));
    }
    swarm.start();
    events.run();
  }

  [[nodiscard]] double last() const {
    return *std::max_element(swarm.outcome().finished_s.begin(), swarm.outcome().finished_s.end());
  }
  [[nodiscard]] double up(const std::string& domain) {
    return links.carried_bytes(tree.domain_links().at(domain).up);
  }
  [[nodiscard]] double down(const std::string& domain) {
    return links.carried_bytes(tree.domain_links().at(domain).down);
  }

  event_queue events;
  flow_network links;
  link_tree tree;
  swarm_model swarm;
};

TEST(SwarmModelTest, OneFetcherTakesThePackOverItsLink) {
  scenario one{1, 1, 1, {.host = megabits(100)}};
  EXPECT_TRUE(one.swarm.finished());
  const auto bound = 64 * mebibyte * 1.055 / megabits(100);
  EXPECT_NEAR(one.last(), bound + 0.1, 0.02 * bound);
  EXPECT_EQ(one.swarm.outcome().duplicate_pieces, 0u);
}

TEST(SwarmModelTest, TheHolderSendsEachPieceOnceToARack) {
  scenario rack{7, 1, 1, {.host = megabits(100)}};
  EXPECT_TRUE(rack.swarm.finished());
  EXPECT_EQ(rack.swarm.outcome().duplicate_pieces, 0u);
  EXPECT_NEAR(rack.links.carried_bytes(rack.tree.host_link(0).up), 64 * mebibyte * 1.055,
              0.02 * 64 * mebibyte);
  const auto bound = 64 * mebibyte * 1.055 / megabits(100);
  EXPECT_LT(rack.last(), 1.15 * bound);
}

TEST(SwarmModelTest, EachBorderIsCrossedOnce) {
  scenario tree{12, 4, 2, {.host = megabits(200), .rack = megabits(100), .cluster = megabits(50)}};
  EXPECT_TRUE(tree.swarm.finished());
  const auto once = 64 * mebibyte * 1.055;
  for (const auto* rack : {"s1/c1/r2", "s1/c2/r3", "s1/c2/r4"})
    EXPECT_LE(tree.down(rack), 1.05 * once) << rack;
  EXPECT_LE(tree.down("s1/c2"), 1.05 * once);
  EXPECT_LT(tree.last(), 1.25 * once / megabits(50));
}

TEST(SwarmModelTest, EqualSeedsGiveEqualRuns) {
  const scenario one{9, 3, 3, {.host = megabits(100), .rack = megabits(100)}};
  const scenario two{9, 3, 3, {.host = megabits(100), .rack = megabits(100)}};
  EXPECT_EQ(one.swarm.outcome().finished_s, two.swarm.outcome().finished_s);
}

} // namespace
} // namespace shoal::simulator
