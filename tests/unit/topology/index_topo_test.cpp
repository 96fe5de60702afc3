#include "tests/unit/topology/index_stage.hpp"

#include <gtest/gtest.h>

namespace shoal::topology {
namespace {

using level = network_level;
using ms = std::chrono::milliseconds;

const auto A = numbered_key(1);
const auto B = numbered_key(2);
constexpr std::uint32_t count = 70;

class IndexTopoTest : public ::testing::Test {
protected:
  std::uint64_t sent(index_kind kind) const { return stage.counters.of(kind).messages; }
  std::uint64_t crossed(index_kind kind, level crossed_level) const {
    return stage.counters.of(std::span{&kind, 1}, crossed_level).messages;
  }
  std::vector<host_number> holders(host_number asker, const pack_key& pack = A,
                                   lookup_options options = {.fetching = false}) {
    return hosts_of(stage.ask(asker, {all_pieces(pack, count)}, options).answers.at(0).holders);
  }

  // Racks of three hosts; two racks a cluster, two clusters a site, two sites.
  index_stage stage{index_scheme::topo, network::regular({2, 2, 2, 3})};
};

TEST_F(IndexTopoTest, AnUpdateGoesUpOnlyIfTheAggregateChanges) {
  stage.hold(0, all_pieces(A, count));
  stage.settle();
  EXPECT_EQ(sent(index_kind::publish), 4u);
  stage.hold(1, all_pieces(A, count));
  stage.clients.at(0)->drop(A);
  stage.clients.at(0)->flush(stage.now, stage.out);
  stage.run();
  stage.settle();
  EXPECT_EQ(sent(index_kind::publish), 6u);
  stage.hold(3, all_pieces(A, count));
  stage.settle();
  EXPECT_EQ(sent(index_kind::publish), 8u);
}

TEST_F(IndexTopoTest, AStormIsToldUpwardInBatches) {
  for (unsigned piece = 0; piece < 60; ++piece) {
    for (host_number host = 0; host < 3; ++host)
      stage.hold(host, pieces_of(A, 300, {piece, piece + 60 * (host + 1)}));
    stage.pass(ms{10});
  }
  stage.settle();
  EXPECT_LE(crossed(index_kind::publish, level::cluster), 600u / 200 + 3);
}

TEST_F(IndexTopoTest, ALookupStopsAtTheLevelThatKnows) {
  stage.hold(0, all_pieces(A, count));
  stage.settle();
  EXPECT_EQ(holders(1), std::vector<host_number>{0});
  EXPECT_EQ(sent(index_kind::lookup), 1u);
  EXPECT_EQ(holders(3), std::vector<host_number>{0});
  EXPECT_EQ(sent(index_kind::lookup), 4u);
  EXPECT_EQ(sent(index_kind::answer), 4u);
}

TEST_F(IndexTopoTest, AnswersAreRememberedOnTheWayAndForgottenInTime) {
  stage.hold(0, all_pieces(A, count));
  stage.settle();
  EXPECT_EQ(holders(23), std::vector<host_number>{0});
  const auto asked = sent(index_kind::lookup);
  EXPECT_EQ(holders(22), std::vector<host_number>{0});
  EXPECT_EQ(sent(index_kind::lookup), asked + 1);
  // Another rack of that cluster asks no further than the cluster.
  EXPECT_EQ(holders(19), std::vector<host_number>{0});
  EXPECT_EQ(sent(index_kind::lookup), asked + 3);
  stage.pass(ms{31'000});
  EXPECT_EQ(holders(22), std::vector<host_number>{0});
  EXPECT_GT(sent(index_kind::lookup), asked + 4);
}

TEST_F(IndexTopoTest, AStaleHolderCostsOneRetry) {
  stage.hold(0, all_pieces(A, count));
  stage.settle();
  EXPECT_EQ(holders(23), std::vector<host_number>{0});
  // It goes silently, and another one comes.
  stage.clients.at(0) = make_index_client(stage.setting, 0, 2);
  stage.hold(4, all_pieces(A, count));
  EXPECT_EQ(holders(22), std::vector<host_number>{0});
  stage.clients.at(22)->miss(0, {all_pieces(A, count)}, stage.now, stage.out);
  stage.run();
  stage.settle();
  EXPECT_EQ(holders(22, A, {.fetching = false, .fresh = true}), std::vector<host_number>{4});
  EXPECT_EQ(holders(21), std::vector<host_number>{4});
}

TEST_F(IndexTopoTest, WhoIsWronglyAccusedIsBelievedAgain) {
  stage.hold(0, all_pieces(A, count));
  stage.clients.at(13)->miss(0, {all_pieces(A, count)}, stage.now, stage.out);
  stage.run();
  EXPECT_EQ(holders(1), std::vector<host_number>{0});
}

TEST_F(IndexTopoTest, ABurstCrossesEachBorderOnce) {
  stage.hold(0, all_pieces(A, count));
  stage.settle();
  for (host_number host = 12; host < 24; ++host)
    stage.ask(host, {all_pieces(A, count)});
  const auto above = [&](level at) { return crossed(index_kind::lookup, at); };
  // One of four racks asks over the site's border, down and back on the other side included.
  EXPECT_EQ(above(level::world), 2u);
  const auto last = stage.ask(23, {all_pieces(A, count)});
  const auto fetchers = hosts_of(last.answers.at(0).fetchers);
  EXPECT_NE(std::find(fetchers.begin(), fetchers.end(), 22u), fetchers.end());
}

TEST_F(IndexTopoTest, NobodyWaitsInACircle) {
  // Both fetch what only they will have; the first one must not be sent to the second.
  stage.ask(0, {all_pieces(A, count)});
  stage.ask(1, {all_pieces(A, count)});
  stage.hold(23, all_pieces(A, count));
  stage.settle();
  EXPECT_EQ(holders(0, A, {.fetching = true}), std::vector<host_number>{23});
  // The second one waits for the first, unless it insists.
  EXPECT_EQ(holders(1, B, {.fetching = true, .fresh = true}), std::vector<host_number>{});
  EXPECT_EQ(holders(1, A, {.fetching = true, .fresh = true}), std::vector<host_number>{23});
}

TEST_F(IndexTopoTest, WhenTheLastFetcherEndsTheNextOneAsksAcrossTheBorder) {
  stage.ask(0, {all_pieces(A, count)});
  stage.ask(1, {all_pieces(A, count)});
  stage.hold(23, all_pieces(A, count));
  stage.settle();
  const std::vector packs{A};
  stage.clients.at(0)->end_fetch(packs, stage.now, stage.out);
  stage.clients.at(1)->end_fetch(packs, stage.now, stage.out);
  stage.run();
  EXPECT_EQ(crossed(index_kind::end_fetch, level::cluster), 1u);
  EXPECT_EQ(crossed(index_kind::end_fetch, level::world), 1u);
  EXPECT_EQ(holders(2, A, {.fetching = true}), std::vector<host_number>{23});
}

TEST_F(IndexTopoTest, FetchersAreToldWhoElseFetches) {
  stage.ask(0, {all_pieces(A, count)});
  stage.ask(1, {all_pieces(A, count)});
  stage.ask(3, {all_pieces(A, count)});
  stage.settle();
  std::set<host_number> told;
  for (const auto& news : stage.clients.at(0)->take_news()) {
    EXPECT_EQ(news.pack, A);
    for (const auto& fetcher : news.fetchers)
      told.insert(fetcher.host);
  }
  EXPECT_EQ(told, (std::set<host_number>{1, 3}));
  stage.hold(1, pieces_of(A, count, {4}));
  stage.settle();
  const auto news = stage.clients.at(0)->take_news();
  ASSERT_FALSE(news.empty());
  EXPECT_EQ(hosts_of(news.back().holders), std::vector<host_number>{1});
}

TEST_F(IndexTopoTest, AStandbyLearnsEverythingAndTheParentKeepsWhatItKnewMeanwhile) {
  stage.hold(0, all_pieces(A, count));
  stage.hold(1, all_pieces(B, count));
  stage.settle();
  stage.replace({level::rack, 0}, 2);
  EXPECT_EQ(holders(2), std::vector<host_number>{0});
  EXPECT_EQ(holders(3, B), std::vector<host_number>{1});
  stage.hold(2, all_pieces(numbered_key(3), count));
  stage.settle();
  EXPECT_EQ(holders(23, numbered_key(3)), std::vector<host_number>{2});
  for (const auto at : {level::cluster, level::site, level::world}) {
    stage.replace({at, 0}, 2);
    stage.settle();
    EXPECT_EQ(holders(12, B, {.fetching = false, .fresh = true}), std::vector<host_number>{1});
  }
}

TEST_F(IndexTopoTest, AStandbyWithoutStartFindsOutByItself) {
  stage.hold(0, all_pieces(A, count));
  stage.nodes.erase({level::rack, 0});
  stage.add_node({level::rack, 0}, 2);
  EXPECT_EQ(holders(1), std::vector<host_number>{});
  // The next thing the host says shows that something is missing.
  stage.hold(0, all_pieces(B, count));
  EXPECT_EQ(holders(1), std::vector<host_number>{0});
}

TEST_F(IndexTopoTest, AHostThatMovesIsFoundInItsNewRack) {
  stage.hold(0, all_pieces(A, count));
  ASSERT_TRUE(stage.net.move(0, {"s1", "c1", "r1"}).ok());
  stage.nodes.at({level::rack, 0})->child_gone(0, stage.now, stage.out);
  stage.clients.at(0)->moved(stage.now, stage.out);
  stage.run();
  stage.settle();
  EXPECT_EQ(holders(21), std::vector<host_number>{0});
  EXPECT_EQ(sent(index_kind::lookup), 1u);
  EXPECT_EQ(holders(1), std::vector<host_number>{0});
}

TEST_F(IndexTopoTest, ADeadHostIsForgottenEverywhere) {
  stage.hold(0, all_pieces(A, count));
  stage.settle();
  stage.ask(0, {all_pieces(B, count)});
  stage.dead.insert({level::host, 0});
  stage.net.leave(0);
  stage.nodes.at({level::rack, 0})->child_gone(0, stage.now, stage.out);
  stage.run();
  stage.settle();
  EXPECT_EQ(holders(23), std::vector<host_number>{});
  const auto result = stage.ask(1, {all_pieces(B, count)});
  EXPECT_TRUE(result.answers.at(0).fetchers.empty());
}

TEST_F(IndexTopoTest, StrangersAndNonsenseChangeNothing) {
  auto& node = *stage.nodes.at({level::rack, 0});
  index_message message{.kind = index_kind::publish,
                        .from = {level::host, 20},
                        .to = {level::rack, 0},
                        .session = 1,
                        .sequence = 1,
                        .packs = {all_pieces(A, count)}};
  node.handle(message, stage.now, stage.out);
  message.from.number = 4'000'000;
  node.handle(message, stage.now, stage.out);
  message.from.number = 0;
  message.packs[0].all = false;
  node.handle(message, stage.now, stage.out);
  EXPECT_EQ(node.counts().packs, 0u);
  message.packs[0].all = true;
  node.handle(message, stage.now, stage.out);
  EXPECT_EQ(node.counts().packs, 1u);
}

TEST(IndexTopoSizesTest, ARackOf65AndARackOfOneWork) {
  for (const std::uint32_t hosts : {1u, 64u, 65u}) {
    index_stage stage{index_scheme::topo, network::regular({1, 1, 2, hosts})};
    for (host_number host = 0; host < hosts; ++host)
      stage.hold(host, pieces_of(A, 100, {host, host + 10}));
    stage.settle();
    const auto result = stage.ask(hosts, {all_pieces(A, 100)});
    std::set<host_number> named;
    for (const auto host : hosts_of(result.answers.at(0).holders))
      named.insert(host);
    piece_words left = all_pieces(A, 100).to_words();
    for (const auto& one : result.answers[0].holders)
      for (std::size_t i = 0; i < 2; ++i)
        left[i] &= ~one.words[i];
    EXPECT_EQ(std::popcount(left[0]) + std::popcount(left[1]),
              hosts == 1 ? 98 : static_cast<int>(100 - (hosts + 10)));
  }
}

} // namespace
} // namespace shoal::topology
