#include "swarm/route_plan.hpp"

#include <gtest/gtest.h>

#include <set>

namespace shoal::test {
namespace {

using namespace std::chrono_literals;
using swarm::piece_set;
using swarm::route_plan;
using topology::instant;
using topology::piece_route;

constexpr std::uint32_t piece_count = 64;
constexpr std::uint64_t pack_key = 42;
constexpr instant start{1h};

/// A network a test makes up.
struct made_up_sight final : swarm::swarm_sight {
  std::map<piece_route, std::set<std::uint32_t>> offered;
  std::set<std::string> away;
  std::set<std::uint32_t> moving;
  std::map<piece_route, std::set<std::uint32_t>> on_the_way;

  std::uint32_t available(piece_route kind, std::uint32_t piece) const override {
    if (kind == piece_route::source) return 1;
    const auto found = offered.find(kind);
    return found == offered.end() ? 0 : static_cast<std::uint32_t>(found->second.count(piece));
  }
  std::uint32_t coming(piece_route kind, std::uint32_t piece) const override {
    const auto found = on_the_way.find(kind);
    return found == on_the_way.end() ? 0 : static_cast<std::uint32_t>(found->second.count(piece));
  }
  bool under_way(piece_route, std::uint32_t piece) const override { return moving.contains(piece); }
  bool connected_to(const std::string& host) const override { return !away.contains(host); }
};

topology::fetcher in(const std::string& rack, const std::string& host) {
  return {host, {"s", "c", rack}};
}

/// A plan of `self` that has known everybody for a second.
route_plan settled(const topology::fetcher& self, std::vector<topology::fetcher> fetchers,
                   const made_up_sight& sight) {
  route_plan plan{pack_key, piece_count, self, {}};
  plan.set_fetchers(std::move(fetchers), {}, start);
  plan.look_at_self(piece_set{piece_count, true}, sight, start + 1s);
  plan.look_for_late(piece_set{piece_count, true}, sight, start + 1s);
  return plan;
}

/// The pieces that are to come by each route now; those that wait are in none.
std::map<piece_route, std::set<std::uint32_t>> routes(const route_plan& plan,
                                                      const made_up_sight& sight, instant now) {
  std::map<piece_route, std::set<std::uint32_t>> made;
  for (std::uint32_t piece = 0; piece < piece_count; ++piece) {
    if (const auto route = plan.route(piece, std::nullopt, sight, now)) made[*route].insert(piece);
  }
  return made;
}

/// Those this host is to bring to the others of its rack.
std::set<std::uint32_t> owned(const route_plan& plan) {
  std::set<std::uint32_t> pieces;
  for (std::uint32_t piece = 0; piece < piece_count; ++piece) {
    if (plan.brings_to(piece_route::inner, piece)) pieces.insert(piece);
  }
  return pieces;
}

TEST(RoutePlanTest, WhoIsAloneOwnsEverything) {
  const made_up_sight sight;
  const auto plan = settled(in("r1", "a"), {in("r1", "a")}, sight);
  EXPECT_EQ(owned(plan).size(), piece_count);
}

TEST(RoutePlanTest, HostsOfARackOwnEachPieceOnce) {
  const made_up_sight sight;
  const std::vector<topology::fetcher> rack{in("r1", "a"), in("r1", "b"), in("r1", "c")};
  std::multiset<std::uint32_t> all;
  for (const auto& one : rack) {
    const auto mine = owned(settled(one, rack, sight));
    all.insert(mine.begin(), mine.end());
    EXPECT_NEAR(static_cast<double>(mine.size()), piece_count / 3.0, 1);
  }
  EXPECT_EQ(all.size(), piece_count);
  EXPECT_EQ(std::set<std::uint32_t>(all.begin(), all.end()).size(), piece_count);
}

TEST(RoutePlanTest, OnlyOwnPiecesAreAskedOfHolders) {
  const made_up_sight sight;
  const auto plan = settled(in("r1", "a"), {in("r1", "a"), in("r1", "b")}, sight);
  const auto mine = owned(plan);
  const auto now = routes(plan, sight, start + 1s);
  ASSERT_TRUE(now.contains(piece_route::source));
  for (const auto piece : now.at(piece_route::source)) EXPECT_TRUE(mine.contains(piece));
}

TEST(RoutePlanTest, WhatANeighbourHasComesFromIt) {
  made_up_sight sight;
  const auto plan = settled(in("r1", "a"), {in("r1", "a"), in("r1", "b")}, sight);
  sight.offered[piece_route::inner] = {3};
  EXPECT_EQ(plan.route(3, std::nullopt, sight, start + 1s), piece_route::inner);
}

TEST(RoutePlanTest, WhatIsBeingTransferredFinishesWhereItIs) {
  made_up_sight sight;
  const auto plan = settled(in("r1", "a"), {in("r1", "a"), in("r1", "b")}, sight);
  sight.offered[piece_route::inner] = {3};
  sight.moving = {3};
  EXPECT_EQ(plan.route(3, piece_route::source, sight, start + 1s), piece_route::source);
}

TEST(RoutePlanTest, WhatSomebodyNearerIsGettingIsNotFetchedOverTheSameBorderAgain) {
  made_up_sight sight;
  auto plan = settled(in("r1", "a"), {in("r1", "a"), in("r1", "b"), in("r2", "x")}, sight);
  std::uint32_t own = 0;
  while (plan.route(own, std::nullopt, sight, start + 1s) != piece_route::source) ++own;
  plan.coming(piece_route::inner, own, start + 1s);
  sight.on_the_way[piece_route::inner] = {own};
  EXPECT_EQ(plan.route(own, std::nullopt, sight, start + 1s), std::nullopt);
  EXPECT_EQ(plan.route(own, std::nullopt, sight, start + 2s), std::nullopt);
  EXPECT_EQ(plan.route(own, std::nullopt, sight, start + 20s), piece_route::source)
      << "whoever said so may be stuck";
  sight.on_the_way.clear();
  EXPECT_EQ(plan.route(own, std::nullopt, sight, start + 1s), piece_route::source)
      << "it went away";
}

TEST(RoutePlanTest, WhoBeginsMeetsThoseOfItsRackBeforeItCrossesABorder) {
  const made_up_sight sight;
  route_plan plan{pack_key, piece_count, in("r1", "a"), {}};
  plan.set_fetchers({in("r1", "a"), in("r1", "b")}, {}, start);
  const piece_set missing{piece_count, true};
  const auto crosses = [&](instant now) {
    plan.look_at_self(missing, sight, now);
    return routes(plan, sight, now).contains(piece_route::source);
  };
  EXPECT_FALSE(crosses(start + 10ms)) << "b may be getting what a owns now";
  plan.connected("b", true, start + 20ms);
  EXPECT_FALSE(crosses(start + 30ms)) << "b is about to say what it has";
  EXPECT_TRUE(crosses(start + 80ms));
}

TEST(RoutePlanTest, WhoCannotBeMetOrCameLaterIsNotWaitedForLong) {
  const made_up_sight sight;
  const piece_set missing{piece_count, true};
  route_plan dead{pack_key, piece_count, in("r1", "a"), {}};
  dead.set_fetchers({in("r1", "a"), in("r1", "b")}, {}, start);
  dead.look_at_self(missing, sight, start + 500ms);
  EXPECT_TRUE(routes(dead, sight, start + 500ms).contains(piece_route::source));
  route_plan later{pack_key, piece_count, in("r1", "a"), {}};
  later.set_fetchers({in("r1", "a")}, {}, start);
  later.set_fetchers({in("r1", "a"), in("r1", "b")}, {}, start + 10ms);
  later.look_at_self(missing, sight, start + 20ms);
  EXPECT_TRUE(routes(later, sight, start + 20ms).contains(piece_route::source));
}

TEST(RoutePlanTest, HostsThatAreAwayInNumbersWhileASwarmFormsAreNotDead) {
  made_up_sight sight;
  std::vector<topology::fetcher> all{in("r1", "a")};
  for (int i = 0; i < 8; ++i) all.push_back(in("r1", "h" + std::to_string(i)));
  const auto own_after = [&](int away, std::chrono::milliseconds time) {
    sight.away.clear();
    for (int i = 0; i < away; ++i) sight.away.insert("h" + std::to_string(i));
    auto plan = settled(in("r1", "a"), all, sight);
    plan.look_for_late(piece_set{piece_count, true}, sight, start + time);
    return owned(plan).size();
  };
  const auto share = own_after(0, 1s);
  // Nothing came to this host either, so that it helps with a few pieces.
  const auto help = topology::late_window_pieces;
  EXPECT_LE(own_after(6, 3s), share + help) << "six of nine are late";
  EXPECT_GT(own_after(6, 7s), 2 * share) << "or dead after all";
  EXPECT_GT(own_after(3, 3s), share + help) << "three of nine are dead at once";
}

TEST(RoutePlanTest, SayingAgainThatAPieceIsComingHoldsNobodyBackForLonger) {
  made_up_sight sight;
  auto plan = settled(in("r1", "a"), {in("r1", "a"), in("r1", "b")}, sight);
  std::uint32_t own = 0;
  while (plan.route(own, std::nullopt, sight, start + 1s) != piece_route::source) ++own;
  sight.on_the_way[piece_route::inner] = {own};
  for (auto now = start + 1s; now < start + 20s; now += 100ms)
    plan.coming(piece_route::inner, own, now);
  EXPECT_EQ(plan.route(own, std::nullopt, sight, start + 20s), piece_route::source);
}

TEST(RoutePlanTest, WhatComesFromAsFarStillIsFetchedFromThere) {
  made_up_sight sight;
  auto plan = settled(in("r1", "a"), {in("r1", "a"), in("r2", "x")}, sight);
  sight.offered[piece_route::racks] = {5};
  plan.coming(piece_route::racks, 5, start + 1s);
  sight.on_the_way[piece_route::racks] = {5};
  EXPECT_EQ(plan.route(5, std::nullopt, sight, start + 1s), piece_route::racks)
      << "another rack's copy is no help inside this one";
}

// A stall of seconds once: the only pieces that nobody else brought waited behind those that others
// offered.
TEST(RoutePlanTest, WhatOthersOfferTakesNoPlaceAmongOwnPieces) {
  made_up_sight sight;
  route_plan plan{pack_key, piece_count, in("r1", "a"), {}};
  plan.set_fetchers({in("r1", "a"), in("r1", "b")}, {}, start);
  const auto mine = owned(plan);
  ASSERT_GT(mine.size(), 8u);
  // All but the last two are with the neighbour, who waits for these.
  const std::set<std::uint32_t> last{*std::prev(mine.end(), 2), *mine.rbegin()};
  piece_set missing{piece_count};
  for (const auto piece : mine) {
    missing.insert(piece);
    if (!last.contains(piece)) sight.offered[piece_route::inner].insert(piece);
  }
  plan.look_at_self(missing, sight, start + 1s);
  for (const auto piece : last)
    EXPECT_EQ(plan.route(piece, std::nullopt, sight, start + 1s), piece_route::source);
}

TEST(RoutePlanTest, APieceInTheNextRackIsTakenByItsOwnerAndByOthersOnlyWhenItLiesThere) {
  made_up_sight sight;
  const std::vector<topology::fetcher> all{in("r1", "a"), in("r1", "b"), in("r2", "x"),
                                           in("r2", "y")};
  auto a = settled(in("r1", "a"), all, sight);
  auto b = settled(in("r1", "b"), all, sight);
  for (std::uint32_t piece = 0; piece < piece_count; ++piece)
    sight.offered[piece_route::racks].insert(piece);
  std::uint32_t crossing = 0;
  for (std::uint32_t piece = 0; piece < piece_count; ++piece) {
    a.offered(piece_route::racks, piece, start + 1s);
    b.offered(piece_route::racks, piece, start + 1s);
    const auto to_a = a.route(piece, std::nullopt, sight, start + 1s) == piece_route::racks;
    const auto to_b = b.route(piece, std::nullopt, sight, start + 1s) == piece_route::racks;
    EXPECT_FALSE(to_a && to_b) << "piece " << piece << " crosses twice";
    crossing += to_a + to_b;
  }
  EXPECT_EQ(crossing, piece_count);
  for (std::uint32_t piece = 0; piece < piece_count; ++piece)
    EXPECT_EQ(a.route(piece, std::nullopt, sight, start + 1min), piece_route::racks);
}

TEST(RoutePlanTest, ADeadNeighboursPiecesAreDealtOutAnew) {
  made_up_sight sight;
  auto plan = settled(in("r1", "a"), {in("r1", "a"), in("r1", "b")}, sight);
  EXPECT_LT(owned(plan).size(), piece_count);
  sight.away = {"b"};
  const piece_set missing{piece_count, true};
  plan.look_for_late(missing, sight, start + 4s);
  EXPECT_TRUE(plan.look_for_late(missing, sight, start + 8s));
  EXPECT_EQ(owned(plan).size(), piece_count);
}

TEST(RoutePlanTest, WhoHasNothingOfItsOwnLeftTakesAFewFromASlowNeighbour) {
  const made_up_sight sight;
  auto plan = settled(in("r1", "a"), {in("r1", "a"), in("r1", "b")}, sight);
  const auto mine = owned(plan);
  piece_set missing{piece_count, true};
  auto now = start + 1s;
  for (const auto piece : mine) {
    now += 10ms;
    missing.erase(piece);
    plan.arrived(piece_route::source, piece, now);
  }
  // b is alive and slow: a piece a second.
  std::uint32_t taken = 0;
  for (int second = 0; second < 6 && taken == 0; ++second) {
    now += 1s;
    plan.announced("b", now);
    plan.look_for_late(missing, sight, now);
    taken = static_cast<std::uint32_t>(owned(plan).size() - mine.size());
  }
  EXPECT_GT(taken, 0u);
  EXPECT_LE(taken, topology::late_window_pieces);
}

TEST(RoutePlanTest, OwnPiecesComeBeforeWhatNeighboursHaveOnlyWhileTheyWait) {
  made_up_sight sight;
  auto plan = settled(in("r1", "a"), {in("r1", "a"), in("r1", "b")}, sight);
  const auto mine = owned(plan);
  piece_set missing{piece_count, true};
  for (std::uint32_t piece = 0; piece < piece_count; ++piece) {
    if (!mine.contains(piece)) sight.offered[piece_route::inner].insert(piece);
  }
  // b has brought all of its own; this host's are what the rack waits for.
  plan.look_at_self(missing, sight, start + 2s);
  EXPECT_FALSE(routes(plan, sight, start + 2s).contains(piece_route::inner));
  for (const auto piece : mine) missing.erase(piece);
  plan.look_at_self(missing, sight, start + 3s);
  EXPECT_TRUE(routes(plan, sight, start + 3s).contains(piece_route::inner));
}

} // namespace
} // namespace shoal::test
