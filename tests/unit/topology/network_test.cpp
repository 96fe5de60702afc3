#include "topology/network.hpp"

#include <gtest/gtest.h>

#include <random>

namespace shoal::topology {
namespace {

using level = network_level;

TEST(NetworkTest, ARegularNetworkIsNumberedRackByRack) {
  const auto net = network::regular({.sites = 2, .clusters = 2, .racks = 2, .hosts = 4});
  EXPECT_EQ(net.host_count(), 32u);
  EXPECT_EQ(net.domain_count(level::rack), 8u);
  EXPECT_EQ(net.domain_count(level::cluster), 4u);
  EXPECT_EQ(net.domain_count(level::site), 2u);
  EXPECT_EQ(net.name(5), "h5");
  EXPECT_EQ(net.where(17), (place{"s1", "c0", "r0"}));
  EXPECT_EQ(net.domain_of(17, level::rack), (domain_id{level::rack, 4}));
  EXPECT_EQ(net.path({level::rack, 4}), "s1/c0/r0");
  EXPECT_EQ(net.find(level::cluster, "s1/c0"), (domain_id{level::cluster, 2}));
  EXPECT_EQ(net.hosts({level::cluster, 2}),
            (std::vector<host_number>{16, 17, 18, 19, 20, 21, 22, 23}));
  EXPECT_EQ(net.host_count(whole_world), 32u);
}

TEST(NetworkTest, DistancesAndCommonDomainsFollowTheTree) {
  const auto net = network::regular({.sites = 2, .clusters = 2, .racks = 2, .hosts = 4});
  EXPECT_EQ(net.between(0, 0), distance::same_rack);
  EXPECT_EQ(net.between(0, 3), distance::same_rack);
  EXPECT_EQ(net.between(0, 4), distance::same_cluster);
  EXPECT_EQ(net.between(0, 8), distance::same_site);
  EXPECT_EQ(net.between(0, 16), distance::other_site);
  EXPECT_EQ(net.common_level({level::host, 3}, {level::host, 3}), level::host);
  EXPECT_EQ(net.common_level({level::host, 3}, {level::rack, 0}), level::rack);
  EXPECT_EQ(net.common_level({level::rack, 0}, {level::cluster, 0}), level::cluster);
  EXPECT_EQ(net.common_level({level::rack, 7}, {level::cluster, 0}), level::world);
  EXPECT_TRUE(net.contains({level::site, 0}, {level::host, 15}));
  EXPECT_FALSE(net.contains({level::site, 0}, {level::host, 16}));
}

TEST(NetworkTest, AMovedHostKeepsItsNumberAndLeavesAnEmptyClusterBehind) {
  network net;
  const auto a = *net.add("a", {"s", "c", "r"});
  const auto b = *net.add("b", {"s", "d", "r"});
  EXPECT_EQ(net.between(a, b), distance::same_site);
  ASSERT_TRUE(net.move(b, {"s", "c", "r"}).ok());
  EXPECT_EQ(net.between(a, b), distance::same_rack);
  EXPECT_EQ(net.host_count({level::cluster, 1}), 0u);
  EXPECT_EQ(net.children({level::site, 0}).size(), 2u);
  EXPECT_EQ(net.hosts({level::cluster, 0}), (std::vector{a, b}));
}

TEST(NetworkTest, AHostThatComesBackHasItsOldNumber) {
  network net;
  const auto a = *net.add("a", {"s", "c", "r"});
  net.leave(a);
  net.leave(a);
  EXPECT_FALSE(net.present(a));
  EXPECT_EQ(net.present_count(), 0u);
  EXPECT_EQ(net.where(a), (place{"s", "c", "r"}));
  EXPECT_FALSE(net.move(a, {"s", "c", "r"}).ok());
  EXPECT_EQ(*net.add("a", {"t", "c", "r"}), a);
  EXPECT_EQ(net.where(a).site, "t");
}

TEST(NetworkTest, TwoHostsOfOneNameAndBadNamesAreRefused) {
  network net;
  ASSERT_TRUE(net.add("a", {"s", "c", "r"}).ok());
  const auto twice = net.add("a", {"s", "c", "other"});
  ASSERT_FALSE(twice.ok());
  EXPECT_EQ(twice.error().code, errc::conflict);
  EXPECT_NE(twice.error().message.find("s/c/r"), std::string::npos);
  EXPECT_EQ(net.add("no name", {"s", "c", "r"}).error().code, errc::invalid_argument);
  EXPECT_EQ(net.host_count(), 1u);
}

TEST(NetworkTest, CountsAgreeWithTheListsWhateverMoves) {
  std::mt19937 random{7};
  auto net = network::regular({.sites = 2, .clusters = 2, .racks = 3, .hosts = 3});
  for (int i = 0; i < 2000; ++i) {
    const auto host = static_cast<host_number>(random() % net.host_count());
    const place where{"s" + std::to_string(random() % 3), "c" + std::to_string(random() % 2),
                      "r" + std::to_string(random() % 3)};
    if (random() % 3 == 0) {
      net.leave(host);
    } else if (net.present(host)) {
      ASSERT_TRUE(net.move(host, where).ok());
    } else {
      ASSERT_TRUE(net.add(net.name(host), where).ok());
    }
    ASSERT_EQ(net.hosts(whole_world).size(), net.present_count());
    for (const auto one : net.hosts({level::site, 0})) {
      ASSERT_EQ(net.domain_of(one, level::site).number, 0u);
    }
  }
}

TEST(NetworkTest, AHundredThousandHostsAreBuilt) {
  const auto net = network::regular({.sites = 10, .clusters = 10, .racks = 25, .hosts = 40});
  EXPECT_EQ(net.host_count(), 100'000u);
  EXPECT_EQ(net.domain_count(level::rack), 2'500u);
  EXPECT_EQ(net.host_count({level::cluster, 99}), 1'000u);
}

} // namespace
} // namespace shoal::topology
