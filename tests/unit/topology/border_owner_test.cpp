#include "topology/border_owner.hpp"
#include "topology/equal_shares.hpp"

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

routes_by_host everybodys(const std::vector<fetcher>& fetchers, std::uint32_t pieces,
                          const std::vector<place>& sources = {}) {
  routes_by_host made;
  for (const auto& one : fetchers) {
    made[one.host] = piece_assignments(key, pieces, fetchers, sources, one.host);
  }
  return made;
}

/// The routes of "host0".
std::vector<piece_route> piece_routes(const std::vector<fetcher>& fetchers, std::uint32_t pieces) {
  std::vector<piece_route> routes;
  for (const auto& way : piece_assignments(key, pieces, fetchers, {}, "host0")) {
    routes.push_back(way.route);
  }
  return routes;
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
      if (mine.route == piece_route::racks) {
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
  const auto before = piece_routes(fetchers, GetParam().pieces);
  std::mt19937 generator{7};
  std::shuffle(fetchers.begin(), fetchers.end(), generator);
  EXPECT_EQ(piece_routes(fetchers, GetParam().pieces), before);
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
  // A piece may move between racks and inside them.
  EXPECT_LE(moved, 3.0 * GetParam().pieces / (GetParam().fetchers + 1) + 2);
}

/// 2 sites of 2 clusters of 3 racks of 4 hosts, unless told otherwise.
std::vector<fetcher> a_tree(std::uint32_t sites = 2, std::uint32_t clusters = 2,
                            std::uint32_t racks = 3, std::uint32_t hosts = 4) {
  std::vector<fetcher> made;
  for (std::uint32_t s = 0; s < sites; ++s) {
    for (std::uint32_t c = 0; c < clusters; ++c) {
      for (std::uint32_t r = 0; r < racks; ++r) {
        for (std::uint32_t h = 0; h < hosts; ++h) {
          const auto number = std::to_string(made.size());
          made.push_back({"host" + number, {"s" + std::to_string(s), "c" + std::to_string(c),
                                            "r" + std::to_string(r)}});
        }
      }
    }
  }
  return made;
}

/// The domain of a place that `route` leads out of.
std::string inside_of(const place& where, piece_route route) {
  if (route == piece_route::sites) return where.site;
  if (route == piece_route::clusters) return where.site + "/" + where.cluster;
  return where.path();
}

/// How often a piece comes into each domain, by what `route` it comes and where the domain is.
std::map<std::string, std::uint32_t> entries(const routes_by_host& all,
                                             const std::vector<fetcher>& fetchers,
                                             std::uint32_t piece, piece_route border) {
  std::map<std::string, std::uint32_t> count;
  for (const auto& one : fetchers)
    count[inside_of(one.where, border)] += all.at(one.host)[piece].route <= border;
  return count;
}

TEST(BorderOwnerTreeTest, EveryPieceEntersEveryDomainOnce) {
  const auto fetchers = a_tree();
  const auto all = everybodys(fetchers, 600);
  for (std::uint32_t piece = 0; piece < 600; ++piece) {
    for (const auto border : {piece_route::sites, piece_route::clusters, piece_route::racks}) {
      for (const auto& [domain, count] : entries(all, fetchers, piece, border))
        EXPECT_EQ(count, 1u) << domain;
    }
  }
}

TEST(BorderOwnerTreeTest, WhoBringsAPieceIsOnTheOtherSideOfJustThatBorder) {
  const auto fetchers = a_tree();
  const auto all = everybodys(fetchers, 300);
  for (const auto& one : fetchers) {
    for (const auto& way : all.at(one.host)) {
      const auto& owner = fetchers[way.owner];
      if (way.route == piece_route::source) EXPECT_EQ(owner.host, one.host);
      else EXPECT_EQ(route_between(one.where, owner.where), way.route);
    }
  }
}

TEST(BorderOwnerTreeTest, TheExpectedOwnerGetsThePieceFromFartherAway) {
  const auto fetchers = a_tree();
  const auto all = everybodys(fetchers, 300);
  for (const auto& one : fetchers) {
    for (std::uint32_t piece = 0; piece < 300; ++piece) {
      const auto way = all.at(one.host)[piece];
      if (way.route == piece_route::source) continue;
      EXPECT_LT(all.at(fetchers[way.owner].host)[piece].route, way.route);
      EXPECT_EQ(all.at(fetchers[way.source_owner].host)[piece].route, piece_route::source);
    }
  }
}

TEST(BorderOwnerTreeTest, SharesAreEqualAcrossDomainsOfUnequalSize) {
  auto fetchers = a_tree(1, 2, 2, 6);
  fetchers.erase(fetchers.begin(), fetchers.begin() + 9);
  const auto all = everybodys(fetchers, ownership_run_pieces);
  const auto fair = static_cast<double>(ownership_run_pieces) / static_cast<double>(fetchers.size());
  for (const auto& [host, ways] : all) {
    const auto share = std::count_if(ways.begin(), ways.end(), [](const auto& way) {
      return way.route == piece_route::source;
    });
    EXPECT_NEAR(static_cast<double>(share), fair, 1.01) << host;
  }
}

TEST(BorderOwnerTreeTest, ARackWithTwoHoldersTakesNothingFromOutside) {
  const auto fetchers = a_tree(1, 2, 2, 4);
  const place with{"s0", "c0", "r0"};
  const auto all = everybodys(fetchers, 400, {with, with});
  for (const auto& one : fetchers) {
    for (const auto& way : all.at(one.host)) {
      if (one.where != with) {
        EXPECT_NE(fetchers[way.source_owner].where, with);
        continue;
      }
      EXPECT_TRUE(way.route == piece_route::source || way.route == piece_route::inner);
      EXPECT_EQ(fetchers[way.source_owner].where, with);
    }
  }
}

TEST(BorderOwnerTreeTest, EveryRackWithAHolderServesItself) {
  const auto fetchers = a_tree(1, 1, 3, 4);
  const auto all = everybodys(fetchers, 400,
                              {{"s0", "c0", "r0"}, {"s0", "c0", "r1"}, {"s0", "c0", "r2"}});
  for (const auto& [host, ways] : all) {
    for (const auto& way : ways)
      EXPECT_TRUE(way.route == piece_route::source || way.route == piece_route::inner);
  }
}

TEST(BorderOwnerTreeTest, OneServerSendsEachPieceOnceAndItsClusterSendsItOutOnce) {
  const auto fetchers = a_tree(1, 4, 1, 4);
  const auto all = everybodys(fetchers, 400, {{"s0", "c0", "r0"}});
  std::uint32_t out_of_its_cluster = 0;
  for (std::uint32_t piece = 0; piece < 400; ++piece) {
    std::uint32_t sent_by_server = 0;
    for (const auto& one : fetchers) {
      const auto way = all.at(one.host)[piece];
      sent_by_server += way.route == piece_route::source;
      const bool from_there = way.route == piece_route::source ||
                              (way.route == piece_route::clusters &&
                               fetchers[way.owner].where.cluster == "c0");
      out_of_its_cluster += from_there && one.where.cluster != "c0";
    }
    EXPECT_EQ(sent_by_server, 1u);
  }
  EXPECT_EQ(out_of_its_cluster, 400u);
}

INSTANTIATE_TEST_SUITE_P(Swarms, BorderOwnerTest,
                         ::testing::Values(swarm_shape{1, 1, 10}, swarm_shape{2, 1, 512},
                                           swarm_shape{3, 2, 256}, swarm_shape{7, 1, 256},
                                           swarm_shape{15, 2, 1100}, swarm_shape{16, 4, 2048},
                                           swarm_shape{40, 3, 700}, swarm_shape{5, 5, 3}));

} // namespace
} // namespace shoal::topology
