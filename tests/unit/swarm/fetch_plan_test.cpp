#include "swarm/fetch_plan.hpp"

#include "tests/unit/swarm/random_data.hpp"

#include <gtest/gtest.h>

namespace shoal::swarm {
namespace {

using topology::distance;
constexpr std::uint64_t piece = default_piece_bytes;

piece_set pieces(std::uint32_t size, std::initializer_list<std::uint32_t> members) {
  piece_set set{size};
  for (const auto member : members)
    set.insert(member);
  return set;
}

/// One pack of five pieces (the last of 1000 bytes), all needed but number 3; a second not at all.
recipe five_pieces() {
  recipe image;
  image.packs = {{.length_bytes = 4 * piece + 1000}, {.length_bytes = piece}};
  for (const std::uint64_t number : {0, 1, 2, 4}) {
    image.entries.push_back(
        {.length_bytes = 1000, .offset_bytes = number * piece, .stored_bytes = 1000});
  }
  return image;
}

TEST(FetchPlanTest, EachPieceIsCountedAtTheNearestPlaceThatHasIt) {
  const std::vector<std::vector<pack_holder>> holders{
      {{"far", distance::other_site, std::nullopt},
       {"near", distance::same_rack, pieces(5, {1, 3})},
       {"here", distance::same_cluster, pieces(5, {1, 2})},
       {"there", distance::same_site, pieces(5, {0})}},
      {}};
  const auto plan = plan_fetch(five_pieces(), std::vector{pieces(5, {0}), piece_set{}}, holders);
  EXPECT_EQ(plan.total, (fetch_amounts{.own_store_bytes = piece,
                                       .same_rack_bytes = piece,
                                       .same_site_bytes = piece,
                                       .other_sites_bytes = 1000}));
  ASSERT_EQ(plan.packs.size(), 1u);
  EXPECT_EQ(plan.packs[0].missing, pieces(5, {1, 2, 4}));
  EXPECT_TRUE(plan.possible());
  EXPECT_FALSE(plan.here());
}

TEST(FetchPlanTest, PiecesThatNobodyHasAreNamed) {
  const std::vector<std::vector<pack_holder>> holders{
      {{"near", distance::same_rack, pieces(5, {1, 2})}}, {}};
  const auto plan = plan_fetch(five_pieces(), std::vector<piece_set>(2), holders);
  EXPECT_FALSE(plan.possible());
  EXPECT_EQ(plan.total.nobody_bytes, piece + 1000);
  EXPECT_EQ(plan.packs[0].unavailable, pieces(5, {0, 4}));
}

TEST(FetchPlanTest, NothingMovesWhereEverythingIsHere) {
  const auto plan = plan_fetch(five_pieces(), std::vector{piece_set(5, true), piece_set{}},
                               std::vector<std::vector<pack_holder>>(2));
  EXPECT_TRUE(plan.here());
  EXPECT_EQ(plan.total.own_store_bytes, 3 * piece + 1000);
}

class FetchPlanSeedTest : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(FetchPlanSeedTest, TheAmountsAddUpToTheImagesCosts) {
  test::random_numbers random{GetParam()};
  recipe image;
  std::vector<piece_set> held;
  std::vector<std::vector<pack_holder>> holders;
  const auto random_set = [&](std::uint32_t size) {
    piece_set set{size};
    for (std::uint32_t i = 0; i < size; ++i) {
      if (random.below(3) == 0) set.insert(i);
    }
    return set;
  };
  for (std::uint32_t number = 0; number < 4; ++number) {
    image.packs.push_back({.length_bytes = 1 + random.below(30 * piece)});
    const auto& pack = image.packs.back();
    held.push_back(random.below(3) == 0 ? piece_set{} : random_set(pack.piece_count()));
    auto& known = holders.emplace_back();
    for (auto i = random.below(5); i > 0; --i) {
      known.push_back({"host", static_cast<distance>(random.below(4)), std::nullopt});
      if (random.below(4) != 0) known.back().pieces = random_set(pack.piece_count());
    }
    for (auto i = random.below(40); i > 0; --i) {
      image.entries.push_back({.length_bytes = 1,
                               .pack = number,
                               .offset_bytes = random.below(pack.length_bytes),
                               .stored_bytes = 1});
    }
  }
  const auto plan = plan_fetch(image, held, holders);
  EXPECT_EQ(plan.total.own_store_bytes + plan.total.fetch_bytes(), costs(image).fetch_bytes);
  const auto missing = missing_pieces(image, held);
  std::uint64_t missing_bytes = 0;
  for (std::size_t i = 0; i < missing.size(); ++i) {
    missing_bytes += bytes_of(image.packs[i], missing[i]);
  }
  EXPECT_EQ(plan.total.fetch_bytes(), missing_bytes);
}

INSTANTIATE_TEST_SUITE_P(Seeds, FetchPlanSeedTest, ::testing::Range<std::uint64_t>(1, 31));

} // namespace
} // namespace shoal::swarm
