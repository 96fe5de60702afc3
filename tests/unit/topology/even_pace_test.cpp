#include "topology/even_pace.hpp"

#include <gtest/gtest.h>

namespace shoal::topology {
namespace {

TEST(EvenPaceTest, AloneAHostAsksForEverything) {
  EXPECT_EQ(own_pieces_window(100, {}, 4), 100u);
}

TEST(EvenPaceTest, InStepWithTheOthersItMayBeAFewPiecesAhead) {
  EXPECT_EQ(own_pieces_window(100, {100, 100, 100}, 4), 4u);
  EXPECT_EQ(own_pieces_window(96, {100, 100, 100}, 4), 0u);
}

TEST(EvenPaceTest, WhoIsBehindAsksForWhatItLacks) {
  EXPECT_EQ(own_pieces_window(100, {80, 80, 80}, 4), 24u);
}

TEST(EvenPaceTest, AFewThatStandStillHoldUpNobody) {
  EXPECT_EQ(own_pieces_window(40, {40, 40, 40, 40, 100}, 4), 4u);
}

TEST(EvenPaceTest, AQuarterThatIsSlowSetsThePace) {
  // More than a quarter of the owners is no accident: their pieces are what everybody waits for.
  EXPECT_EQ(own_pieces_window(40, {40, 40, 60, 60}, 4), 0u);
}

TEST(EvenPaceTest, WhenTheOthersAreDoneEverythingMayBeAskedFor) {
  EXPECT_EQ(own_pieces_window(7, {0, 0, 0}, 4), 7u);
  EXPECT_EQ(own_pieces_window(0, {0, 5, 9}, 4), 0u);
}

} // namespace
} // namespace shoal::topology
