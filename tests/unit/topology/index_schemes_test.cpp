#include "tests/unit/topology/index_stage.hpp"

#include <gtest/gtest.h>

namespace shoal::topology {
namespace {

const auto A = numbered_key(1);
const auto B = numbered_key(2);
constexpr std::uint32_t count = 70;

network data_centre() { return network::regular({1, 4, 4, 8}); }

class IndexSchemesTest : public ::testing::TestWithParam<index_scheme> {};

TEST_P(IndexSchemesTest, AHolderIsFoundFromEveryDistance) {
  index_stage stage{GetParam(), network::regular({2, 2, 2, 3})};
  stage.hold(0, all_pieces(A, count));
  for (const host_number asker : {1u, 3u, 6u, 12u}) {
    const auto result = stage.ask(asker, {all_pieces(A, count)}, {.fetching = false});
    ASSERT_EQ(result.answers.size(), 1u);
    EXPECT_TRUE(result.complete);
    ASSERT_EQ(hosts_of(result.answers[0].holders), std::vector<host_number>{0}) << asker;
  }
}

TEST_P(IndexSchemesTest, PiecesOfSeveralHoldersAddUpNearestFirst) {
  index_stage stage{GetParam(), network::regular({2, 2, 2, 3})};
  stage.hold(13, all_pieces(A, count));
  stage.hold(1, pieces_of(A, count, {0, 64}));
  stage.hold(4, pieces_of(A, count, {1}));
  const auto result = stage.ask(0, {all_pieces(A, count)}, {.fetching = false});
  EXPECT_EQ(hosts_of(result.answers.at(0).holders), (std::vector<host_number>{1, 4, 13}));
  EXPECT_EQ(result.answers[0].holders[0].words, pieces_of(A, count, {0, 64}).words);
}

TEST_P(IndexSchemesTest, WhatNobodyHoldsHasNoHolders) {
  index_stage stage{GetParam(), data_centre()};
  stage.hold(3, pieces_of(A, count, {5}));
  const auto result =
      stage.ask(0, {all_pieces(B, count), pieces_of(A, count, {6})}, {.fetching = false});
  ASSERT_EQ(result.answers.size(), 2u);
  EXPECT_TRUE(result.answers[0].holders.empty());
  EXPECT_TRUE(result.answers[1].holders.empty());
}

TEST_P(IndexSchemesTest, WhatWasDroppedIsNamedNoMore) {
  index_stage stage{GetParam(), data_centre(), {.cache_for = std::chrono::milliseconds{0}}};
  stage.hold(3, all_pieces(A, count));
  stage.hold(90, all_pieces(A, count));
  stage.clients.at(3)->drop(A);
  stage.clients.at(3)->flush(stage.now, stage.out);
  stage.run();
  stage.settle();
  const auto result = stage.ask(0, {all_pieces(A, count)}, {.fetching = false});
  EXPECT_EQ(hosts_of(result.answers.at(0).holders), std::vector<host_number>{90});
}

TEST_P(IndexSchemesTest, TheSecondOfABurstIsToldOfTheFirst) {
  index_stage stage{GetParam(), data_centre()};
  stage.hold(127, all_pieces(A, count));
  EXPECT_TRUE(stage.ask(0, {all_pieces(A, count)}).answers.at(0).fetchers.empty());
  for (const host_number later : {1u, 9u, 40u}) {
    const auto result = stage.ask(later, {all_pieces(A, count)});
    const auto fetchers = hosts_of(result.answers.at(0).fetchers);
    EXPECT_NE(std::find(fetchers.begin(), fetchers.end(), 0u), fetchers.end()) << later;
  }
}

TEST_P(IndexSchemesTest, ADeadIndexOrHostCostsTimeAndNoAnswer) {
  index_stage stage{GetParam(), network::regular({1, 2, 2, 3})};
  stage.hold(1, all_pieces(A, count));
  stage.hold(2, all_pieces(B, count));
  stage.dead = {{network_level::host, 4}, {network_level::cluster, 1}};
  const auto result =
      stage.ask(0, {all_pieces(A, count), all_pieces(numbered_key(9), count)}, {.fetching = false});
  ASSERT_EQ(result.answers.size(), 2u);
  if (GetParam() != index_scheme::flat) {
    EXPECT_EQ(hosts_of(result.answers[0].holders), std::vector<host_number>{1});
  }
  EXPECT_TRUE(result.answers[1].holders.empty());
}

TEST_P(IndexSchemesTest, AMillionPiecesAreLookedUpInOneBatch) {
  index_stage stage{GetParam(), network::regular({1, 2, 2, 2}), {.run_pieces = 64}};
  std::vector<pack_pieces> wanted;
  for (unsigned number = 0; number < 500; ++number) {
    wanted.push_back(all_pieces(numbered_key(number), 2000));
    stage.clients.at(1 + number % 7)->hold(wanted.back());
  }
  for (auto& [host, client] : stage.clients)
    client->flush(stage.now, stage.out);
  stage.run();
  stage.settle();
  const auto result = stage.ask(0, wanted);
  ASSERT_EQ(result.answers.size(), 500u);
  for (unsigned number = 0; number < 500; ++number) {
    EXPECT_EQ(result.answers[number].pack, numbered_key(number));
    EXPECT_EQ(hosts_of(result.answers[number].holders), std::vector{1 + number % 7});
  }
}

// Whatever is lost, doubled or overtaken: answers come, name only hosts that hold what they are
// said to hold now or held before, and once the network is well again all is found.
TEST_P(IndexSchemesTest, LossAndDisorderMakeAnswersSlowerNotWrong) {
  for (unsigned seed = 1; seed <= 12; ++seed) {
    index_stage stage{GetParam(),
                      network::regular({2, 2, 2, 2}),
                      {.run_pieces = 8,
                       .cache_for = std::chrono::milliseconds{1000},
                       .sync_every = std::chrono::milliseconds{500}}};
    stage.random.seed(seed);
    stage.loss = 0.15;
    stage.doubling = 0.1;
    stage.overtaking = 0.3;
    std::map<std::pair<host_number, unsigned>, pack_pieces> model;
    std::map<std::pair<host_number, unsigned>, piece_words> ever;
    for (int step = 0; step < 150; ++step) {
      const auto host = static_cast<host_number>(stage.random() % 16);
      const auto number = static_cast<unsigned>(stage.random() % 4);
      if (stage.random() % 3 == 0) {
        const auto result = stage.ask(host, {all_pieces(numbered_key(number), count)},
                                      {.fetching = stage.random() % 2 == 0});
        ASSERT_EQ(result.answers.size(), 1u);
        for (const auto& holder : result.answers[0].holders) {
          const pack_pieces said{numbered_key(number), count, holder.all, holder.words};
          const auto& truth = ever[{holder.host, number}];
          ASSERT_FALSE(truth.empty());
          for (std::size_t i = 0; i < truth.size(); ++i)
            ASSERT_EQ(said.word(i) & ~truth[i], 0u);
        }
      } else {
        piece_words words{stage.random(), stage.random() & 63};
        if (stage.random() % 4 == 0) words = {0, 0};
        auto held = make_pieces(numbered_key(number), count, words);
        auto& before = ever[{host, number}];
        before.resize(2);
        for (std::size_t i = 0; i < 2; ++i)
          before[i] |= words[i];
        model[{host, number}] = held;
        stage.hold(host, held);
        const std::vector packs{numbered_key(number)};
        stage.clients.at(host)->end_fetch(packs, stage.now, stage.out);
      }
      stage.pass(std::chrono::milliseconds{50});
    }
    stage.loss = stage.doubling = stage.overtaking = 0;
    for (int i = 0; i < 60; ++i)
      stage.pass(std::chrono::milliseconds{100});
    for (unsigned number = 0; number < 4; ++number) {
      const auto result =
          stage.ask(0, {all_pieces(numbered_key(number), count)}, {.fetching = false, .fresh = true});
      piece_words found(2);
      for (const auto& holder : result.answers.at(0).holders) {
        const pack_pieces said{numbered_key(number), count, holder.all, holder.words};
        for (std::size_t i = 0; i < 2; ++i) {
          found[i] |= said.word(i);
          const auto& truth = model[{holder.host, number}];
          ASSERT_EQ(said.word(i) & ~truth.word(i), 0u) << "seed " << seed;
        }
      }
      piece_words expected(2);
      for (const auto& [where, held] : model) {
        for (std::size_t i = 0; where.second == number && where.first != 0 && i < 2; ++i)
          expected[i] |= held.word(i);
      }
      EXPECT_EQ(found, expected) << "seed " << seed << " pack " << number;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, IndexSchemesTest,
                         ::testing::Values(index_scheme::naive, index_scheme::flat,
                                           index_scheme::topo),
                         [](const auto& one) { return std::string{to_string(one.param)}; });

} // namespace
} // namespace shoal::topology
