#include "topology/placement.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>

namespace shoal::topology {
namespace {

constexpr std::uint64_t gib = 1024ull * 1024 * 1024;
constexpr std::uint64_t image_bytes = 4 * gib;

constexpr std::array strategies{placement_strategy::random, placement_strategy::min_loaded,
                                placement_strategy::shoal_friendly, placement_strategy::weighted};
constexpr std::array spreads{placement_spread::none, placement_spread::rack,
                             placement_spread::cluster};

placement_candidate host(std::uint32_t number, std::uint32_t rack, std::uint64_t lacking,
                         std::uint32_t vms = 0) {
  return {.host = number,
          .rack = rack,
          .cluster = rack / 4,
          .vms = vms,
          .transfers = 0,
          .free_slots = unlimited_vms,
          .placed_before = 0,
          .lacking_bytes = lacking,
          .room_bytes = unlimited_bytes,
          .quota_bytes = unlimited_bytes};
}

placement_request request_of(placement_strategy strategy, std::uint32_t count = 1) {
  placement_request request;
  request.strategy = strategy;
  request.count = count;
  request.image_bytes = image_bytes;
  return request;
}

/// Hosts of all kinds: with and without slots, room, load and data. Numbers are multiples of 1/16 of
/// the image and of the weights below, so that sums are exact and ties happen.
std::vector<placement_candidate> any_hosts(std::uint32_t count, std::uint32_t seed) {
  std::mt19937 random{seed};
  const auto below = [&](std::uint32_t limit) { return static_cast<std::uint32_t>(random() % limit); };
  std::vector<placement_candidate> hosts;
  for (std::uint32_t i = 0; i < count; ++i) {
    auto one = host(i * 3 + 1, i / 5, image_bytes / 16 * below(17), below(6));
    one.transfers = below(3);
    one.free_slots = below(5);
    one.quota_bytes = 4 * image_bytes;
    one.room_bytes = image_bytes / 16 * below(65);
    hosts.push_back(one);
  }
  return hosts;
}

constexpr placement_weights dyadic{
    .bytes = 1, .load = 0.125, .room = 0.25, .rack = 0.0625, .cluster = 0.03125};

std::vector<std::uint32_t> hosts_of(const placement_outcome& outcome) {
  std::vector<std::uint32_t> hosts;
  for (const auto& choice : outcome.choices) hosts.push_back(choice.host);
  return hosts;
}

const placement_candidate& find(const std::vector<placement_candidate>& hosts, std::uint32_t number) {
  return *std::find_if(hosts.begin(), hosts.end(),
                       [&](const auto& one) { return one.host == number; });
}

TEST(PlacementTest, ShoalFriendlyTakesTheHostThatLacksLeast) {
  const std::vector hosts{host(1, 0, image_bytes), host(2, 0, gib, 5), host(3, 1, 2 * gib)};
  const auto outcome = place_vms(hosts, request_of(placement_strategy::shoal_friendly));
  ASSERT_EQ(outcome.choices.size(), 1u);
  EXPECT_EQ(outcome.choices[0].host, 2u);
  EXPECT_EQ(outcome.choices[0].lacking_bytes, gib);
  EXPECT_DOUBLE_EQ(outcome.choices[0].held_share, 0.75);
}

TEST(PlacementTest, ShoalFriendlyTakesTheLessLoadedOfTwoThatHoldTheImage) {
  const std::vector hosts{host(1, 0, 0, 4), host(2, 0, 0, 3), host(3, 0, 1, 0)};
  EXPECT_EQ(hosts_of(place_vms(hosts, request_of(placement_strategy::shoal_friendly))),
            std::vector<std::uint32_t>{2});
}

TEST(PlacementTest, MinLoadedCountsTransfersAndLevelsTheLoad) {
  auto hosts = std::vector{host(1, 0, 0, 2), host(2, 0, image_bytes, 0), host(3, 0, 0, 0)};
  hosts[2].transfers = 1;
  const auto outcome = place_vms(hosts, request_of(placement_strategy::min_loaded, 6));
  std::map<std::uint32_t, std::uint64_t> load{{1, 2}, {2, 0}, {3, 1}};
  for (const auto& choice : outcome.choices) ++load[choice.host];
  EXPECT_EQ(load, (std::map<std::uint32_t, std::uint64_t>{{1, 3}, {2, 3}, {3, 3}}));
}

TEST(PlacementTest, RandomChoosesEveryHostAboutEquallyOften) {
  const std::vector hosts{host(1, 0, 0), host(2, 0, 0), host(3, 1, image_bytes, 9), host(4, 9, 0)};
  std::map<std::uint32_t, int> single;
  auto request = request_of(placement_strategy::random);
  for (request.seed = 0; request.seed < 4000; ++request.seed) {
    ++single[place_vms(hosts, request).choices.at(0).host];
  }
  std::map<std::uint32_t, int> many;
  const auto outcome = place_vms(hosts, request_of(placement_strategy::random, 4000));
  int repeated = 0;
  for (std::size_t i = 0; i < outcome.choices.size(); ++i) {
    ++many[outcome.choices[i].host];
    repeated += i > 0 && outcome.choices[i].host == outcome.choices[i - 1].host;
  }
  for (const auto& one : hosts) {
    EXPECT_NEAR(single[one.host], 1000, 150) << one.host;
    EXPECT_NEAR(many[one.host], 1000, 150) << one.host;
  }
  EXPECT_NEAR(repeated, 1000, 150);
}

TEST(PlacementTest, EqualHostsTakeTurnsFromSeedToSeed) {
  const std::vector hosts{host(1, 0, 0), host(2, 0, 0), host(3, 0, 0)};
  std::map<std::uint32_t, int> times;
  auto request = request_of(placement_strategy::min_loaded);
  for (request.seed = 0; request.seed < 300; ++request.seed) {
    ++times[place_vms(hosts, request).choices.at(0).host];
  }
  for (const auto& one : hosts) EXPECT_GT(times[one.host], 60);
}

TEST(PlacementTest, WeightedWithOneWeightIsThePureStrategy) {
  for (std::uint32_t seed = 1; seed <= 50; ++seed) {
    const auto hosts = any_hosts(60, seed);
    auto request = request_of(placement_strategy::weighted, 40);
    request.seed = seed;
    request.weights = {.bytes = 1, .load = 0, .room = 0, .rack = 0, .cluster = 0};
    auto pure = request;
    pure.strategy = placement_strategy::shoal_friendly;
    EXPECT_EQ(hosts_of(place_vms(hosts, request)), hosts_of(place_vms(hosts, pure)));
    request.weights = {.bytes = 0, .load = 1, .room = 0, .rack = 0, .cluster = 0};
    pure.strategy = placement_strategy::min_loaded;
    EXPECT_EQ(hosts_of(place_vms(hosts, request)), hosts_of(place_vms(hosts, pure)));
  }
}

TEST(PlacementTest, WeightedTradesBytesForLoadAsTheWeightsSay) {
  const std::vector hosts{host(1, 0, 0, 4), host(2, 0, image_bytes / 2, 0)};
  auto request = request_of(placement_strategy::weighted);
  request.weights = {.bytes = 1, .load = 0.1, .room = 0, .rack = 0, .cluster = 0};
  EXPECT_EQ(place_vms(hosts, request).choices.at(0).host, 1u);
  EXPECT_NEAR(place_vms(hosts, request).choices.at(0).cost, 0.4, 1e-12);
  request.weights.load = 0.2;
  EXPECT_EQ(place_vms(hosts, request).choices.at(0).host, 2u);
}

TEST(PlacementTest, WeightedLeavesAFullStoreForAnEmptyOne) {
  auto hosts = std::vector{host(1, 0, 0), host(2, 0, 0)};
  hosts[0].quota_bytes = hosts[1].quota_bytes = 10 * gib;
  hosts[0].room_bytes = gib;
  hosts[1].room_bytes = 9 * gib;
  auto request = request_of(placement_strategy::weighted);
  for (request.seed = 0; request.seed < 20; ++request.seed) {
    EXPECT_EQ(place_vms(hosts, request).choices.at(0).host, 2u);
  }
}

TEST(PlacementTest, NeverChoosesBeyondSlotsRoomOrThePerHostLimit) {
  for (const auto strategy : strategies) {
    for (const auto spread : spreads) {
      for (std::uint32_t seed = 1; seed <= 20; ++seed) {
        const auto hosts = any_hosts(70, seed);
        auto request = request_of(strategy, 50 + seed * 10);
        request.spread = spread;
        request.seed = seed;
        if (seed % 2 == 0) request.per_host_max = 2;
        const auto outcome = place_vms(hosts, request);
        EXPECT_EQ(outcome.choices.size() + outcome.missing, request.count);
        std::map<std::uint32_t, std::uint32_t> times;
        for (const auto& choice : outcome.choices) ++times[choice.host];
        std::uint32_t capacity = 0;
        for (const auto& one : hosts) {
          const bool fits = one.lacking_bytes <= one.room_bytes;
          const auto limit = fits ? std::min(one.free_slots, request.per_host_max) : 0;
          capacity += limit;
          EXPECT_LE(times[one.host], limit);
        }
        EXPECT_EQ(outcome.choices.size(), std::min(capacity, request.count));
      }
    }
  }
}

TEST(PlacementTest, TheOrderOfTheCandidatesDoesNotMatter) {
  std::mt19937 random{7};
  for (const auto strategy : strategies) {
    for (const auto spread : spreads) {
      for (const std::uint32_t count : {1u, 30u}) {
        auto hosts = any_hosts(60, 11);
        for (auto& one : hosts) one.placed_before = count > 1 ? std::min(one.vms, 1u) : 0;
        auto request = request_of(strategy, count);
        request.spread = spread;
        const auto first = hosts_of(place_vms(hosts, request));
        std::vector<std::uint32_t> ranked;
        for (const auto& one : rank_hosts(hosts, request)) ranked.push_back(one.host);
        std::shuffle(hosts.begin(), hosts.end(), random);
        EXPECT_EQ(hosts_of(place_vms(hosts, request)), first);
        std::vector<std::uint32_t> again;
        for (const auto& one : rank_hosts(hosts, request)) again.push_back(one.host);
        EXPECT_EQ(again, ranked);
      }
    }
  }
}

TEST(PlacementTest, SpreadingDealsEvenlyAsLongAsDomainsCanTakeMore) {
  for (const auto strategy : strategies) {
    std::vector<placement_candidate> hosts;
    for (std::uint32_t i = 0; i < 32; ++i) {
      // Rack 0 is warm and idle, and would win everything.
      hosts.push_back(host(i, i / 4, i < 4 ? 0 : image_bytes, i < 4 ? 0 : 3));
      hosts.back().free_slots = i / 4 == 7 ? 0 : 1;
    }
    auto request = request_of(strategy, 14);
    request.spread = placement_spread::rack;
    std::map<std::uint32_t, int> racks;
    for (const auto& choice : place_vms(hosts, request).choices) ++racks[find(hosts, choice.host).rack];
    EXPECT_EQ(racks.size(), 7u);
    for (const auto& [rack, vms] : racks) EXPECT_EQ(vms, 2) << "rack " << rack;
    request.spread = placement_spread::cluster;
    request.count = 20;
    std::map<std::uint32_t, int> clusters;
    for (const auto& choice : place_vms(hosts, request).choices) {
      ++clusters[find(hosts, choice.host).cluster];
    }
    EXPECT_EQ(clusters[0], 10);
    EXPECT_EQ(clusters[1], 10);
  }
}

TEST(PlacementTest, VmsPlacedBeforeCountForSpreading) {
  auto hosts = std::vector{host(1, 0, 0, 1), host(2, 0, 0), host(3, 5, image_bytes, 7)};
  hosts[0].placed_before = 1;
  // A host that can take no more still counts for its rack.
  hosts[0].free_slots = 0;
  auto request = request_of(placement_strategy::shoal_friendly);
  request.spread = placement_spread::rack;
  EXPECT_EQ(place_vms(hosts, request).choices.at(0).host, 3u);
  EXPECT_EQ(rank_hosts(hosts, request).at(0).host, 3u);
  EXPECT_EQ(rank_hosts(hosts, request).at(1).in_rack, 1u);
}

TEST(PlacementTest, AChosenHostLacksNothingAndIsMoreLoaded) {
  auto hosts = std::vector{host(1, 0, gib, 2)};
  hosts[0].room_bytes = gib;
  hosts[0].free_slots = 3;
  const auto outcome = place_vms(hosts, request_of(placement_strategy::shoal_friendly, 3));
  ASSERT_EQ(outcome.choices.size(), 3u);
  EXPECT_EQ(outcome.choices[0].lacking_bytes, gib);
  EXPECT_EQ(outcome.choices[0].room_bytes, gib);
  EXPECT_EQ(outcome.choices[1].lacking_bytes, 0u);
  EXPECT_EQ(outcome.choices[1].room_bytes, 0u);
  EXPECT_EQ(outcome.choices[2].load, 4u);
  EXPECT_EQ(outcome.choices[2].in_rack, 2u);
  EXPECT_EQ(outcome.choices[2].free_slots, 1u);
}

/// The rule as its documentation tells it, without any of the structure that makes it fast.
std::vector<std::uint32_t> slowly_placed(std::vector<placement_candidate> hosts,
                                         const placement_request& request) {
  std::vector<std::uint32_t> chosen;
  std::map<std::uint32_t, std::uint32_t> times;
  while (chosen.size() < request.count) {
    std::vector<placement_candidate> open;
    for (auto one : hosts) {
      // A full host stays: what it has taken counts for its domains.
      if (times[one.host] >= request.per_host_max) one.free_slots = 0;
      open.push_back(one);
    }
    const auto ranked = rank_hosts(open, request);
    if (ranked.empty()) break;
    const auto number = ranked.front().host;
    auto& host = *std::find_if(hosts.begin(), hosts.end(),
                               [&](const auto& one) { return one.host == number; });
    ++host.vms;
    ++host.placed_before;
    host.room_bytes -= host.lacking_bytes;
    host.lacking_bytes = 0;
    --host.free_slots;
    ++times[number];
    chosen.push_back(number);
  }
  return chosen;
}

TEST(PlacementTest, ChoosesWhatRankingAnewAfterEachChoiceWouldChoose) {
  for (const auto strategy : {placement_strategy::min_loaded, placement_strategy::shoal_friendly,
                              placement_strategy::weighted}) {
    for (const auto spread : spreads) {
      for (std::uint32_t seed = 1; seed <= 10; ++seed) {
        const auto hosts = any_hosts(50, seed);
        auto request = request_of(strategy, 40);
        request.spread = spread;
        request.seed = seed;
        request.weights = dyadic;
        if (seed % 3 == 0) request.per_host_max = 1;
        EXPECT_EQ(hosts_of(place_vms(hosts, request)), slowly_placed(hosts, request));
      }
    }
  }
}

TEST(PlacementTest, SaysHowManyFindNoHostAndWhy) {
  auto hosts = std::vector{host(1, 0, 0), host(2, 0, 0), host(3, 0, 2 * gib), host(4, 0, 0)};
  hosts[0].free_slots = 0;
  hosts[1].free_slots = 2;
  hosts[2].room_bytes = gib;
  hosts[3].free_slots = 1;
  const auto outcome = place_vms(hosts, request_of(placement_strategy::weighted, 5));
  EXPECT_EQ(outcome.choices.size(), 3u);
  EXPECT_EQ(outcome.missing, 2u);
  EXPECT_EQ(explain_missing(outcome), "2 of 5 VMs find no host: 3 hosts have no free slot, 1 host "
                                      "has no room for the image");
  EXPECT_EQ(explain_missing(place_vms({}, request_of(placement_strategy::random))),
            "1 of 1 VM finds no host: there is no host to choose from");
  EXPECT_EQ(explain_missing(place_vms(hosts, request_of(placement_strategy::random))), "");
}

TEST(PlacementTest, GivesItsReasonsInASentence) {
  auto warm = host(1, 0, gib, 3);
  warm.room_bytes = 12 * gib;
  warm.free_slots = 2;
  const auto outcome =
      place_vms(std::vector{warm}, request_of(placement_strategy::shoal_friendly, 2));
  EXPECT_EQ(explain(outcome.choices.at(0)), "holds 75 % of the image (1.0 GiB to fetch), load 3, "
                                            "room for 12.0 GiB, 2 free slots, none of this "
                                            "request near it");
  EXPECT_EQ(explain(outcome.choices.at(1)), "holds all of the image, load 4, room for 11.0 GiB, "
                                            "1 free slot, 1 of this request in its rack");
}

TEST(PlacementTest, RefusesWeightsThatAreNoWeights) {
  EXPECT_TRUE(check(placement_weights{}).ok());
  const auto negative = check({.bytes = 1, .load = -0.5, .room = 0, .rack = 0, .cluster = 0});
  ASSERT_FALSE(negative.ok());
  EXPECT_EQ(negative.error().code, errc::invalid_argument);
  EXPECT_NE(negative.error().message.find("load"), std::string::npos);
  placement_weights endless;
  endless.cluster = std::numeric_limits<double>::infinity();
  EXPECT_FALSE(check(endless).ok());
}

TEST(PlacementTest, NamesReadBackAsTheyAreWritten) {
  for (const auto strategy : strategies) {
    EXPECT_EQ(placement_strategy_of(to_string(strategy)), strategy);
  }
  for (const auto spread : spreads) EXPECT_EQ(placement_spread_of(to_string(spread)), spread);
  EXPECT_FALSE(placement_strategy_of("vdn"));
  EXPECT_FALSE(placement_spread_of(""));
}

TEST(PlacementTest, AnImageOfNoBytesIsHeldByEverybody) {
  auto request = request_of(placement_strategy::shoal_friendly);
  request.image_bytes = 0;
  const auto outcome = place_vms(std::vector{host(1, 0, 0)}, request);
  EXPECT_DOUBLE_EQ(outcome.choices.at(0).held_share, 1);
  request.count = 0;
  EXPECT_TRUE(place_vms(std::vector{host(1, 0, 0)}, request).choices.empty());
}

} // namespace
} // namespace shoal::topology
