#include "swarm/piece_set.hpp"

#include "tests/unit/swarm/random_data.hpp"

#include <gtest/gtest.h>
#include <set>

namespace shoal::swarm {
namespace {

TEST(PieceSetTest, AFullSetHasNoPieceTooMany) {
  for (const std::uint32_t size : {0u, 1u, 7u, 8u, 63u, 64u, 65u, 1000u}) {
    const piece_set all{size, true};
    EXPECT_EQ(all.count(), size);
    EXPECT_TRUE(all.full());
    EXPECT_EQ(piece_set::from_bitmap(size, all.bitmap()), all);
    EXPECT_TRUE((all - all).empty());
  }
}

TEST(PieceSetTest, RefusesBitmapsOfWrongLengthOrWithBitsPastTheEnd) {
  EXPECT_FALSE(piece_set::from_bitmap(9, "\x01"));
  EXPECT_FALSE(piece_set::from_bitmap(8, std::string("\x01\x00", 2)));
  EXPECT_FALSE(piece_set::from_bitmap(7, "\x80"));
  EXPECT_TRUE(piece_set::from_bitmap(8, "\x80"));
  EXPECT_TRUE(piece_set::from_bitmap(0, ""));
}

TEST(PieceSetTest, PutsPieceZeroIntoTheLowestBitOfTheFirstByte) {
  piece_set set{12};
  set.insert(0);
  set.insert(9);
  EXPECT_EQ(set.bitmap(), "\x01\x02");
}

class PieceSetSeedTest : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(PieceSetSeedTest, AgreesWithASetOfNumbers) {
  test::random_numbers random{GetParam()};
  const auto size = static_cast<std::uint32_t>(1 + random.below(300));
  piece_set ours{size};
  piece_set other{size};
  std::set<std::uint32_t> model;
  for (int i = 0; i < 500; ++i) {
    const auto piece = static_cast<std::uint32_t>(random.below(size));
    if (random.below(3) == 0) {
      EXPECT_EQ(ours.erase(piece), model.erase(piece) == 1);
    } else {
      EXPECT_EQ(ours.insert(piece), model.insert(piece).second);
    }
    if (random.below(2) == 0) other.insert(static_cast<std::uint32_t>(random.below(size)));
  }
  std::set<std::uint32_t> visited;
  ours.for_each([&](std::uint32_t piece) { visited.insert(piece); });
  EXPECT_EQ(visited, model);
  EXPECT_EQ(ours.count(), model.size());
  EXPECT_EQ(piece_set::from_bitmap(size, ours.bitmap()), ours);
  EXPECT_EQ((ours & other).count() + (ours - other).count(), ours.count());
  EXPECT_EQ((ours | other).count(), ours.count() + (other - ours).count());
}

INSTANTIATE_TEST_SUITE_P(Seeds, PieceSetSeedTest, ::testing::Range<std::uint64_t>(1, 21));

} // namespace
} // namespace shoal::swarm
