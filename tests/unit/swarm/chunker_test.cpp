#include "swarm/chunker.hpp"

#include "tests/unit/swarm/golden.hpp"
#include "tests/unit/swarm/random_data.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace shoal::swarm {

void PrintTo(const extent& run, std::ostream* out) {
  *out << (run.hole ? "hole " : "chunk ") << run.offset_bytes << " " << run.length_bytes;
}

namespace {

constexpr std::size_t block = cut_block_bytes;

std::vector<std::byte> data_blocks(std::uint64_t seed, std::size_t count) {
  test::random_numbers random{seed};
  return test::random_bytes(random, count * block);
}

std::vector<std::byte> zeros(std::size_t count) { return std::vector<std::byte>(count * block); }

std::vector<std::byte> joined(std::initializer_list<std::vector<std::byte>> parts) {
  std::vector<std::byte> all;
  for (const auto& part : parts)
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

/// Cuts as several threads and a sparse reader would: portions of any size, known gaps skipped.
std::vector<extent> cut_in_portions(const std::vector<std::byte>& image, chunking how,
                                    std::uint64_t seed) {
  test::random_numbers random{seed};
  std::vector<extent> out;
  cutter cuts{how, image.size()};
  for (std::size_t at = 0; at < image.size();) {
    const auto length = std::min(image.size() - at, block * (1 + random.below(40)));
    const std::span part{image.data() + at, length};
    at += length;
    EXPECT_EQ(cuts.seen_bytes(), at - length);
    const auto blocks = summarise(part);
    if (all_zero(part) && random.below(2) == 0) {
      cuts.add_zeros(blocks.size(), out);
    } else {
      cuts.add(blocks, out);
    }
  }
  cuts.finish(out);
  return out;
}

class ChunkerSeedTest : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(ChunkerSeedTest, PortionsAndGapsDoNotMoveACut) {
  for (const auto how : {chunking::blocks, chunking::fixed}) {
    const auto image = test::image_like(GetParam(), 700, GetParam() * 1237 % block);
    const auto whole = cut(image, how);
    EXPECT_EQ(cut_in_portions(image, how, GetParam()), whole);
    EXPECT_EQ(cut_in_portions(image, how, GetParam() + 1000), whole);
  }
}

TEST_P(ChunkerSeedTest, ExtentsCoverTheImageWithinTheLimits) {
  for (const auto how : {chunking::blocks, chunking::fixed}) {
    const auto image = test::image_like(GetParam(), 700, GetParam() * 1237 % block);
    std::uint64_t end = 0;
    bool after_hole = false;
    for (const auto& run : cut(image, how)) {
      ASSERT_EQ(run.offset_bytes, end);
      ASSERT_GT(run.length_bytes, 0u);
      end += run.length_bytes;
      const std::span bytes{image.data() + run.offset_bytes, run.length_bytes};
      if (run.hole) {
        EXPECT_TRUE(all_zero(bytes));
        EXPECT_FALSE(after_hole);
        EXPECT_TRUE(end == image.size() || run.length_bytes % block == 0);
      } else {
        EXPECT_LE(run.length_bytes, how == chunking::fixed ? chunk_bytes_fixed : chunk_bytes_max);
      }
      after_hole = run.hole;
    }
    EXPECT_EQ(end, image.size());
  }
}

TEST_P(ChunkerSeedTest, AnInsertedBlockMovesOnlyTheCutsAroundIt) {
  const auto before = data_blocks(GetParam(), 2000);
  const auto after = joined({data_blocks(GetParam() + 500, 3), before});
  const auto tail = [](const std::vector<extent>& cuts, std::size_t size) {
    std::vector<std::uint64_t> from_end;
    for (const auto& run : cuts)
      from_end.push_back(size - run.offset_bytes);
    return std::vector(from_end.end() - 80, from_end.end());
  };
  EXPECT_EQ(tail(cut(before, chunking::blocks), before.size()),
            tail(cut(after, chunking::blocks), after.size()));
}

TEST_P(ChunkerSeedTest, RandomDataHasTheAverageChunk) {
  const auto image = data_blocks(GetParam(), 16384);
  const auto cuts = cut(image, chunking::blocks);
  const auto average = image.size() / cuts.size();
  EXPECT_GT(average, 48u * 1024);
  EXPECT_LT(average, 72u * 1024);
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    EXPECT_GE(cuts[i].length_bytes, chunk_bytes_min);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ChunkerSeedTest, ::testing::Range<std::uint64_t>(1, 9));

TEST(ChunkerTest, FourZeroBlocksAreAHoleAndThreeAreData) {
  const auto three = joined({data_blocks(1, 2), zeros(3), data_blocks(2, 2)});
  EXPECT_EQ(cut(three, chunking::blocks), (std::vector<extent>{{0, 7 * block, false}}));
  const auto four = joined({data_blocks(1, 2), zeros(4), data_blocks(2, 2)});
  EXPECT_EQ(cut(four, chunking::blocks), (std::vector<extent>{{0, 2 * block, false},
                                                              {2 * block, 4 * block, true},
                                                              {6 * block, 2 * block, false}}));
}

TEST(ChunkerTest, AHoleBeginsWithItsFirstZeroBlockEvenWhereAChunkWouldEndLater) {
  auto image = joined({zeros(4), std::vector<std::byte>(63 * block, std::byte{7}), zeros(5)});
  for (const auto& run : cut(image, chunking::blocks)) {
    if (run.offset_bytes >= 67 * block) {
      EXPECT_EQ(run, (extent{67 * block, 5 * block, true}));
    }
  }
}

TEST(ChunkerTest, FixedChunksLieOnTheGridOfTheImage) {
  const auto image = joined({data_blocks(1, 3), zeros(6), data_blocks(2, 30)});
  EXPECT_EQ(cut(image, chunking::fixed), (std::vector<extent>{{0, 3 * block, false},
                                                              {3 * block, 6 * block, true},
                                                              {9 * block, 7 * block, false},
                                                              {16 * block, 16 * block, false},
                                                              {32 * block, 7 * block, false}}));
}

TEST(ChunkerTest, EmptyAndTinyImagesAreWhole) {
  for (const auto how : {chunking::blocks, chunking::fixed}) {
    EXPECT_TRUE(cut({}, how).empty());
    EXPECT_EQ(cut(std::vector<std::byte>(1), how), (std::vector<extent>{{0, 1, false}}));
    EXPECT_EQ(cut(std::vector<std::byte>(5 * block + 9), how),
              (std::vector<extent>{{0, 5 * block + 9, true}}));
    EXPECT_EQ(cut(std::vector<std::byte>(5 * block + 9, std::byte{1}), how),
              (std::vector<extent>{{0, 5 * block + 9, false}}));
  }
}

TEST(ChunkerTest, TheHashSeesEveryBit) {
  auto bytes = data_blocks(9, 1);
  const auto before = block_hash(bytes);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      bytes[at] ^= static_cast<std::byte>(1 << bit);
      EXPECT_NE(block_hash(bytes), before);
      bytes[at] ^= static_cast<std::byte>(1 << bit);
    }
  }
}

TEST(ChunkerTest, CutsAndHashesAreTheGoldenFile) {
  std::string text;
  const auto add = [&](const char* name, chunking how) {
    text += std::string{name} + "\n";
    for (const auto& run : cut(test::image_like(42, 3000, 1234), how)) {
      text += (run.hole ? "hole " : "chunk ") + std::to_string(run.offset_bytes) + " " +
              std::to_string(run.length_bytes) + "\n";
    }
  };
  add("blocks", chunking::blocks);
  add("fixed", chunking::fixed);
  text += "hashes\n";
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    text += std::to_string(block_hash(data_blocks(seed, 1))) + "\n";
  }
  EXPECT_EQ(test::golden("cuts-v1.txt", text), text);
}

} // namespace
} // namespace shoal::swarm
