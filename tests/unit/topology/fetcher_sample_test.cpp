#include "topology/fetcher_sample.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

namespace shoal::topology {
namespace {

std::vector<fetcher> network_of(int sites, int clusters, int racks, int hosts) {
  std::vector<fetcher> made;
  for (int s = 0; s < sites; ++s)
    for (int c = 0; c < clusters; ++c)
      for (int r = 0; r < racks; ++r)
        for (int h = 0; h < hosts; ++h)
          made.push_back({"h" + std::to_string(made.size()),
                          {"s" + std::to_string(s), "c" + std::to_string(c),
                           "r" + std::to_string(r)}});
  return made;
}

std::set<std::string> names(const std::vector<fetcher>& fetchers,
                            const std::vector<std::uint32_t>& indices) {
  std::set<std::string> told;
  for (const auto i : indices)
    told.insert(fetchers[i].host);
  return told;
}

TEST(FetcherSampleTest, EverybodyOfTheRackIsNamedAndAFewOfEachOtherDomain) {
  const auto fetchers = network_of(3, 4, 5, 20);
  const auto named = sample_fetchers(1, fetchers, fetchers[0].where, 3);
  EXPECT_EQ(named.size(), 20u + 4 * 3 + 3 * 3 + 2 * 3);
  for (std::uint32_t i = 0; i < 20; ++i)
    EXPECT_EQ(named[i], i);
}

TEST(FetcherSampleTest, ASmallNetworkIsNamedWhole) {
  const auto fetchers = network_of(2, 2, 2, 2);
  for (const auto& one : fetchers)
    EXPECT_EQ(sample_fetchers(1, fetchers, one.where, 8).size(), fetchers.size());
}

TEST(FetcherSampleTest, AViewDoesNotGrowWithTheDomainsOfOthers) {
  const auto small = network_of(2, 2, 2, 10);
  auto large = small;
  for (int i = 0; i < 500; ++i)
    large.push_back({"x" + std::to_string(i), {"s1", "c1", "r1"}});
  EXPECT_EQ(sample_fetchers(1, large, small[0].where).size(),
            sample_fetchers(1, small, small[0].where).size());
}

TEST(FetcherSampleTest, AllOutsideADomainSeeTheSameOfIt) {
  const auto fetchers = network_of(2, 3, 3, 9);
  const auto of_rack = [&](const place& rack, const place& viewer) {
    std::set<std::string> told;
    for (const auto i : sample_fetchers(7, fetchers, viewer))
      if (fetchers[i].where == rack) told.insert(fetchers[i].host);
    return told;
  };
  const place rack{"s0", "c0", "r0"};
  EXPECT_EQ(of_rack(rack, {"s0", "c0", "r1"}), of_rack(rack, {"s0", "c0", "r2"}));
  EXPECT_EQ(of_rack(rack, {"s0", "c1", "r1"}), of_rack(rack, {"s0", "c2", "r0"}));
}

TEST(FetcherSampleTest, WhoStandsForAClusterStandsForItsRackToo) {
  const auto fetchers = network_of(2, 3, 3, 9);
  const auto afar = sample_fetchers(7, fetchers, {"s1", "c0", "r0"});
  for (const auto i : afar) {
    if (fetchers[i].where.site != "s0") continue;
    for (const auto& viewer : fetchers) {
      const auto near = names(fetchers, sample_fetchers(7, fetchers, viewer.where));
      EXPECT_TRUE(near.contains(fetchers[i].host) || viewer.where.site == "s1");
    }
  }
}

TEST(FetcherSampleTest, OrderOfTheListDoesNotMatter) {
  auto fetchers = network_of(2, 2, 3, 9);
  const auto viewer = fetchers[4].where;
  const auto before = names(fetchers, sample_fetchers(3, fetchers, viewer));
  std::reverse(fetchers.begin(), fetchers.end());
  EXPECT_EQ(names(fetchers, sample_fetchers(3, fetchers, viewer)), before);
}

TEST(FetcherSampleTest, DifferentPacksBurdenDifferentHosts) {
  const auto fetchers = network_of(1, 2, 1, 40);
  const place viewer{"s0", "c1", "r0"};
  EXPECT_NE(names(fetchers, sample_fetchers(1, fetchers, viewer)),
            names(fetchers, sample_fetchers(2, fetchers, viewer)));
}

} // namespace
} // namespace shoal::topology
