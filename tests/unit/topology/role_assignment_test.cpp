#include "topology/role_assignment.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>

namespace shoal::topology {
namespace {

const place rack_a{"s", "c", "a"};
const place rack_b{"s", "c", "b"};

TEST(RoleAssignmentTest, WhoJoinedFirstBecomesTheIndexAndTheNextStandsBy) {
  const std::vector<role_candidate> alive{
      {"z", rack_a, 1}, {"b", rack_a, 2}, {"a", rack_a, 2}, {"c", rack_b, 9}};
  EXPECT_EQ(assign_roles(alive, {}), (role_map{{"s/c/a", {"z", "a"}}, {"s/c/b", {"c", ""}}}));
}

TEST(RoleAssignmentTest, AnOlderHostThatComesBackDoesNotTakeTheRole) {
  const std::vector<role_candidate> alive{{"old", rack_a, 1}, {"m", rack_a, 5}, {"n", rack_a, 6}};
  const role_map present{{"s/c/a", {"n", "m"}}};
  EXPECT_EQ(assign_roles(alive, present), present);
}

TEST(RoleAssignmentTest, ABurdenedHostIsTheIndexOnlyWhileItIsAlone) {
  const role_candidate gis{"gis", rack_a, 1, true};
  const auto alone = assign_roles(std::vector{gis}, {});
  EXPECT_EQ(alone, (role_map{{"s/c/a", {"gis", ""}}}));
  const auto two = assign_roles(std::vector{gis, {"m", rack_a, 2, false}}, alone);
  EXPECT_EQ(two, (role_map{{"s/c/a", {"m", "gis"}}}));
  const std::vector<role_candidate> three{gis, {"m", rack_a, 2}, {"n", rack_a, 3}};
  EXPECT_EQ(assign_roles(three, two), two);
}

TEST(RoleAssignmentTest, TheStandbyFollowsALostIndex) {
  const std::vector<role_candidate> alive{{"old", rack_a, 1}, {"m", rack_a, 5}};
  EXPECT_EQ(assign_roles(alive, {{"s/c/a", {"n", "m"}}}), (role_map{{"s/c/a", {"m", "old"}}}));
}

TEST(RoleAssignmentTest, AHostThatMovedToAnotherRackLosesItsRole) {
  const std::vector<role_candidate> alive{{"n", rack_b, 1}, {"m", rack_a, 5}};
  EXPECT_EQ(assign_roles(alive, {{"s/c/a", {"n", ""}}}),
            (role_map{{"s/c/a", {"m", ""}}, {"s/c/b", {"n", ""}}}));
}

TEST(RoleAssignmentTest, ARackWithoutHostsHasNoRoles) {
  EXPECT_TRUE(assign_roles({}, {{"s/c/a", {"n", "m"}}}).empty());
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
    for (const auto& [rack, given] : next) {
      EXPECT_TRUE(lives(given.index));
      EXPECT_NE(given.index, given.standby);
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
