#include "web/link_half_open.hpp"

#include <gtest/gtest.h>

namespace shoal::web {
namespace {

TEST(LinkHalfOpenTest, DropsTheOldestOfAnAddressThatHasTooMany) {
  link_half_open table{100, 2};
  const auto first = table.add("10.0.0.1");
  table.add("10.0.0.2");
  table.add("10.0.0.1");
  EXPECT_FALSE(table.surplus("10.0.0.1"));
  table.add("10.0.0.1");
  EXPECT_EQ(table.surplus("10.0.0.1"), first);
  EXPECT_FALSE(table.surplus("10.0.0.2"));
  table.remove(first);
  EXPECT_FALSE(table.surplus("10.0.0.1"));
}

TEST(LinkHalfOpenTest, MakesTheGreediestAddressPayWhenAllTogetherAreTooMany) {
  link_half_open table{4, 4};
  table.add("honest");
  const auto first_of_many = table.add("greedy");
  table.add("greedy");
  table.add("greedy");
  EXPECT_FALSE(table.surplus("greedy"));
  table.add("newcomer");
  EXPECT_EQ(table.surplus("newcomer"), first_of_many);
}

TEST(LinkHalfOpenTest, ForgetsWhoeverHasAnIdentityNow) {
  link_half_open table{4, 1};
  const auto first = table.add("10.0.0.1");
  table.remove(first);
  table.remove(first);
  EXPECT_EQ(table.size(), 0U);
  EXPECT_FALSE(table.oldest());
  table.add("10.0.0.1");
  EXPECT_FALSE(table.surplus("10.0.0.1"));
}

} // namespace
} // namespace shoal::web
