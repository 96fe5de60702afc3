#include "topology/piece_table.hpp"

#include "tests/unit/topology/index_stage.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace shoal::topology {
namespace {

const auto A = numbered_key(1);

TEST(PieceTableTest, OnlyTheFirstHolderAndTheLastChangeTheAggregate) {
  piece_table table;
  EXPECT_TRUE(table.put(1, pieces_of(A, 100, {3, 99})).aggregate);
  EXPECT_FALSE(table.put(2, pieces_of(A, 100, {3})).aggregate);
  EXPECT_FALSE(table.put(1, pieces_of(A, 100, {99})).aggregate);
  EXPECT_TRUE(table.put(1, pieces_of(A, 100, {98})).aggregate);
  EXPECT_EQ(table.aggregate(A), pieces_of(A, 100, {3, 98}));
  EXPECT_TRUE(table.drop(2, A).aggregate);
  EXPECT_TRUE(table.put(7, all_pieces(A, 100)).aggregate);
  EXPECT_FALSE(table.drop(1, A).aggregate);
  EXPECT_TRUE(table.drop(7, A).aggregate);
  EXPECT_EQ(table.aggregate(A).piece_count, 0u);
}

TEST(PieceTableTest, PartsThatMakeAWholeAreTheWholeForTheParent) {
  piece_table table;
  table.put(1, pieces_of(A, 3, {0, 1}));
  EXPECT_TRUE(table.put(2, pieces_of(A, 3, {2})).aggregate);
  EXPECT_TRUE(table.aggregate(A).all);
  EXPECT_FALSE(table.put(3, all_pieces(A, 3)).aggregate);
  EXPECT_FALSE(table.drop(3, A).aggregate);
}

TEST(PieceTableTest, ManyHoldersAreCutToTheLimitButEveryPieceIsNamed) {
  piece_table table;
  for (std::uint32_t child = 0; child < 65; ++child)
    table.put(child, pieces_of(A, 65, {child}));
  auto wanted = all_pieces(A, 65).to_words();
  std::vector<child_pieces> found;
  table.find(A, wanted, {.holders_max = 8, .except = 64, .turn = 5}, found);
  EXPECT_EQ(found.size(), 64u);
  EXPECT_EQ(wanted, pieces_of(A, 65, {64}).words);
  for (std::uint32_t child = 0; child < 65; ++child)
    table.put(child, all_pieces(A, 65));
  found.clear();
  wanted = all_pieces(A, 65).to_words();
  table.find(A, wanted, {.holders_max = 8, .turn = 60}, found);
  ASSERT_EQ(found.size(), 8u);
  EXPECT_EQ(found.front().child, 60u);
  EXPECT_EQ(found.back().child, 2u);
}

TEST(PieceTableTest, AnotherLengthDoesNotFit) {
  piece_table table;
  table.put(1, all_pieces(A, 100));
  EXPECT_FALSE(table.fits(all_pieces(A, 101)));
  EXPECT_FALSE(table.fits(all_pieces(numbered_key(2), 0)));
  EXPECT_FALSE(table.fits({.pack = A, .piece_count = 100, .words = {1}}));
  EXPECT_FALSE(table.fits({.pack = A, .piece_count = 100, .words = {1, ~std::uint64_t{0}}}));
  auto wanted = all_pieces(A, 200).to_words();
  std::vector<child_pieces> found;
  table.find(A, wanted, {}, found);
  EXPECT_TRUE(found.empty());
}

// 64 and 65 children, packs that end within and at a word's border.
class PieceTableSeedTest : public ::testing::TestWithParam<std::tuple<unsigned, std::uint32_t>> {};

TEST_P(PieceTableSeedTest, AgreesWithAPlainMap) {
  const auto [seed, children] = GetParam();
  std::mt19937 random{seed};
  piece_table table;
  std::map<std::pair<unsigned, std::uint32_t>, pack_pieces> model;
  const auto aggregate = [&](unsigned number, std::uint32_t count) {
    piece_words words(words_for(count));
    for (const auto& [where, held] : model) {
      for (std::size_t i = 0; where.first == number && i < words.size(); ++i)
        words[i] |= held.word(i);
    }
    return words;
  };
  for (int step = 0; step < 1500; ++step) {
    const unsigned number = random() % 3;
    const std::uint32_t count = std::array{64u, 65u, 130u}[number];
    const auto pack = numbered_key(number);
    const auto child = static_cast<std::uint32_t>(random() % children);
    const auto before = aggregate(number, count);
    bool changed = false;
    piece_words words(words_for(count));
    for (std::size_t i = 0; i < words.size(); ++i)
      words[i] = (random() & random() & random()) & word_mask(count, i);
    const auto pieces = random() % 4 == 0 ? all_pieces(pack, count) : make_pieces(pack, count, words);
    switch (random() % 8) {
    case 0:
      changed = table.drop(child, pack).aggregate;
      model.erase({number, child});
      break;
    case 1: {
      const auto mine = model.find({number, child});
      changed = table.remove(child, pieces).aggregate;
      if (mine == model.end()) break;
      auto left = mine->second.to_words();
      for (std::size_t i = 0; i < left.size(); ++i)
        left[i] &= ~pieces.word(i);
      mine->second = make_pieces(pack, count, left);
      if (mine->second.none()) model.erase(mine);
      break;
    }
    case 2:
      if (random() % 10 != 0) continue;
      for (const auto& [gone, change] : table.forget(child))
        if (gone == pack) changed = change.aggregate;
      std::erase_if(model, [&](const auto& one) { return one.first.second == child; });
      break;
    default:
      changed = table.put(child, pieces).aggregate;
      model[{number, child}] = pieces;
      if (pieces.none()) model.erase({number, child});
    }
    const auto after = aggregate(number, count);
    ASSERT_EQ(changed, before != after) << step;
    const auto whole = make_pieces(pack, count, after);
    ASSERT_EQ(table.aggregate(pack).piece_count == 0, whole.none());
    if (!whole.none()) {
      ASSERT_EQ(table.aggregate(pack), whole);
    }
    auto wanted = words;
    std::vector<child_pieces> found;
    table.find(pack, wanted, {.holders_max = 4, .except = child, .turn = random()}, found);
    piece_words named(words.size());
    for (const auto& one : found) {
      const auto& truth = model.at({number, one.child});
      ASSERT_NE(one.child, child);
      for (std::size_t i = 0; i < words.size(); ++i) {
        const auto said = one.all ? word_mask(count, i) : one.words[i];
        ASSERT_EQ(said & ~truth.word(i), 0u);
        named[i] |= said & words[i];
      }
    }
    for (std::size_t i = 0; i < words.size(); ++i)
      ASSERT_EQ(named[i] | wanted[i], words[i]);
    for (const auto& [where, held] : model) {
      if (where.first != number || where.second == child) continue;
      for (std::size_t i = 0; i < words.size(); ++i)
        ASSERT_EQ(wanted[i] & held.word(i), 0u);
    }
  }
  EXPECT_EQ(table.counts().holdings, model.size());
}

INSTANTIATE_TEST_SUITE_P(Seeds, PieceTableSeedTest,
                         ::testing::Combine(::testing::Range(1u, 6u), ::testing::Values(4, 64, 65)));

} // namespace
} // namespace shoal::topology
