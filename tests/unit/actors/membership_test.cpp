#include "actors/membership.hpp"
#include "tests/unit/actors/wire_fixtures.hpp"

#include <gtest/gtest.h>
#include <random>

namespace shoal::actors {
namespace {

using test::hello;

std::string index_of(const wire::Members& members, const std::string& place) {
  for (const auto& member : members.members()) {
    if (member.rack_index() && member.peer().place() == place) return member.peer().host();
  }
  return {};
}

TEST(MembershipTest, TheFirstHostOfARackIsItsIndexAndStaysSo) {
  membership members;
  ASSERT_TRUE(members.join(hello("b")));
  ASSERT_TRUE(members.join(hello("a")));
  EXPECT_EQ(index_of(members.members("b"), "s/c/r1"), "b");
}

TEST(MembershipTest, TheStandbyFollowsALostIndex) {
  membership members;
  ASSERT_TRUE(members.join(hello("a")));
  ASSERT_TRUE(members.join(hello("b")));
  EXPECT_TRUE(members.leave("a"));
  EXPECT_EQ(index_of(members.members("b"), "s/c/r1"), "b");
}

TEST(MembershipTest, ABeatSaysWhatPlacementNeedsAndAnotherSessionForgetsIt) {
  membership members;
  ASSERT_TRUE(members.join(hello("a")));
  EXPECT_FALSE(members.hosts("a").hosts(0).has_room_bytes());
  wire::Beat beat;
  beat.set_host("a");
  beat.set_session(1);
  beat.set_running_jobs(3);
  beat.set_room_bytes(0);
  ASSERT_TRUE(members.beat(beat));
  EXPECT_EQ(members.hosts("a").hosts(0).running_jobs(), 3u);
  EXPECT_TRUE(members.hosts("a").hosts(0).has_room_bytes());
  ASSERT_TRUE(members.join(hello("a", 2)));
  EXPECT_EQ(members.hosts("a").hosts(0).running_jobs(), 0u);
  EXPECT_FALSE(members.hosts("a").hosts(0).has_room_bytes());
}

// Hosts get everybody when they say hello, at any moment, and the news from then on.
TEST(MembershipTest, EverybodyWhoMergesAllNewsKnowsAllMembers) {
  std::mt19937 random{3};
  membership members;
  std::vector<wire::Members> listeners;
  std::uint64_t session = 1;
  for (int step = 0; step < 400; ++step) {
    const auto number = std::to_string(random() % 9);
    if (members.online("h" + number))
      members.leave("h" + number);
    else
      ASSERT_TRUE(members.join(hello("h" + number, ++session, "r" + std::to_string(random() % 3))));
    if (random() % 5 == 0) listeners.push_back(members.members("h0"));
    if (random() % 3 != 0) continue;
    const auto news = members.news("h0");
    const auto all = members.members("h0").SerializeAsString();
    for (auto& known : listeners) {
      ASSERT_TRUE(merge_members(known, news));
      ASSERT_EQ(known.SerializeAsString(), all);
    }
  }
}

TEST(MembershipTest, NewsThatFollowOthersWhichWereMissedAreRefused) {
  membership members;
  ASSERT_TRUE(members.join(hello("a")));
  auto known = members.members("a");
  ASSERT_TRUE(members.join(hello("b")));
  static_cast<void>(members.news("a"));
  ASSERT_TRUE(members.join(hello("c")));
  const auto before = known.SerializeAsString();
  auto news = members.news("a");
  EXPECT_FALSE(merge_members(known, news));
  EXPECT_EQ(known.SerializeAsString(), before);
  known = members.members("a");
  news.set_gis_epoch(news.gis_epoch() + 1);
  EXPECT_FALSE(merge_members(known, news)) << "of a GIS that started since";
}

TEST(MembershipTest, JoiningAgainChangesNothing) {
  membership members;
  ASSERT_TRUE(members.join(hello("a")));
  const auto before = members.members("a").SerializeAsString();
  ASSERT_TRUE(members.join(hello("a")));
  EXPECT_EQ(members.members("a").SerializeAsString(), before);
}

TEST(MembershipTest, ASecondMachineOfTheSameNameIsRefused) {
  membership members;
  ASSERT_TRUE(members.join(hello("a", 7)));
  const auto refused = members.join(hello("a", 3));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::conflict);
}

TEST(MembershipTest, AHostThatStartedAnewReplacesItsFormerSelf) {
  membership members;
  ASSERT_TRUE(members.join(hello("a", 7)));
  ASSERT_TRUE(members.join(hello("a", 8)));
  EXPECT_EQ(members.session("a"), 8u);
  // After it left, any session may come: the store may have been made anew.
  members.leave("a");
  EXPECT_TRUE(members.join(hello("a", 1)));
}

TEST(MembershipTest, ABeatOfAStrangerAsksItToJoin) {
  membership members;
  wire::Beat beat;
  beat.set_host("a");
  beat.set_session(1);
  EXPECT_EQ(members.beat(beat).error().code, errc::not_found);
  ASSERT_TRUE(members.join(hello("a")));
  EXPECT_TRUE(members.beat(beat));
  beat.set_session(2);
  EXPECT_FALSE(members.beat(beat));
}

TEST(MembershipTest, WhoLeftIsListedButNoMember) {
  membership members;
  ASSERT_TRUE(members.join(hello("a")));
  members.leave("a");
  EXPECT_EQ(members.members({}).members_size(), 0);
  ASSERT_EQ(members.hosts({}).hosts_size(), 1);
  EXPECT_FALSE(members.hosts({}).hosts(0).online());
}

TEST(MembershipTest, NamesAndPlacesThatMakeNoSenseAreRefused) {
  membership members;
  for (const std::string name : {"", "../etc", "a b", "a/b"}) EXPECT_FALSE(members.join(hello(name)));
  auto nowhere = hello("a");
  nowhere.mutable_self()->set_place("somewhere");
  EXPECT_FALSE(members.join(nowhere));
}

} // namespace
} // namespace shoal::actors
