#include "actors/swarm_news.hpp"
#include "tests/unit/actors/wire_fixtures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::actors {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

swarm::swarm_peer peer(const std::string& host, std::uint16_t port = 1) {
  return {host, {"s", "c", "r"}, "127.0.0.1", port, 0};
}

std::vector<std::string> names(const std::vector<swarm::swarm_peer>& peers) {
  std::vector<std::string> hosts;
  for (const auto& one : peers) hosts.push_back(one.host);
  return hosts;
}

swarm_news everybody(std::uint64_t revision, std::vector<swarm::swarm_peer> fetchers,
                     std::uint64_t table = 1) {
  return {.stamp = {table, revision}, .view = {{peer("h")}, std::move(fetchers), {}}};
}

swarm_news change(std::uint64_t base, std::uint64_t revision, std::vector<swarm::swarm_peer> came,
                  std::vector<std::string> gone = {}, std::uint64_t table = 1) {
  return {.stamp = {table, revision},
          .base = base,
          .view = {{}, std::move(came), {}},
          .gone = std::move(gone),
          .same_holders = true};
}

TEST(ToldSwarmTest, ChangesAreAppliedToWhatIsKnown) {
  told_swarm told;
  EXPECT_TRUE(told.take(everybody(5, {peer("a"), peer("b")})));
  EXPECT_TRUE(told.take(change(4, 7, {peer("c"), peer("b", 9)}, {"a"})));
  EXPECT_EQ(told.view().fetchers, (std::vector{peer("c"), peer("b", 9)}));
  EXPECT_THAT(names(told.view().holders), ElementsAre("h")) << "as they were";
  EXPECT_EQ(told.stamp(), (swarm_stamp{1, 7}));
}

TEST(ToldSwarmTest, OtherHoldersReplaceThoseKnown) {
  told_swarm told;
  told.take(everybody(5, {peer("a")}));
  auto news = change(5, 6, {});
  news.same_holders = false;
  news.view.holders = {peer("i")};
  news.view.sources = {{"s", "c", "r"}};
  EXPECT_TRUE(told.take(news));
  EXPECT_THAT(names(told.view().holders), ElementsAre("i"));
  EXPECT_EQ(told.view().sources.size(), 1u);
  EXPECT_THAT(names(told.view().fetchers), ElementsAre("a"));
}

TEST(ToldSwarmTest, NewsWaitForThoseTheyFollow) {
  told_swarm told;
  EXPECT_FALSE(told.take(change(5, 6, {peer("b")})));
  EXPECT_FALSE(told.take(change(6, 8, {peer("c")}, {"b"})));
  EXPECT_TRUE(told.take(everybody(5, {peer("a")})));
  EXPECT_THAT(names(told.view().fetchers), ElementsAre("a", "c"));
  EXPECT_EQ(told.stamp().revision, 8u);
}

TEST(ToldSwarmTest, WhatIsKnownBetterIsNotTakenBack) {
  told_swarm told;
  told.take(everybody(5, {peer("a")}));
  told.take(change(5, 9, {peer("b")}));
  EXPECT_FALSE(told.take(everybody(7, {peer("a")}))) << "an answer that was overtaken";
  EXPECT_FALSE(told.take(change(5, 8, {peer("z")})));
  EXPECT_THAT(names(told.view().fetchers), ElementsAre("a", "b"));
}

TEST(ToldSwarmTest, AnotherIndexBeginsAnewAndItsChangesMeanNothingBefore) {
  told_swarm told;
  told.take(everybody(500, {peer("a")}, 1));
  EXPECT_FALSE(told.take(change(0, 3, {peer("b")}, {}, 2)));
  EXPECT_THAT(names(told.view().fetchers), ElementsAre("a"));
  EXPECT_TRUE(told.take(everybody(3, {peer("c")}, 2)));
  EXPECT_FALSE(told.take(change(400, 501, {peer("z")}, {}, 1)));
  EXPECT_THAT(names(told.view().fetchers), ElementsAre("c"));
}

TEST(ToldSwarmTest, NewsThatNeverFitDoNotPileUp) {
  told_swarm told;
  told.take(everybody(1, {}));
  for (std::uint64_t i = 0; i < 10'000; ++i) EXPECT_FALSE(told.take(change(10 + i, 11 + i, {peer("a")})));
  // Had the first of them been kept, all would follow on this.
  EXPECT_TRUE(told.take(everybody(10, {peer("b")})));
  EXPECT_EQ(told.stamp().revision, 10u);
  EXPECT_THAT(names(told.view().fetchers), ElementsAre("b"));
}

TEST(SwarmNewsTest, FetchersOfManyPacksTravelOnce) {
  wire::Swarms swarms;
  for (int pack = 0; pack < 200; ++pack) {
    auto& swarm = *swarms.add_swarms();
    swarm.set_revision(static_cast<std::uint64_t>(pack));
    for (int host = pack % 3; host < 400; ++host) {
      *swarm.add_fetchers() = test::peer("host" + std::to_string(host));
    }
  }
  const auto before = swarms.SerializeAsString();
  EXPECT_GT(before.size(), std::size_t{2} << 20);
  fold(swarms);
  EXPECT_LT(swarms.ByteSizeLong(), std::size_t{1} << 18) << "a frame takes 1 MiB";
  unfold(swarms);
  EXPECT_EQ(swarms.SerializeAsString(), before);
  unfold(swarms);
  EXPECT_EQ(swarms.SerializeAsString(), before) << "not folded, nothing to unfold";
}

TEST(SwarmNewsTest, NumbersWithoutAPeerAreLeftOut) {
  wire::Swarms swarms;
  *swarms.add_peers() = test::peer("a");
  auto& swarm = *swarms.add_swarms();
  for (const auto number : {0u, 1u, ~0u}) swarm.add_fetcher_numbers(number);
  unfold(swarms);
  EXPECT_THAT(test::fetchers(swarms), ElementsAre("a"));
}

TEST(SwarmNewsTest, ASmallMessageDoesNotBecomeGigabytes) {
  wire::Swarms swarms;
  auto& peer = *swarms.add_peers();
  peer = test::peer("a");
  peer.set_address(std::string(500'000, 'x'));
  auto& swarm = *swarms.add_swarms();
  for (int i = 0; i < 400'000; ++i) swarm.add_fetcher_numbers(0);
  unfold(swarms);
  EXPECT_LT(swarms.ByteSizeLong(), std::size_t{65} << 20);
}

TEST(SwarmNewsTest, ComeFromTheWire) {
  wire::Swarm swarm;
  swarm.set_table(3);
  swarm.set_revision(9);
  EXPECT_FALSE(news_of(swarm).base.has_value());
  swarm.set_base_revision(0);
  swarm.add_gone("x");
  swarm.set_same_holders(true);
  *swarm.add_fetchers() = test::peer("a");
  swarm.add_fetchers()->set_host("no place");
  const auto news = news_of(swarm);
  EXPECT_EQ(news.stamp, (swarm_stamp{3, 9}));
  EXPECT_EQ(news.base, 0u);
  EXPECT_THAT(names(news.view.fetchers), ElementsAre("a"));
  EXPECT_THAT(news.view.holders, IsEmpty());
  EXPECT_THAT(news.gone, ElementsAre("x"));
  EXPECT_TRUE(news.same_holders);
}

} // namespace
} // namespace shoal::actors
