#include "topology/told_fetchers.hpp"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <random>

namespace shoal::topology {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const pack_key pack{std::byte{1}};
const std::vector<fetcher_record> nobody;
const fetcher_record a{"a", 1}, b{"b", 1}, c{"c", 1};

TEST(ToldFetchersTest, TheFirstNewsAreEverybodyAndTheHolders) {
  told_fetchers told;
  const auto news = told.tell(pack, 7, std::vector{a, b}, 1);
  EXPECT_EQ(news.base, 0u);
  EXPECT_EQ(news.revision, 7u);
  EXPECT_THAT(news.came, ElementsAre("a", "b"));
  EXPECT_TRUE(news.other_holders);
}

TEST(ToldFetchersTest, LaterNewsAreWhoCameAndWhoWent) {
  told_fetchers told;
  static_cast<void>(told.tell(pack, 7, std::vector{a, b}, 1));
  const auto news = told.tell(pack, 9, std::vector{b, c}, 1);
  EXPECT_EQ(news.base, 7u);
  EXPECT_THAT(news.came, ElementsAre("c"));
  EXPECT_THAT(news.gone, ElementsAre("a"));
  EXPECT_FALSE(news.other_holders);
}

TEST(ToldFetchersTest, WhoIsKnownOtherwiseComesAnewAndDoesNotGo) {
  told_fetchers told;
  static_cast<void>(told.tell(pack, 7, std::vector{a, b}, 1));
  const auto news = told.tell(pack, 8, std::vector{a, fetcher_record{"b", 2}}, 1);
  EXPECT_THAT(news.came, ElementsAre("b"));
  EXPECT_THAT(news.gone, IsEmpty());
}

TEST(ToldFetchersTest, NothingIsToldWhileNothingChanged) {
  told_fetchers told;
  static_cast<void>(told.tell(pack, 7, std::vector{a}, 1));
  EXPECT_TRUE(told.tell(pack, 8, std::vector{a}, 1).empty());
  const auto news = told.tell(pack, 9, std::vector{a, b}, 1);
  EXPECT_EQ(news.base, 7u) << "who heard of 7 heard everything until 9";
  EXPECT_TRUE(told.tell(pack, 10, std::vector{a, b}, 2).other_holders);
}

TEST(ToldFetchersTest, WhoHeardTheLastNewsKnowsAllUntilSomebodyComes) {
  told_fetchers told;
  EXPECT_FALSE(told.knows_all(pack, 9, nobody)) << "nothing was told yet";
  static_cast<void>(told.tell(pack, 7, std::vector{a}, 1));
  EXPECT_TRUE(told.knows_all(pack, 7, std::vector{a}));
  EXPECT_TRUE(told.knows_all(pack, 8, std::vector{a}));
  EXPECT_FALSE(told.knows_all(pack, 6, std::vector{a}));
  EXPECT_FALSE(told.knows_all(pack, 8, std::vector{a, b})) << "b was not told yet";
  told.forget(pack);
  EXPECT_FALSE(told.knows_all(pack, 8, std::vector{a}));
}

// Listeners begin with a full answer at any moment, and hear all news from then on.
TEST(ToldFetchersTest, EverybodyWhoAppliesAllNewsKnowsWhoFetches) {
  std::mt19937 random{5};
  for (int round = 0; round < 50; ++round) {
    told_fetchers told;
    std::vector<fetcher_record> now;
    std::uint64_t revision = 0;
    struct listener {
      std::uint64_t known = 0;
      std::map<std::string, std::size_t> fetchers;
    };
    std::vector<listener> listeners;
    for (int step = 0; step < 200; ++step) {
      const std::string host(1, static_cast<char>('a' + random() % 12));
      const auto found = std::ranges::find(now, host, &fetcher_record::host);
      if (found != now.end())
        now.erase(found);
      else
        now.push_back({host, random() % 2});
      std::ranges::sort(now);
      ++revision;
      if (random() % 4 == 0) {
        listener one{revision, {}};
        for (const auto& who : now)
          one.fetchers[who.host] = who.fingerprint;
        listeners.push_back(std::move(one));
        told.answered(pack, now);
      }
      if (random() % 3 != 0) continue;
      const auto news = told.tell(pack, revision, now, 0);
      for (auto& one : listeners) {
        ASSERT_LE(news.base, one.known);
        if (news.empty()) continue;
        for (const auto& name : news.gone)
          one.fetchers.erase(name);
        for (const auto& name : news.came)
          one.fetchers[name] = std::ranges::find(now, name, &fetcher_record::host)->fingerprint;
        one.known = news.revision;
        ASSERT_TRUE(told.knows_all(pack, one.known, now));
        ASSERT_EQ(one.fetchers.size(), now.size());
        for (const auto& who : now)
          ASSERT_EQ(one.fetchers[who.host], who.fingerprint);
      }
    }
  }
}

} // namespace
} // namespace shoal::topology
