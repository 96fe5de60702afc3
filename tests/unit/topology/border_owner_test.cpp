#include "topology/border_owner.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

namespace shoal::topology {
namespace {

constexpr std::uint64_t key = 0x1234'5678'9abc'def0;

std::vector<fetcher> some_fetchers(std::uint32_t count, std::uint32_t racks) {
  std::vector<fetcher> made;
  for (std::uint32_t i = 0; i < count; ++i) {
    made.push_back(
        {"host" + std::to_string(i), {"site", "cluster", "rack" + std::to_string(i % racks)}});
  }
  return made;
}

using routes_by_host = std::map<std::string, std::vector<piece_assignment>>;

routes_by_host everybodys(const std::vector<fetcher>& fetchers, std::uint32_t pieces) {
  routes_by_host made;
  for (const auto& one : fetchers) {
    made[one.host] = piece_assignments(key, pieces, fetchers, one.host);
  }
  return made;
}

struct swarm_shape {
  std::uint32_t fetchers, racks, pieces;
};

class BorderOwnerTest : public ::testing::TestWithParam<swarm_shape> {};

TEST_P(BorderOwnerTest, EachPieceHasOneOwnerOverallAndOneInEachRack) {
  const auto fetchers = some_fetchers(GetParam().fetchers, GetParam().racks);
  const auto all = everybodys(fetchers, GetParam().pieces);
  for (std::uint32_t piece = 0; piece < GetParam().pieces; ++piece) {
    std::uint32_t sources = 0;
    std::map<place, std::uint32_t> crossings;
    for (const auto& one : fetchers) {
      const auto route = all.at(one.host)[piece].route;
      sources += route == piece_route::source;
      crossings[one.where] += route != piece_route::inner;
    }
    EXPECT_EQ(sources, 1u);
    for (const auto& [rack, count] : crossings)
      EXPECT_EQ(count, 1u) << rack.path();
  }
}

TEST_P(BorderOwnerTest, WhoWaitsKnowsWhoBringsThePiece) {
  const auto fetchers = some_fetchers(GetParam().fetchers, GetParam().racks);
  const auto all = everybodys(fetchers, GetParam().pieces);
  for (const auto& one : fetchers) {
    for (std::uint32_t piece = 0; piece < GetParam().pieces; ++piece) {
      const auto mine = all.at(one.host)[piece];
      const auto& owner = fetchers[mine.owner];
      const auto theirs = all.at(owner.host)[piece].route;
      EXPECT_EQ(mine.route == piece_route::source, owner.host == one.host);
      if (mine.route == piece_route::outer) {
        EXPECT_NE(owner.where, one.where);
        EXPECT_EQ(theirs, piece_route::source);
      }
      if (mine.route == piece_route::inner) {
        EXPECT_EQ(owner.where, one.where);
        EXPECT_NE(theirs, piece_route::inner);
      }
    }
  }
}

TEST_P(BorderOwnerTest, SharesAreEqualInEveryRun) {
  const auto fetchers = some_fetchers(GetParam().fetchers, GetParam().racks);
  const auto all = everybodys(fetchers, GetParam().pieces);
  for (std::uint32_t run = 0; run < GetParam().pieces; run += ownership_run_pieces) {
    const auto end = std::min(run + ownership_run_pieces, GetParam().pieces);
    std::uint32_t least = ~0u, most = 0;
    for (const auto& one : fetchers) {
      const auto& mine = all.at(one.host);
      const auto share = static_cast<std::uint32_t>(
          std::count_if(mine.begin() + run, mine.begin() + end,
                        [](const auto& way) { return way.route == piece_route::source; }));
      least = std::min(least, share);
      most = std::max(most, share);
    }
    EXPECT_LE(most, least + 1);
  }
}

TEST_P(BorderOwnerTest, TheOrderOfTheListDoesNotMatter) {
  auto fetchers = some_fetchers(GetParam().fetchers, GetParam().racks);
  const auto before = piece_routes(key, GetParam().pieces, fetchers, "host0");
  std::mt19937 generator{7};
  std::shuffle(fetchers.begin(), fetchers.end(), generator);
  EXPECT_EQ(piece_routes(key, GetParam().pieces, fetchers, "host0"), before);
}

TEST_P(BorderOwnerTest, AJoinMovesFewPiecesOfTheOthers) {
  if (GetParam().fetchers > 20) return;
  const auto before = some_fetchers(GetParam().fetchers, GetParam().racks);
  const auto after = some_fetchers(GetParam().fetchers + 1, GetParam().racks);
  const auto owners = [&](const std::vector<fetcher>& fetchers) {
    std::vector<std::string> made(GetParam().pieces);
    for (const auto& [host, ways] : everybodys(fetchers, GetParam().pieces)) {
      for (std::uint32_t piece = 0; piece < GetParam().pieces; ++piece) {
        if (ways[piece].route == piece_route::source) made[piece] = host;
      }
    }
    return made;
  };
  const auto old_owners = owners(before);
  const auto new_owners = owners(after);
  std::uint32_t moved = 0;
  for (std::uint32_t piece = 0; piece < GetParam().pieces; ++piece) {
    moved += old_owners[piece] != new_owners[piece];
  }
  EXPECT_LE(moved, 2.0 * GetParam().pieces / (GetParam().fetchers + 1) + 2);
}

INSTANTIATE_TEST_SUITE_P(Swarms, BorderOwnerTest,
                         ::testing::Values(swarm_shape{1, 1, 10}, swarm_shape{2, 1, 512},
                                           swarm_shape{3, 2, 256}, swarm_shape{7, 1, 256},
                                           swarm_shape{15, 2, 1100}, swarm_shape{16, 4, 2048},
                                           swarm_shape{40, 3, 700}, swarm_shape{5, 5, 3}));

} // namespace
} // namespace shoal::topology
