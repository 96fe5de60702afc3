#include "tools/simulator/shared_border.hpp"

#include <gtest/gtest.h>

namespace shoal::simulator {
namespace {

TEST(SharedBorderTest, OneImageAloneTakesAsLongAsItsOwnRateWants) {
  const shared_border border{{3}, 100, 50, 10};
  EXPECT_DOUBLE_EQ(border.through_s(3, 1), 13);
  EXPECT_DOUBLE_EQ(border.through_s(3, 0.5), 8);
}

TEST(SharedBorderTest, ImagesThatBeginTogetherShareItEvenly) {
  const shared_border border{{0, 0, 0, 0}, 100, 20, 10};
  EXPECT_DOUBLE_EQ(border.through_s(0, 1), 20);
  EXPECT_DOUBLE_EQ(border.through_s(0, 0.25), 5);
}

// The first has 5 s of the border alone, then half of it; the second what the first leaves.
TEST(SharedBorderTest, WhoComesLaterSlowsDownWhoIsThere) {
  const shared_border border{{5, 0}, 100, 10, 10};
  EXPECT_DOUBLE_EQ(border.through_s(0, 0.5), 5);
  EXPECT_DOUBLE_EQ(border.through_s(0, 1), 15);
  EXPECT_DOUBLE_EQ(border.through_s(5, 0.5), 15);
  EXPECT_DOUBLE_EQ(border.through_s(5, 1), 20);
}

TEST(SharedBorderTest, AnIdleTimeServesNobody) {
  const shared_border border{{0, 100}, 100, 10, 10};
  EXPECT_DOUBLE_EQ(border.through_s(0, 1), 10);
  EXPECT_DOUBLE_EQ(border.through_s(100, 0.1), 101);
  EXPECT_DOUBLE_EQ(border.through_s(100, 1), 110);
}

} // namespace
} // namespace shoal::simulator
