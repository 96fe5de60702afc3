#include "swarm/capping.hpp"

#include "tests/unit/swarm/random_data.hpp"

#include <gtest/gtest.h>

namespace shoal::swarm {
namespace {

constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t piece = 256 * kib;

TEST(CappingTest, LeavesAnImageAloneThatMeetsItsTarget) {
  const std::vector<pack_reference> packs{{.length_bytes = 4 * piece, .piece_bytes = piece}};
  const std::vector<known_chunk> known{{0, 0, 60000}};
  const auto plan = plan_capping(packs, known, 100 * piece, {.waste_target = 0.05});
  EXPECT_TRUE(plan.rewrite.empty());
  EXPECT_EQ(plan.fetch_bytes, 101 * piece);
  EXPECT_EQ(plan.fetch_bytes, plan.fetch_bytes_before);
}

TEST(CappingTest, TakesTheEmptiestPieceFirstAndStopsAtTheTarget) {
  const std::vector<pack_reference> packs{{.length_bytes = 3 * piece, .piece_bytes = piece}};
  const std::vector<known_chunk> known{
      {0, 0, 200 * kib}, {0, piece, 10 * kib}, {0, 2 * piece, 100 * kib}};
  const auto plan = plan_capping(packs, known, 10 * piece, {.waste_target = 0.08});
  EXPECT_EQ(plan.rewrite, (std::vector<std::uint32_t>{1}));
  EXPECT_EQ(plan.rewritten_bytes, 10 * kib);
  EXPECT_EQ(plan.fetch_bytes, 12 * piece + 10 * kib);
  EXPECT_LE(plan.waste(), 0.08);
}

TEST(CappingTest, AChunkAcrossTwoPiecesIsRewrittenWholeAndCountedOnce) {
  const std::vector<pack_reference> packs{{.length_bytes = 2 * piece, .piece_bytes = piece}};
  const std::vector<known_chunk> known{{0, piece - 5 * kib, static_cast<std::uint32_t>(10 * kib)}};
  const auto plan = plan_capping(packs, known, piece, {.waste_target = 0});
  EXPECT_EQ(plan.rewrite.size(), 1u);
  EXPECT_EQ(plan.fetch_bytes, piece + 10 * kib);
  EXPECT_EQ(plan.waste(), 0);
}

TEST(CappingTest, NeverRewritesAWholePiece) {
  const std::vector<pack_reference> packs{{.length_bytes = 100 * kib}};
  const std::vector<known_chunk> known{{0, 0, static_cast<std::uint32_t>(100 * kib)}};
  EXPECT_TRUE(plan_capping(packs, known, 0, {.waste_target = 0}).rewrite.empty());
}

class CappingSeedTest : public ::testing::TestWithParam<std::uint64_t> {};

// Whatever the image, the plan's figures are those of the recipe that follows from it, nothing gets
// worse for a fresh host, and a lower target never rewrites less.
TEST_P(CappingSeedTest, ThePlanSaysWhatTheRecipeWillCost) {
  test::random_numbers random{GetParam()};
  std::vector<pack_reference> packs;
  std::vector<known_chunk> known;
  for (std::uint32_t number = 0; number < 3; ++number) {
    std::uint64_t offset = 0;
    const auto density = 1 + random.below(20);
    for (int i = 0; i < 400; ++i) {
      const auto stored = static_cast<std::uint32_t>(1 + random.below(60 * kib));
      if (random.below(density) == 0) known.push_back({number, offset, stored});
      offset += stored;
    }
    packs.push_back({.length_bytes = offset});
    packs.back().id.bytes[0] = static_cast<std::byte>(number);
  }
  const std::uint64_t new_bytes = random.below(20 * piece);
  std::uint64_t rewritten_before = 0;
  for (const double target : {10.0, 0.3, 0.1, 0.05, 0.0}) {
    const auto plan = plan_capping(packs, known, new_bytes, {.waste_target = target});
    recipe image;
    image.packs = packs;
    image.packs.push_back(
        {.length_bytes = std::max<std::uint64_t>(1, new_bytes + plan.rewritten_bytes)});
    std::vector<bool> rewritten(known.size());
    std::uint64_t rewritten_bytes = 0;
    for (const auto i : plan.rewrite) {
      EXPECT_FALSE(rewritten[i]);
      rewritten[i] = true;
      rewritten_bytes += known[i].stored_bytes;
    }
    for (std::size_t i = 0; i < known.size(); ++i) {
      if (rewritten[i]) continue;
      image.entries.push_back({.pack = known[i].pack,
                               .offset_bytes = known[i].offset_bytes,
                               .stored_bytes = known[i].stored_bytes});
    }
    const auto cost = costs(image);
    EXPECT_EQ(plan.rewritten_bytes, rewritten_bytes);
    EXPECT_EQ(plan.fetch_bytes, cost.fetch_bytes + new_bytes + rewritten_bytes);
    EXPECT_EQ(plan.referred_bytes, cost.referred_bytes + new_bytes + rewritten_bytes);
    EXPECT_LE(plan.fetch_bytes, plan.fetch_bytes_before);
    EXPECT_GE(plan.rewritten_bytes, rewritten_before);
    rewritten_before = plan.rewritten_bytes;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, CappingSeedTest, ::testing::Range<std::uint64_t>(1, 31));

} // namespace
} // namespace shoal::swarm
