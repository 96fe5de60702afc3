#include "swarm/pack.hpp"

#include "swarm/crypto/sha256.hpp"
#include "tests/unit/swarm/golden.hpp"
#include "tests/unit/swarm/random_data.hpp"

#include <bit>
#include <gtest/gtest.h>

namespace shoal::swarm {
namespace {

/// The straight reading of BEP 52: all leaves of the whole file, padded with zeros to a power of
/// two.
digest root_over_all_leaves(std::span<const std::byte> bytes) {
  std::vector<digest> level;
  for (std::size_t at = 0; at < bytes.size(); at += block_bytes) {
    level.push_back(
        sha256(bytes.subspan(at, std::min<std::size_t>(block_bytes, bytes.size() - at))));
  }
  level.resize(std::bit_ceil(level.size()));
  while (level.size() > 1) {
    std::vector<digest> above;
    for (std::size_t i = 0; i < level.size(); i += 2) {
      std::vector<std::byte> both(level[i].begin(), level[i].end());
      both.insert(both.end(), level[i + 1].begin(), level[i + 1].end());
      above.push_back(sha256(both));
    }
    level = above;
  }
  return level.front();
}

pack_descriptor describe(std::span<const std::byte> bytes, std::uint32_t piece_bytes) {
  pack_descriptor pack{.length_bytes = bytes.size(), .piece_bytes = piece_bytes};
  const auto width = piece_width_blocks(bytes.size(), piece_bytes);
  for (std::uint32_t i = 0; i < pack.piece_count(); ++i) {
    pack.piece_hashes.push_back(piece_hash(
        bytes.subspan(std::uint64_t{i} * piece_bytes, pack.piece_length(i)), width, sha256));
  }
  pack.id = pack_root(pack.piece_hashes, piece_bytes, sha256);
  return pack;
}

pack_descriptor three_pieces() {
  test::random_numbers random{3};
  return describe(test::random_bytes(random, 2 * 65536 + 777), 65536);
}

class PackLengthTest : public ::testing::TestWithParam<std::size_t> {};

TEST_P(PackLengthTest, TheIdIsTheRootOverAllBlocksWhateverThePieceSize) {
  test::random_numbers random{GetParam()};
  const auto bytes = test::random_bytes(random, GetParam());
  for (const std::uint32_t piece_bytes : {16384u, 65536u, 262144u}) {
    const auto pack = describe(bytes, piece_bytes);
    EXPECT_EQ(pack.id.bytes, root_over_all_leaves(bytes)) << piece_bytes;
    EXPECT_TRUE(check(pack, sha256).ok());
    const auto decoded = decode_pack_descriptor(encode(pack), sha256);
    ASSERT_TRUE(decoded.ok());
    EXPECT_EQ(*decoded, pack);
  }
}

INSTANTIATE_TEST_SUITE_P(Lengths, PackLengthTest,
                         ::testing::Values(1, 16383, 16384, 16385, 40000, 65536, 65537, 262144,
                                           262145, 300000, 524288, 1000000));

TEST(PackTest, TheDescriptorFormatIsTheGoldenFile) {
  const auto made = encode(three_pieces());
  EXPECT_EQ(test::golden("pack-v1.bin", made), made);
}

TEST(PackTest, EveryChangedByteOfADescriptorIsFound) {
  const auto bytes = encode(three_pieces());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const char flip : {'\x01', '\x80', '\xff'}) {
      auto changed = bytes;
      changed[at] = static_cast<char>(changed[at] ^ flip);
      const auto decoded = decode_pack_descriptor(changed, sha256);
      // A length may change within its last piece: it is proven by the hash of that piece, not
      // here.
      if (decoded) {
        EXPECT_GE(at, 40u);
        EXPECT_LT(at, 48u);
        EXPECT_EQ(decoded->piece_count(), 3u);
      } else {
        EXPECT_EQ(decoded.error().code, errc::corrupt);
      }
    }
  }
}

TEST(PackTest, EveryTruncationOfADescriptorIsFound) {
  const auto bytes = encode(three_pieces());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_pack_descriptor(bytes.substr(0, size), sha256).ok()) << size;
  }
  EXPECT_FALSE(decode_pack_descriptor(bytes + '\0', sha256).ok());
}

TEST(PackTest, ADescriptorThatClaimsMuchAllocatesNothing) {
  auto bytes = encode(three_pieces());
  bytes.replace(52, 4, "\xff\xff\xff\xff");
  const auto decoded = decode_pack_descriptor(bytes, sha256);
  ASSERT_FALSE(decoded.ok());
  EXPECT_EQ(decoded.error().code, errc::corrupt);
}

TEST(PackTest, PieceSizesArePowersOfTwoFromABlockUp) {
  EXPECT_TRUE(valid_piece_bytes(block_bytes));
  EXPECT_TRUE(valid_piece_bytes(piece_bytes_max));
  for (const std::uint64_t bad : {0ull, 1ull, 8192ull, 16385ull, 48ull << 10, 32ull << 20}) {
    EXPECT_FALSE(valid_piece_bytes(bad)) << bad;
  }
}

} // namespace
} // namespace shoal::swarm
