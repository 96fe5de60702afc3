#include "topology/late_owners.hpp"

#include <gtest/gtest.h>

namespace shoal::topology {
namespace {

using std::chrono::milliseconds;

class LateOwnersTest : public ::testing::Test {
protected:
  LateOwnersTest() { owners.watch({"a"}, start); }
  [[nodiscard]] owner_verdict judge(milliseconds at, std::uint32_t remaining = 10,
                                    milliseconds usual = milliseconds{0}) const {
    return owners.judge("a", remaining, usual, start + at);
  }

  const instant start{std::chrono::seconds{100}};
  late_owners owners{late_owners_config{}};
};

TEST_F(LateOwnersTest, AnOwnerThatNeverCameIsDeadAfterTheSlack) {
  EXPECT_EQ(judge(milliseconds{1400}), owner_verdict::in_time);
  EXPECT_EQ(judge(milliseconds{1600}), owner_verdict::dead);
}

TEST_F(LateOwnersTest, AnOwnerWhoseConnectionIsLostIsDeadMuchSooner) {
  owners.connected("a", true, start);
  owners.connected("a", false, start + milliseconds{1100});
  EXPECT_EQ(judge(milliseconds{1350}), owner_verdict::in_time);
  EXPECT_EQ(judge(milliseconds{1450}), owner_verdict::dead);
}

TEST_F(LateOwnersTest, AConnectionLostWhileTheSwarmFormsIsForgivenAsOneThatNeverCame) {
  owners.connected("a", true, start);
  owners.connected("a", false, start + milliseconds{100});
  EXPECT_EQ(judge(milliseconds{1500}), owner_verdict::in_time);
  EXPECT_EQ(judge(milliseconds{1700}), owner_verdict::dead);
}

TEST_F(LateOwnersTest, AnythingHeardIsASignOfLife) {
  owners.connected("a", true, start);
  owners.heard("a", start + milliseconds{1000});
  EXPECT_NE(judge(milliseconds{1600}), owner_verdict::dead);
  owners.heard("a", start + milliseconds{500});
  EXPECT_NE(judge(milliseconds{2400}), owner_verdict::dead);
  EXPECT_EQ(judge(milliseconds{2600}), owner_verdict::dead);
}

TEST_F(LateOwnersTest, AnOwnerThatComesBackLives) {
  owners.connected("a", true, start);
  owners.connected("a", false, start + milliseconds{100});
  owners.connected("a", true, start + milliseconds{200});
  EXPECT_EQ(judge(milliseconds{600}), owner_verdict::in_time);
}

TEST_F(LateOwnersTest, AConnectedOwnerThatSaysNothingIsDeadInTheEnd) {
  owners.connected("a", true, start);
  EXPECT_EQ(judge(milliseconds{1400}), owner_verdict::in_time);
  EXPECT_EQ(judge(milliseconds{1600}), owner_verdict::dead);
}

TEST_F(LateOwnersTest, OnASlowLinkSilenceIsJudgedByTheUsualInterval) {
  owners.connected("a", true, start);
  EXPECT_NE(judge(milliseconds{10'000}, 10, milliseconds{2000}), owner_verdict::dead);
  EXPECT_EQ(judge(milliseconds{12'000}, 10, milliseconds{2000}), owner_verdict::dead);
}

TEST_F(LateOwnersTest, AnOwnerThatWillFinishTooLateIsSlow) {
  owners.connected("a", true, start);
  for (int i = 1; i <= 20; ++i)
    owners.announced("a", start + milliseconds{100} * i);
  EXPECT_EQ(judge(milliseconds{2000}, 10), owner_verdict::in_time);
  EXPECT_EQ(judge(milliseconds{2000}, 40), owner_verdict::slow);
}

TEST_F(LateOwnersTest, OnlyTheLatestPiecesTellAnOwnersSpeed) {
  owners.connected("a", true, start);
  for (int i = 1; i <= 5; ++i)
    owners.announced("a", start + milliseconds{1000} * i);
  for (int i = 1; i <= 16; ++i)
    owners.announced("a", start + milliseconds{5000 + 10 * i});
  EXPECT_EQ(judge(milliseconds{5160}, 40), owner_verdict::in_time);
}

TEST_F(LateOwnersTest, NothingIsExpectedOfAnOwnerWithNothingLeft) {
  EXPECT_EQ(judge(milliseconds{60'000}, 0), owner_verdict::in_time);
}

} // namespace
} // namespace shoal::topology
