#include "actors/pack_doubts.hpp"
#include "tests/unit/actors/wire_fixtures.hpp"

#include <gmock/gmock.h>

namespace shoal::actors {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using test::pack;

class PackDoubtsTest : public ::testing::Test {
protected:
  void SetUp() override {
    for (const int number : {1, 2, 3}) doubts.doubt(pack(number));
  }
  pack_doubts doubts;
};

TEST_F(PackDoubtsTest, AsksOneQuestionAtATimeAndNoLongerOneThanAllowed) {
  EXPECT_THAT(doubts.ask(2), ElementsAre(pack(1), pack(2)));
  EXPECT_THAT(doubts.ask(2), IsEmpty());
  EXPECT_THAT(doubts.answered({pack(2)}), ElementsAre(pack(2)));
  EXPECT_THAT(doubts.ask(2), ElementsAre(pack(3)));
  EXPECT_THAT(doubts.answered({}), IsEmpty());
  EXPECT_THAT(doubts.ask(2), IsEmpty());
}

TEST_F(PackDoubtsTest, ForgetsOnlyWhatItAskedAbout) {
  EXPECT_THAT(doubts.ask(2), ElementsAre(pack(1), pack(2)));
  EXPECT_THAT(doubts.answered({pack(3), pack(4)}), IsEmpty());
}

TEST_F(PackDoubtsTest, WhatWasNotAnsweredOrIsInUseIsAskedAgainAfterAWhile) {
  EXPECT_THAT(doubts.ask(2), ElementsAre(pack(1), pack(2)));
  doubts.unanswered();
  EXPECT_THAT(doubts.ask(2), ElementsAre(pack(3)));
  EXPECT_THAT(doubts.answered({pack(3)}), ElementsAre(pack(3)));
  doubts.put_off(pack(3));
  EXPECT_THAT(doubts.ask(9), IsEmpty());
  doubts.retry();
  EXPECT_THAT(doubts.ask(9), ElementsAre(pack(1), pack(2), pack(3)));
}

TEST_F(PackDoubtsTest, AnAnswerDoesNotCountForWhatWasWantedSinceTheQuestion) {
  ASSERT_EQ(doubts.ask(9).size(), 3u);
  doubts.wanted(pack(1));
  doubts.begin_publication(pack(2));
  doubts.end_publication(pack(2));
  EXPECT_THAT(doubts.answered({pack(1), pack(2), pack(3)}), ElementsAre(pack(3)));
}

TEST_F(PackDoubtsTest, AsLongAsOneOfTwoPublicationsLastsThePackIsKept) {
  doubts.begin_publication(pack(1));
  doubts.begin_publication(pack(1));
  doubts.end_publication(pack(1));
  EXPECT_TRUE(doubts.publishing(pack(1)));
  ASSERT_EQ(doubts.ask(9).size(), 3u);
  EXPECT_THAT(doubts.answered({pack(1)}), IsEmpty());
  doubts.end_publication(pack(1));
  doubts.retry();
  EXPECT_THAT(doubts.ask(9), ElementsAre(pack(1)));
  EXPECT_THAT(doubts.answered({pack(1)}), ElementsAre(pack(1)));
}

} // namespace
} // namespace shoal::actors
