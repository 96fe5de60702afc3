#include "topology/role_assignment.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <random>

namespace shoal::topology {
namespace {

const place rack_a{"s", "c", "a"};
const place rack_b{"s", "c", "b"};

const place rack_c{"s", "d", "a"};

/// Roles of the racks alone.
role_map racks_of(const role_map& roles) {
  role_map racks;
  for (const auto& [path, given] : roles) {
    if (std::count(path.begin(), path.end(), '/') == 2) racks.emplace(path, given);
  }
  return racks;
}

TEST(RoleAssignmentTest, WhoJoinedFirstBecomesTheIndexAndTheNextStandsBy) {
  const std::vector<role_candidate> alive{
      {"z", rack_a, 1}, {"b", rack_a, 2}, {"a", rack_a, 2}, {"c", rack_b, 9}};
  const auto roles = assign_roles(alive, {});
  EXPECT_EQ(roles.at("s/c/a").index, "z");
  EXPECT_EQ(roles.at("s/c/b"), (domain_roles{"c", ""}));
}

TEST(RoleAssignmentTest, ClustersAndSitesHaveIndexesToo) {
  const std::vector<role_candidate> alive{{"a", rack_a, 1}, {"b", rack_b, 2}, {"c", rack_c, 3}};
  const auto roles = assign_roles(alive, {});
  ASSERT_EQ(roles.size(), 6u);
  for (const auto* path : {"s", "s/c", "s/d", "s/c/a", "s/c/b", "s/d/a"})
    EXPECT_FALSE(roles.at(path).index.empty()) << path;
  EXPECT_EQ(roles.at("s/d").index, "c");
}

TEST(RoleAssignmentTest, NobodyHasTwoIndexesWhileAnotherIsFree) {
  std::vector<role_candidate> alive;
  for (int i = 0; i < 8; ++i)
    alive.push_back({"h" + std::to_string(i), i < 4 ? rack_a : rack_c, std::uint64_t(i)});
  const auto roles = assign_roles(alive, {});
  std::map<std::string, int> count;
  for (const auto& [path, given] : roles) {
    EXPECT_EQ(++count[given.index], 1) << path;
    EXPECT_FALSE(given.standby.empty()) << path;
  }
}

TEST(RoleAssignmentTest, AnIndexOfTwoDomainsGivesOneToWhoeverComes) {
  const auto alone = assign_roles(std::vector<role_candidate>{{"a", rack_a, 1}}, {});
  EXPECT_EQ(alone.at("s").index, "a");
  const std::vector<role_candidate> three{{"a", rack_a, 1}, {"b", rack_a, 2}, {"c", rack_a, 3}};
  const auto roles = assign_roles(three, alone);
  EXPECT_EQ(roles.at("s/c/a").index, "a");
  EXPECT_EQ(roles.at("s/c").index, "b");
  EXPECT_EQ(roles.at("s").index, "c");
  EXPECT_EQ(assign_roles(three, roles), roles);
}

TEST(RoleAssignmentTest, AnOlderHostThatComesBackDoesNotTakeTheRole) {
  const std::vector<role_candidate> alive{{"old", rack_a, 1}, {"m", rack_a, 5}, {"n", rack_a, 6}};
  const role_map present{{"s/c/a", {"n", "m"}}};
  EXPECT_EQ(assign_roles(alive, present).at("s/c/a"), present.at("s/c/a"));
}

TEST(RoleAssignmentTest, ABurdenedHostIsAnIndexOnlyWhileItIsAlone) {
  const role_candidate gis{"gis", rack_a, 1, true};
  const auto alone = assign_roles(std::vector{gis}, {});
  EXPECT_EQ(alone.at("s/c/a"), (domain_roles{"gis", ""}));
  const auto two = assign_roles(std::vector{gis, {"m", rack_a, 2, false}}, alone);
  for (const auto* path : {"s", "s/c", "s/c/a"})
    EXPECT_EQ(two.at(path), (domain_roles{"m", "gis"})) << path;
}

TEST(RoleAssignmentTest, TheStandbyFollowsALostIndex) {
  const std::vector<role_candidate> alive{{"old", rack_a, 1}, {"m", rack_a, 5}};
  EXPECT_EQ(assign_roles(alive, {{"s/c/a", {"n", "m"}}}).at("s/c/a"), (domain_roles{"m", "old"}));
}

TEST(RoleAssignmentTest, AHostThatMovedToAnotherRackLosesItsRole) {
  const std::vector<role_candidate> alive{{"n", rack_b, 1}, {"m", rack_a, 5}};
  EXPECT_EQ(racks_of(assign_roles(alive, {{"s/c/a", {"n", ""}}})),
            (role_map{{"s/c/a", {"m", ""}}, {"s/c/b", {"n", ""}}}));
}

TEST(RoleAssignmentTest, ADomainWithoutHostsHasNoRoles) {
  EXPECT_TRUE(assign_roles({}, {{"s/c/a", {"n", "m"}}, {"s/c", {"n", "m"}}}).empty());
}

class RoleSeedTest : public ::testing::TestWithParam<unsigned> {};

// Whatever dies and comes back, in whatever order the living are listed: a role moves only when its
// bearer died, and nobody is both.
TEST_P(RoleSeedTest, RolesMoveOnlyWhenTheirBearerDies) {
  std::mt19937 random{GetParam()};
  role_map roles;
  for (std::uint64_t round = 0; round < 100; ++round) {
    std::vector<role_candidate> alive;
    for (int i = 0; i < 8; ++i) {
      if (random() % 3 != 0) {
        alive.push_back({"h" + std::to_string(i), i < 4 ? rack_a : rack_b, random() % 5});
      }
    }
    const auto next = assign_roles(alive, roles);
    std::shuffle(alive.begin(), alive.end(), random);
    EXPECT_EQ(assign_roles(alive, roles), next);
    const auto lives = [&](const std::string& host) {
      return std::any_of(alive.begin(), alive.end(), [&](auto& one) { return one.host == host; });
    };
    for (const auto& [domain, given] : next) {
      EXPECT_TRUE(lives(given.index));
      EXPECT_NE(given.index, given.standby);
    }
    // An index of a larger domain may have to make way for a rack's.
    for (const auto& [rack, given] : racks_of(next)) {
      const auto before = roles.find(rack);
      if (before == roles.end()) continue;
      if (lives(before->second.index)) {
        EXPECT_EQ(given.index, before->second.index);
      } else if (lives(before->second.standby)) {
        EXPECT_EQ(given.index, before->second.standby);
      }
    }
    roles = next;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RoleSeedTest, ::testing::Range(1u, 11u));

} // namespace
} // namespace shoal::topology
