// What every cache policy promises, and how each ranks.
#include "swarm/cache_policy.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace shoal::swarm {
namespace {

using namespace std::chrono_literals;
using topology::distance;

constexpr std::uint32_t chunk = 4'000'000;

instant at(int seconds) { return instant{} + std::chrono::seconds{seconds}; }

std::vector<cache_item> items_of(const std::vector<cache_victim>& victims) {
  std::vector<cache_item> items;
  for (const auto& victim : victims) items.push_back(victim.item);
  return items;
}

std::unique_ptr<cache_policy> policy_with(cache_policy_kind kind,
                                          const std::vector<cache_item>& items) {
  auto policy = make_cache_policy({.kind = kind, .capacity_bytes = 100ull * chunk});
  int second = 0;
  for (const auto item : items) policy->inserted(item, chunk, at(second++));
  return policy;
}

/// What any policy must keep to, whatever it prefers.
class EveryCachePolicyTest : public ::testing::TestWithParam<cache_policy_kind> {};

INSTANTIATE_TEST_SUITE_P(Policies, EveryCachePolicyTest,
                         ::testing::ValuesIn(cache_policy_kinds().begin(),
                                             cache_policy_kinds().end()),
                         [](const auto& tested) {
                           std::string name{to_string(tested.param)};
                           std::erase(name, '-');
                           return name;
                         });

TEST_P(EveryCachePolicyTest, GivesUpEverythingOnceAndNothingElse) {
  auto policy = policy_with(GetParam(), {5, 6, 7, 8});
  auto gone = items_of(policy->evict(~0ull, at(10)));
  std::ranges::sort(gone);
  EXPECT_EQ(gone, (std::vector<cache_item>{5, 6, 7, 8}));
  EXPECT_EQ(policy->items(), 0u);
  EXPECT_EQ(policy->held_bytes(), 0u);
  EXPECT_EQ(policy->evictable_bytes(), 0u);
  EXPECT_TRUE(policy->evict(1, at(11)).empty());
}

TEST_P(EveryCachePolicyTest, GivesUpNoMoreThanIsNeeded) {
  auto policy = policy_with(GetParam(), {1, 2, 3, 4});
  EXPECT_EQ(policy->evict(chunk + 1, at(10)).size(), 2u);
  EXPECT_EQ(policy->held_bytes(), 2ull * chunk);
  EXPECT_TRUE(policy->evict(0, at(10)).empty());
}

TEST_P(EveryCachePolicyTest, WhatStaysOfTheLastItemKeepsItsPlace) {
  auto policy = policy_with(GetParam(), {1, 2, 3});
  const auto last = policy->evict(chunk + 10, at(10)).back();
  policy->keep_part(last.item, 7);
  EXPECT_EQ(policy->held_bytes(), chunk + 7ull);
  const auto next = policy->evict(1, at(11)).front();
  EXPECT_EQ(next.item, last.item);
  EXPECT_EQ(next.bytes, 7u);
}

TEST_P(EveryCachePolicyTest, NeverGivesUpWhatIsInUseOrPinned) {
  auto policy = policy_with(GetParam(), {1, 2, 3, 4});
  policy->set_in_use(1, 2);
  policy->set_pinned(2, true);
  EXPECT_EQ(policy->evictable_bytes(), 2ull * chunk);
  auto gone = items_of(policy->evict(~0ull, at(10)));
  std::ranges::sort(gone);
  EXPECT_EQ(gone, (std::vector<cache_item>{3, 4}));
  policy->set_in_use(1, 1);
  EXPECT_TRUE(policy->evict(1, at(11)).empty());
  policy->set_in_use(1, 0);
  EXPECT_EQ(items_of(policy->evict(~0ull, at(12))), std::vector<cache_item>{1});
  policy->set_pinned(2, false);
  EXPECT_EQ(items_of(policy->evict(~0ull, at(13))), std::vector<cache_item>{2});
}

TEST_P(EveryCachePolicyTest, NeverGoesBelowTheFloor) {
  auto policy = policy_with(GetParam(), {1, 2, 3});
  policy->set_copies_floor(2);
  EXPECT_TRUE(policy->evict(~0ull, at(10)).empty()) << "what nobody counted may be the last";
  policy->set_copies(1, {.in_site = 1});
  policy->set_copies(2, {.in_site = 2});
  policy->set_copies(3, {.in_site = 3});
  EXPECT_EQ(items_of(policy->evict(~0ull, at(11))), std::vector<cache_item>{3});
  policy->set_copies(1, {.in_site = 3});
  EXPECT_EQ(items_of(policy->evict(~0ull, at(12))), std::vector<cache_item>{1});
  policy->set_copies_floor(0);
  EXPECT_EQ(items_of(policy->evict(~0ull, at(13))), std::vector<cache_item>{2});
}

TEST_P(EveryCachePolicyTest, AsksTheSourceWhereThereIsOne) {
  std::map<cache_item, std::uint32_t> copies{{1, 1}, {2, 4}, {3, 1}};
  auto policy = make_cache_policy({.kind = GetParam(),
                                   .copies_floor = 1,
                                   .copies = [&](cache_item item) {
                                     return cache_copies{.in_site = copies[item]};
                                   }});
  for (cache_item item = 1; item <= 3; ++item) policy->inserted(item, chunk, at(0));
  EXPECT_EQ(items_of(policy->evict(~0ull, at(1))), std::vector<cache_item>{2});
  copies[3] = 2;
  EXPECT_EQ(items_of(policy->evict(~0ull, at(2))), std::vector<cache_item>{3});
}

TEST_P(EveryCachePolicyTest, ForeseesWhatItWillDoAndChangesNothing) {
  std::mt19937_64 random{17};
  auto policy = policy_with(GetParam(), {});
  for (int second = 0; second < 2000; ++second) {
    const cache_item item = random() % 60;
    if (policy->holds(item)) {
      policy->used(item, at(second));
    } else {
      policy->inserted(item, chunk, at(second));
    }
    if (policy->items() <= 40) continue;
    const auto foreseen = policy->next_victims(~0ull, at(second));
    const auto again = policy->next_victims(~0ull, at(second));
    EXPECT_EQ(foreseen, again);
    const auto gone = policy->evict(3ull * chunk, at(second));
    ASSERT_EQ(gone.size(), 3u);
    EXPECT_TRUE(std::equal(gone.begin(), gone.end(), foreseen.begin()));
  }
}

TEST_P(EveryCachePolicyTest, KeepsItsSumsThroughAnyCalls) {
  struct known {
    std::uint32_t bytes = 0, in_use = 0, copies = 0;
    bool pinned = false;
  };
  std::mt19937_64 random{4};
  constexpr std::uint32_t floor = 2;
  auto policy = make_cache_policy({.kind = GetParam(), .capacity_bytes = 5000, .copies_floor = floor});
  std::map<cache_item, known> model;
  const auto may_go = [&](const known& k) {
    return !k.pinned && k.in_use == 0 && k.copies > floor;
  };
  for (int step = 0; step < 20000; ++step) {
    const cache_item item = random() % 100 * 0x100000001ull;
    const bool there = model.contains(item);
    switch (random() % 8) {
    case 0:
    case 1: {
      const auto bytes = static_cast<std::uint32_t>(random() % 100 + 1);
      policy->inserted(item, bytes, at(step));
      model[item].bytes = bytes;
      break;
    }
    case 2: policy->used(item, at(step)); break;
    case 3:
      policy->removed(item);
      model.erase(item);
      break;
    case 4: {
      const auto count = static_cast<std::uint32_t>(random() % 3);
      policy->set_in_use(item, count);
      if (there) model[item].in_use = count;
      break;
    }
    case 5: {
      const bool pinned = random() % 3 == 0;
      policy->set_pinned(item, pinned);
      if (there) model[item].pinned = pinned;
      break;
    }
    case 6: {
      const auto copies = static_cast<std::uint32_t>(random() % 6);
      policy->set_copies(item, {.in_site = copies, .nearest = distance::same_cluster});
      if (there) model[item].copies = copies;
      break;
    }
    case 7:
      for (const auto& victim : policy->evict(random() % 200, at(step))) {
        ASSERT_TRUE(model.contains(victim.item));
        EXPECT_TRUE(may_go(model[victim.item]));
        EXPECT_EQ(victim.bytes, model[victim.item].bytes);
        EXPECT_EQ(victim.copies.in_site, model[victim.item].copies);
        model.erase(victim.item);
      }
      break;
    }
    std::uint64_t held = 0, evictable = 0;
    for (const auto& [id, k] : model) {
      held += k.bytes;
      evictable += may_go(k) ? k.bytes : 0;
    }
    ASSERT_EQ(policy->held_bytes(), held);
    ASSERT_EQ(policy->evictable_bytes(), evictable);
    ASSERT_EQ(policy->items(), model.size());
  }
}

TEST_P(EveryCachePolicyTest, TakesLittleMemoryForAnItem) {
  auto policy = make_cache_policy({.kind = GetParam()});
  // 1 TB in runs of 4 MiB.
  constexpr std::uint32_t items = 1'000'000'000'000ull / (4u << 20);
  for (std::uint32_t item = 0; item < items; ++item) {
    policy->inserted(std::uint64_t{item} << 20, 4u << 20, at(0));
  }
  EXPECT_LT(policy->memory_bytes(), 32u << 20);
}

TEST(CachePolicyTest, FifoForgetsInTheOrderOfArrivalWhateverIsUsed) {
  auto policy = policy_with(cache_policy_kind::fifo, {1, 2, 3});
  policy->used(1, at(5));
  EXPECT_EQ(items_of(policy->evict(~0ull, at(6))), (std::vector<cache_item>{1, 2, 3}));
}

TEST(CachePolicyTest, FifoGivesWhatWasPinnedItsOldPlaceBack) {
  auto policy = policy_with(cache_policy_kind::fifo, {1, 2, 3});
  policy->set_pinned(1, true);
  policy->set_pinned(1, false);
  EXPECT_EQ(items_of(policy->evict(1, at(6))), std::vector<cache_item>{1});
}

TEST(CachePolicyTest, LruDoesAsAListWould) {
  std::mt19937_64 random{99};
  auto policy = make_cache_policy({.kind = cache_policy_kind::lru});
  std::list<cache_item> model;
  for (int step = 0; step < 30000; ++step) {
    const cache_item item = random() % 200;
    const auto found = std::ranges::find(model, item);
    if (found != model.end()) {
      model.erase(found);
      policy->used(item, at(step));
    } else {
      policy->inserted(item, 1, at(step));
    }
    model.push_back(item);
    if (model.size() <= 100) continue;
    ASSERT_EQ(items_of(policy->evict(1, at(step))), std::vector<cache_item>{model.front()});
    model.pop_front();
  }
}

TEST(CachePolicyTest, LruCountsTheEndOfAUseAsAUse) {
  auto policy = policy_with(cache_policy_kind::lru, {1, 2});
  policy->set_in_use(1, 1);
  policy->set_in_use(1, 0);
  EXPECT_EQ(items_of(policy->evict(1, at(5))), std::vector<cache_item>{2});
}

TEST(CachePolicyTest, LiveLetsGoAtOnceOfWhatNoVmUses) {
  auto policy = policy_with(cache_policy_kind::live, {1, 2});
  policy->set_in_use(1, 1);
  policy->set_in_use(2, 1);
  EXPECT_TRUE(policy->evict_idle(at(3)).empty());
  policy->set_in_use(1, 0);
  EXPECT_EQ(items_of(policy->evict_idle(at(4))), std::vector<cache_item>{1});
}

TEST(CachePolicyTest, OnlyLiveLetsGoOfWhatThereIsRoomFor) {
  for (const auto kind : cache_policy_kinds()) {
    if (kind == cache_policy_kind::live) continue;
    EXPECT_TRUE(policy_with(kind, {1, 2})->evict_idle(at(100)).empty()) << to_string(kind);
  }
}

TEST(CachePolicyTest, GdsfPrefersManySmallUsesToOneLarge) {
  auto policy = make_cache_policy({.kind = cache_policy_kind::gdsf});
  policy->inserted(1, 1000, at(0));
  policy->inserted(2, 10, at(1));
  policy->inserted(3, 10, at(2));
  policy->used(3, at(3));
  EXPECT_EQ(items_of(policy->evict(~0ull, at(4))), (std::vector<cache_item>{1, 2, 3}));
}

TEST(CachePolicyTest, GdsfLetsFameWearOff) {
  auto policy = make_cache_policy({.kind = cache_policy_kind::gdsf});
  policy->inserted(0, chunk, at(0));
  for (int use = 0; use < 5; ++use) policy->used(0, at(1));
  cache_item gone = 1;
  for (cache_item item = 1; item < 100 && gone != 0; ++item) {
    policy->inserted(item, chunk, at(2));
    gone = policy->evict(1, at(2)).front().item;
  }
  EXPECT_EQ(gone, 0u);
}

TEST(CachePolicyTest, S3FifoSendsAwayWhatIsReadOnceBeforeWhatIsReadAgain) {
  std::vector<cache_item> loved{1, 2, 3, 4, 5};
  auto policy = make_cache_policy(
      {.kind = cache_policy_kind::s3_fifo, .capacity_bytes = 10ull * chunk});
  int second = 0;
  for (const auto item : loved) policy->inserted(item, chunk, at(second));
  for (const auto item : loved) {
    policy->used(item, at(1));
    policy->used(item, at(1));
  }
  // A scan ten times the size of the cache.
  for (cache_item item = 100; item < 200; ++item) {
    policy->inserted(item, chunk, at(++second));
    if (policy->items() > 10) policy->evict(chunk, at(second));
  }
  for (const auto item : loved) EXPECT_TRUE(policy->holds(item)) << item;
}

TEST(CachePolicyTest, S3FifoRemembersWhatItSentAwayTooSoon) {
  auto policy = make_cache_policy(
      {.kind = cache_policy_kind::s3_fifo, .capacity_bytes = 10ull * chunk});
  for (cache_item item = 0; item < 11; ++item) policy->inserted(item, chunk, at(0));
  ASSERT_EQ(items_of(policy->evict(chunk, at(1))), std::vector<cache_item>{0});
  policy->inserted(0, chunk, at(2));
  for (cache_item item = 1; item < 10; ++item) {
    EXPECT_EQ(items_of(policy->evict(chunk, at(3))), std::vector<cache_item>{item});
  }
  EXPECT_TRUE(policy->holds(0)) << "it came back to the main queue";
}

TEST(CachePolicyTest, RarityKeepsTheLastCopyLongestThenTheFarthest) {
  auto policy = policy_with(cache_policy_kind::rarity, {1, 2, 3, 4});
  policy->set_copies(1, {.in_site = 1, .nearest = distance::other_site});
  policy->set_copies(2, {.in_site = 2, .nearest = distance::same_site});
  policy->set_copies(3, {.in_site = 9, .nearest = distance::same_cluster});
  policy->set_copies(4, {.in_site = 40, .nearest = distance::same_rack});
  EXPECT_EQ(items_of(policy->evict(~0ull, at(9))), (std::vector<cache_item>{4, 3, 2, 1}));
}

TEST(CachePolicyTest, RarityKeepsWhatIsUsedOften) {
  auto policy = policy_with(cache_policy_kind::rarity, {1, 2});
  policy->set_copies(1, {.in_site = 1});
  policy->set_copies(2, {.in_site = 40});
  for (int use = 0; use < 10; ++use) policy->used(2, at(5));
  EXPECT_EQ(items_of(policy->evict(1, at(9))), std::vector<cache_item>{1});
}

TEST(CachePolicyTest, RarityKeepsNoUnwantedLastCopyForEver) {
  auto policy = make_cache_policy({.kind = cache_policy_kind::rarity});
  policy->inserted(0, chunk, at(0));
  policy->set_copies(0, {.in_site = 1});
  for (cache_item item = 1; item < 100; ++item) {
    policy->inserted(item, chunk, at(2));
    policy->set_copies(item, {.in_site = 5});
    policy->evict(1, at(2));
  }
  EXPECT_FALSE(policy->holds(0));
}

TEST(CachePolicyTest, SaysWhyInWordsForPeople) {
  auto policy = policy_with(cache_policy_kind::lru, {1, 2});
  policy->set_copies(1, {.in_site = 13});
  policy->set_copies(2, {.in_site = 1});
  const auto gone = policy->evict(~0ull, at(7000));
  EXPECT_EQ(sentence(gone[0]), "not used for 116 minutes, 12 other copies in the site");
  EXPECT_EQ(sentence(gone[1]), "not used for 116 minutes, the only copy in the site");
  auto fifo = policy_with(cache_policy_kind::fifo, {1});
  EXPECT_EQ(sentence(fifo->evict(1, at(1)).front()), "it came before what else is here");
  auto gdsf = policy_with(cache_policy_kind::gdsf, {1});
  gdsf->used(1, at(1));
  EXPECT_EQ(sentence(gdsf->evict(1, at(4)).front()), "used once, last 3 seconds ago");
}

TEST(CachePolicyTest, NamesAreReadBackAndOthersRefusedWithWhatThereIs) {
  for (const auto kind : cache_policy_kinds()) {
    const auto parsed = parse_cache_policy(to_string(kind));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(*parsed, kind);
  }
  const auto refused = parse_cache_policy("LRU");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, errc::invalid_argument);
  EXPECT_EQ(refused.error().message,
            "'LRU' is no cache policy; there are live, fifo, lru, gdsf, s3-fifo, rarity");
}

TEST(CacheQuotaTest, IsBytesOrMultiplesOfAnImage) {
  EXPECT_TRUE(cache_quota{}.unlimited());
  EXPECT_EQ(cache_quota{}.limit_bytes(1000), 0u);
  EXPECT_EQ((cache_quota{.bytes = 77}).limit_bytes(1000), 77u);
  EXPECT_EQ((cache_quota{.images = 2.5}).limit_bytes(1000), 2500u);
  EXPECT_FALSE((cache_quota{.images = 2}).unlimited());
}

} // namespace
} // namespace shoal::swarm
