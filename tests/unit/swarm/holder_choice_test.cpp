#include "swarm/holder_choice.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace shoal::test {
namespace {

using namespace std::chrono_literals;
using swarm::holder_choice;
using swarm::holder_choice_config;
using swarm::known_holder;

constexpr std::uint64_t mb = 1'000'000;
constexpr std::uint64_t pack_bytes = 400 * mb;

topology::place rack(const std::string& name, const std::string& cluster = "c1",
                     const std::string& site = "s1") {
  return {site, cluster, name};
}

/// A fetch whose sources bring what they can while they are chosen.
struct simulated_fetch {
  struct source {
    known_holder holder;
    double bytes_per_second = 0;
    double brought = 0;
  };

  explicit simulated_fetch(topology::source_policy policy = topology::source_policy::earliest_finish)
      : choice{7, {"me", rack("r1")}, holder_choice_config{.policy = policy}} {}

  void name(std::vector<source> named, std::vector<topology::fetcher> fetchers = {}) {
    sources = std::move(named);
    std::vector<known_holder> holders;
    for (const auto& one : sources)
      holders.push_back(one.holder);
    fetchers.push_back({"me", rack("r1")});
    choice.set_swarm(std::move(holders), fetchers, now);
  }

  bool chosen(const std::string& host) const {
    const auto hosts = choice.chosen();
    return std::find(hosts.begin(), hosts.end(), host) != hosts.end();
  }

  /// Runs until nothing is missing, or for so long. @returns how long.
  double run(double seconds_max = 1e6) {
    constexpr double step_s = 0.1;
    double took_s = 0;
    for (; missing > 0 && took_s < seconds_max; took_s += step_s) {
      double wire = nic_bytes_per_second * step_s;
      for (auto& one : sources) {
        if (!chosen(one.holder.host)) continue;
        const auto bytes = std::min({one.bytes_per_second * step_s, wire, missing});
        wire -= bytes;
        missing -= bytes;
        one.brought += bytes;
        choice.received(one.holder.host, static_cast<std::uint64_t>(bytes));
      }
      now += 100ms;
      choice.look(static_cast<std::uint64_t>(missing), pack_bytes, now);
    }
    return took_s;
  }

  double brought(const std::string& host) const {
    return std::find_if(sources.begin(), sources.end(),
                        [&](const auto& one) { return one.holder.host == host; })
        ->brought;
  }

  holder_choice choice;
  std::vector<source> sources;
  topology::instant now{1h};
  double missing = pack_bytes;
  double nic_bytes_per_second = 1e9;
};

TEST(HolderChoiceTest, OnlyTheNearestLevelIsAskedAtFirst) {
  simulated_fetch fetch;
  fetch.name({{{"near", rack("r1")}, 1e6}, {{"far", rack("r2")}, 1e6}});
  EXPECT_EQ(fetch.choice.chosen(), std::vector<std::string>{"near"});
}

TEST(HolderChoiceTest, ASlowNearHolderIsHelpedByAFasterFartherOne) {
  simulated_fetch fetch;
  fetch.name({{{"near", rack("r1")}, 1 * mb}, {{"far", rack("r2")}, 100 * mb}});
  // 400 s with the near one alone, 4 s with both.
  EXPECT_LT(fetch.run(), 10);
}

TEST(HolderChoiceTest, NearestFirstKeepsToTheNearestLevel) {
  simulated_fetch fetch{topology::source_policy::nearest_first};
  fetch.name({{{"near", rack("r1")}, 1 * mb}, {{"far", rack("r2")}, 100 * mb}});
  fetch.run(60);
  EXPECT_EQ(fetch.brought("far"), 0);
}

TEST(HolderChoiceTest, AFartherHolderThatMakesNothingFasterBringsATwentiethAtMost) {
  simulated_fetch fetch;
  fetch.nic_bytes_per_second = 10 * mb;
  fetch.name({{{"far", rack("r2")}, 100 * mb}, {{"near", rack("r1")}, 100 * mb}});
  fetch.run();
  EXPECT_LE(fetch.brought("far"), 0.05 * pack_bytes);
  EXPECT_FALSE(fetch.chosen("far"));
}

TEST(HolderChoiceTest, AFetchThatEndsSoonIsLeftAlone) {
  simulated_fetch fetch;
  fetch.name({{{"near", rack("r1")}, 100 * mb}, {{"far", rack("r2")}, 100 * mb}});
  fetch.run();
  EXPECT_EQ(fetch.brought("far"), 0);
}

TEST(HolderChoiceTest, AnotherSiteIsNeverTriedWhileThisOneHasAHolder) {
  simulated_fetch fetch;
  fetch.name({{{"near", rack("r1")}, 1 * mb}, {{"abroad", rack("r1", "c1", "s2")}, 100 * mb}});
  fetch.run(60);
  EXPECT_EQ(fetch.brought("abroad"), 0);
}

TEST(HolderChoiceTest, LevelsAreTriedOneAfterTheOtherAndKeptWhereTheyPay) {
  simulated_fetch fetch;
  fetch.name({{{"near", rack("r1")}, 1 * mb},
              {{"beside", rack("r2")}, 1000},
              {{"across", rack("r1", "c2")}, 50 * mb}});
  fetch.run();
  EXPECT_LT(fetch.brought("beside"), 0.05 * pack_bytes);
  EXPECT_GT(fetch.brought("across"), 0.8 * pack_bytes);
}

TEST(HolderChoiceTest, NearHoldersThatAreGoneAreReplacedByTheNextLevel) {
  simulated_fetch fetch;
  fetch.name({{{"near", rack("r1")}, 0}, {{"far", rack("r2")}, 10 * mb}});
  EXPECT_LT(fetch.run(), 50);
}

TEST(HolderChoiceTest, FetchersOfARackTogetherTryWithATwentiethOfThePack) {
  // Each sees the same network; nobody gains anything.
  constexpr int count = 40;
  std::vector<topology::fetcher> fetchers;
  for (int i = 0; i < count; ++i)
    fetchers.push_back({"h" + std::to_string(i), rack("r1")});
  double brought = 0;
  for (const auto& one : fetchers) {
    holder_choice choice{7, one};
    topology::instant now{1h};
    choice.set_swarm({{"near", rack("r1")}, {"far", rack("r2")}}, fetchers, now);
    const std::uint64_t small = 60 * mb;
    std::uint64_t own = 0;
    for (int step = 0; step < 200; ++step) {
      const auto hosts = choice.chosen();
      const bool tries = std::find(hosts.begin(), hosts.end(), "far") != hosts.end();
      // The network card gives 200 kB every tenth of a second, whoever sends.
      choice.received(tries ? "far" : "near", 200'000);
      if (tries) own += 200'000;
      now += 100ms;
      choice.look(small - 200'000u * static_cast<unsigned>(step), small, now);
    }
    brought += static_cast<double>(own);
  }
  EXPECT_GT(brought, 0);
  EXPECT_LE(brought, 0.05 * 60 * mb);
}

TEST(HolderChoiceTest, WhatIsLackedIsSoughtWithAllHolders) {
  simulated_fetch fetch;
  std::vector<simulated_fetch::source> many;
  for (int i = 0; i < 12; ++i)
    many.push_back({{"n" + std::to_string(i), rack("r1")}, 1e6});
  many.push_back({{"far", rack("r2")}, 1e6});
  fetch.name(many);
  EXPECT_EQ(fetch.choice.chosen().size(), 8u);
  EXPECT_FALSE(fetch.choice.all_chosen());
  fetch.choice.extend();
  EXPECT_TRUE(fetch.choice.all_chosen());
}

TEST(HolderChoiceTest, HostsBeginElsewhereInALevel) {
  std::vector<known_holder> holders;
  for (int i = 0; i < 20; ++i)
    holders.push_back({"n" + std::to_string(i), rack("r2")});
  holder_choice one{7, {"a", rack("r1")}};
  holder_choice other{7, {"b", rack("r1")}};
  one.set_swarm(holders, {}, {});
  other.set_swarm(holders, {}, {});
  EXPECT_NE(one.chosen(), other.chosen());
}

} // namespace
} // namespace shoal::test
