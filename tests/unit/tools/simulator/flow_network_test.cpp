#include "tools/simulator/flow_network.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <vector>

namespace shoal::simulator {
namespace {

constexpr double unlimited = flow_network::unlimited;

TEST(FlowNetworkTest, OneFlowTakesItsSizeOverTheNarrowestLink) {
  event_queue events;
  flow_network network{events};
  const std::array path{network.add_link(100), network.add_link(40), network.add_link(70)};
  double ended = -1;
  network.start(path, 1000, unlimited, [&] { ended = events.now(); });
  events.run();
  EXPECT_DOUBLE_EQ(ended, 25);
  EXPECT_EQ(network.flow_count(), 0u);
  for (const auto link : path)
    EXPECT_DOUBLE_EQ(network.carried_bytes(link), 1000);
}

TEST(FlowNetworkTest, AFlowKeepsToItsOwnLimitAndTheOthersShareTheRest) {
  event_queue events;
  flow_network network{events};
  const std::array path{network.add_link(90)};
  const auto slow = network.start(path, 1000, 10, {});
  const auto one = network.start(path, 1000, unlimited, {});
  const auto two = network.start(path, 1000, unlimited, {});
  EXPECT_DOUBLE_EQ(network.rate(slow), 10);
  EXPECT_DOUBLE_EQ(network.rate(one), 40);
  EXPECT_DOUBLE_EQ(network.rate(two), 40);
}

TEST(FlowNetworkTest, AFlowWithoutLinksRunsAtItsLimit) {
  event_queue events;
  flow_network network{events};
  double ended = -1;
  network.start({}, 100, 25, [&] { ended = events.now(); });
  events.run();
  EXPECT_DOUBLE_EQ(ended, 4);
}

// Bertsekas and Gallager, Data Networks, figure 6.18 in spirit: one long flow, short ones beside.
TEST(FlowNetworkTest, ALongFlowGetsTheShareOfItsNarrowestLink) {
  event_queue events;
  flow_network network{events};
  const auto a = network.add_link(100);
  const auto b = network.add_link(100);
  const auto longest = network.start(std::array{a, b}, 1e6, unlimited, {});
  const auto at_a = network.start(std::array{a}, 1e6, unlimited, {});
  const auto at_b = network.start(std::array{b}, 1e6, unlimited, {});
  const auto also_at_b = network.start(std::array{b}, 1e6, unlimited, {});
  EXPECT_NEAR(network.rate(longest), 100.0 / 3, 1e-6);
  EXPECT_NEAR(network.rate(at_a), 200.0 / 3, 1e-6);
  EXPECT_NEAR(network.rate(at_b), 100.0 / 3, 1e-6);
  network.cancel(also_at_b);
  EXPECT_NEAR(network.rate(longest), 50, 1e-6);
  EXPECT_NEAR(network.rate(at_a), 50, 1e-6);
}

TEST(FlowNetworkTest, WhoEndsLeavesItsShareToTheOthers) {
  event_queue events;
  flow_network network{events};
  const std::array path{network.add_link(10)};
  std::vector<double> ends;
  network.start(path, 100, unlimited, [&] { ends.push_back(events.now()); });
  network.start(path, 50, unlimited, [&] { ends.push_back(events.now()); });
  events.run();
  ASSERT_EQ(ends.size(), 2u);
  EXPECT_DOUBLE_EQ(ends[0], 10);
  EXPECT_DOUBLE_EQ(ends[1], 15);
}

TEST(FlowNetworkTest, ExtendingAFlowInItsLastInstantKeepsItGoing) {
  event_queue events;
  flow_network network{events};
  const std::array path{network.add_link(10)};
  double ended = -1;
  flow_id flow;
  flow = network.start(path, 100, unlimited, [&] {
    EXPECT_TRUE(network.extend(flow, 50, [&] { ended = events.now(); }));
  });
  network.settle();
  const auto before = network.rates_computed();
  events.run();
  EXPECT_DOUBLE_EQ(ended, 15);
  EXPECT_EQ(network.rates_computed(), before);
  EXPECT_DOUBLE_EQ(network.carried_bytes(path[0]), 150);
}

TEST(FlowNetworkTest, CancellingTellsWhatWasLeftAndItsEndNeverComes) {
  event_queue events;
  flow_network network{events};
  const std::array path{network.add_link(10)};
  const auto flow = network.start(path, 100, unlimited, [] { FAIL(); });
  events.run_until(4);
  EXPECT_NEAR(network.cancel(flow), 60, 1e-9);
  EXPECT_EQ(network.cancel(flow), 0);
  EXPECT_FALSE(network.active(flow));
  events.run();
  EXPECT_NEAR(network.carried_bytes(path[0]), 40, 1e-9);
}

TEST(FlowNetworkTest, AFlowEndedInTheInstantItBeganLeavesNoTrace) {
  event_queue events;
  flow_network network{events};
  const std::array path{network.add_link(10)};
  const auto stays = network.start(path, 100, unlimited, {});
  network.cancel(network.start(path, 100, unlimited, {}));
  EXPECT_DOUBLE_EQ(network.rate(stays), 10);
  EXPECT_DOUBLE_EQ(network.load(path[0]), 10);
}

TEST(FlowNetworkTest, ANarrowerLinkSlowsWhatCrossesIt) {
  event_queue events;
  flow_network network{events};
  const std::array path{network.add_link(10)};
  double ended = -1;
  network.start(path, 100, unlimited, [&] { ended = events.now(); });
  events.run_until(5);
  network.set_capacity(path[0], 5);
  events.run();
  EXPECT_NEAR(ended, 15, 1e-9);
}

/// A random tree-like network and what is known of its flows.
class RandomFlows : public ::testing::TestWithParam<std::uint64_t> {
protected:
  struct running {
    flow_id id;
    std::vector<link_number> path;
    double rate_max;
  };

  void build(flow_network& network) {
    capacities_.clear();
    const auto count = 3 + random_() % 30;
    for (std::uint64_t i = 0; i < count; ++i) {
      capacities_.push_back(1.0 + static_cast<double>(random_() % 1000));
      network.add_link(capacities_.back());
    }
  }

  running some_flow() {
    running one;
    std::vector<link_number> all(capacities_.size());
    std::iota(all.begin(), all.end(), 0u);
    std::shuffle(all.begin(), all.end(), random_);
    all.resize(1 + random_() % std::min<std::size_t>(6, all.size()));
    one.path = all;
    one.rate_max = random_() % 4 == 0 ? 1.0 + static_cast<double>(random_() % 300) : unlimited;
    return one;
  }

  // The condition that makes a rate max-min fair, and that no link carries more than it can.
  void expect_fair(flow_network& network, const std::vector<running>& flows, double tolerance) {
    std::vector<double> load(capacities_.size());
    std::vector<double> highest(capacities_.size());
    for (const auto& one : flows) {
      const auto rate = network.rate(one.id);
      ASSERT_GT(rate, 0);
      for (const auto link : one.path) {
        load[link] += rate;
        highest[link] = std::max(highest[link], rate);
      }
    }
    for (std::size_t link = 0; link < load.size(); ++link) {
      ASSERT_LE(load[link], capacities_[link] * (1 + 1e-9)) << "link " << link;
      ASSERT_NEAR(load[link], network.load(static_cast<link_number>(link)),
                  1e-6 * capacities_[link]);
    }
    for (const auto& one : flows) {
      const auto rate = network.rate(one.id);
      if (rate >= one.rate_max * (1 - 1e-9)) continue;
      const bool held_back = std::any_of(one.path.begin(), one.path.end(), [&](auto link) {
        return load[link] >= capacities_[link] * (1 - 3 * tolerance) &&
               rate >= highest[link] * (1 - 3 * tolerance);
      });
      ASSERT_TRUE(held_back) << "a flow at " << rate << " could go faster";
    }
  }

  std::mt19937_64 random_{GetParam()};
  std::vector<double> capacities_;
};

TEST_P(RandomFlows, EveryFlowHasALinkThatHoldsItBack) {
  for (const double tolerance : {1e-8, 0.02}) {
    event_queue events;
    flow_network network{events, {.tolerance = tolerance}};
    build(network);
    std::vector<running> flows;
    for (int step = 0; step < 60; ++step) {
      const auto change = 1 + random_() % 4;
      for (std::uint64_t i = 0; i < change; ++i) {
        if (!flows.empty() && random_() % 5 < 2) {
          const auto which = random_() % flows.size();
          network.cancel(flows[which].id);
          flows.erase(flows.begin() + static_cast<std::ptrdiff_t>(which));
        } else {
          auto one = some_flow();
          one.id = network.start(one.path, 1e12, one.rate_max, {});
          flows.push_back(one);
        }
      }
      if (random_() % 8 == 0) {
        const auto link = static_cast<link_number>(random_() % capacities_.size());
        capacities_[link] = 1.0 + static_cast<double>(random_() % 1000);
        network.set_capacity(link, capacities_[link]);
      }
      ASSERT_NO_FATAL_FAILURE(expect_fair(network, flows, tolerance));
    }
  }
}

TEST_P(RandomFlows, SettlingStepByStepGivesTheRatesOfSettlingAtOnce) {
  event_queue events;
  flow_network step_by_step{events};
  build(step_by_step);
  std::vector<running> flows;
  for (int step = 0; step < 80; ++step) {
    if (!flows.empty() && random_() % 5 < 2) {
      const auto which = random_() % flows.size();
      step_by_step.cancel(flows[which].id);
      flows.erase(flows.begin() + static_cast<std::ptrdiff_t>(which));
    } else {
      auto one = some_flow();
      one.id = step_by_step.start(one.path, 1e12, one.rate_max, {});
      flows.push_back(one);
    }
    step_by_step.settle();
  }
  flow_network from_scratch{events};
  for (const auto capacity : capacities_)
    from_scratch.add_link(capacity);
  std::vector<flow_id> twins;
  for (const auto& one : flows)
    twins.push_back(from_scratch.start(one.path, 1e12, one.rate_max, {}));
  for (std::size_t i = 0; i < flows.size(); ++i) {
    const auto rate = from_scratch.rate(twins[i]);
    EXPECT_NEAR(step_by_step.rate(flows[i].id), rate, 1e-6 * rate);
  }
}

TEST_P(RandomFlows, EveryByteCrossesEveryLinkOfItsPathOnce) {
  event_queue events;
  flow_network network{events};
  build(network);
  std::vector<double> expected(capacities_.size());
  std::size_t ended = 0;
  const std::size_t count = 200;
  for (std::size_t i = 0; i < count; ++i) {
    const auto one = some_flow();
    const auto bytes = 1.0 + static_cast<double>(random_() % 10000);
    for (const auto link : one.path)
      expected[link] += bytes;
    events.at(static_cast<double>(random_() % 500), [&, one, bytes] {
      network.start(one.path, bytes, one.rate_max, [&] { ++ended; });
    });
  }
  events.run();
  EXPECT_EQ(ended, count);
  EXPECT_EQ(network.flow_count(), 0u);
  for (std::size_t link = 0; link < expected.size(); ++link) {
    const auto number = static_cast<link_number>(link);
    EXPECT_NEAR(network.carried_bytes(number), expected[link], 1e-6 * (1 + expected[link]));
    EXPECT_NEAR(network.load(number), 0, 1e-9);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomFlows, ::testing::Range<std::uint64_t>(1, 41));

} // namespace
} // namespace shoal::simulator
