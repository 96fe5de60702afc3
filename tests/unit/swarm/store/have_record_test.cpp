#include "swarm/store/have_record.hpp"

#include "swarm/crypto/sha256.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <random>

namespace shoal::swarm {
namespace {

pack_id some_pack() {
  pack_id pack;
  for (std::size_t i = 0; i < pack.bytes.size(); ++i) pack.bytes[i] = static_cast<std::byte>(i);
  return pack;
}

have_record some_record(std::uint32_t piece_count, std::uint64_t sequence) {
  have_record record{some_pack(), sequence, piece_set{piece_count}};
  for (std::uint32_t piece = 0; piece < piece_count; piece += 3) record.pieces.insert(piece);
  return record;
}

std::string some_file(std::uint32_t piece_count) {
  return encode(some_record(piece_count, 6), sha256) +
         encode(have_record{some_pack(), 7, piece_set{piece_count, true}}, sha256);
}

TEST(HaveRecordTest, ComesBackAsItWasWritten) {
  for (const std::uint32_t piece_count : {1u, 7u, 8u, 64u, 65u, 4096u, 100'000u}) {
    const auto record = some_record(piece_count, 123'456'789'012);
    const auto slot = encode(record, sha256);
    EXPECT_EQ(slot.size(), have_slot_bytes(piece_count));
    EXPECT_EQ(slot.size() % have_slot_alignment_bytes, 0u);
    const auto decoded = decode_have_record(slot, some_pack(), piece_count, sha256);
    ASSERT_TRUE(decoded.ok());
    EXPECT_EQ(*decoded, record);
  }
}

TEST(HaveRecordTest, IsTheGoldenFileByteForByte) {
  std::ifstream golden{SHOAL_TEST_DATA "/store-record-v1.bin", std::ios::binary};
  ASSERT_TRUE(golden.good());
  const std::string bytes{std::istreambuf_iterator<char>{golden}, {}};
  EXPECT_EQ(bytes, some_file(19)) << "format 1 has changed: give it another number";
  const auto decoded = decode_have_file(bytes, some_pack(), 19, sha256);
  ASSERT_TRUE(decoded.ok());
  EXPECT_FALSE(decoded->doubtful);
  EXPECT_EQ(decoded->newest.sequence, 7u);
  EXPECT_TRUE(decoded->newest.pieces.full());
}

TEST(HaveRecordTest, TheSlotWrittenLastHolds) {
  const auto first = encode(some_record(19, 8), sha256);
  const auto second = encode(some_record(19, 7), sha256);
  EXPECT_EQ(decode_have_file(first + second, some_pack(), 19, sha256)->newest.sequence, 8u);
  EXPECT_EQ(decode_have_file(second + first, some_pack(), 19, sha256)->newest.sequence, 8u);
}

TEST(HaveRecordTest, OneUnreadableSlotMakesItDoubtful) {
  auto bytes = some_file(19);
  bytes[70] = static_cast<char>(bytes[70] ^ 1);
  const auto decoded = decode_have_file(bytes, some_pack(), 19, sha256);
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_TRUE(decoded->doubtful);
  EXPECT_EQ(decoded->newest.sequence, 7u);
}

TEST(HaveRecordTest, RefusesARecordOfAnotherPackOrShape) {
  const auto slot = encode(some_record(19, 1), sha256);
  EXPECT_FALSE(decode_have_record(slot, pack_id{}, 19, sha256));
  EXPECT_FALSE(decode_have_record(slot, some_pack(), 20, sha256));
  EXPECT_FALSE(decode_have_record(slot, some_pack(), 0xffff'ffff, sha256));
  EXPECT_FALSE(decode_have_file("", some_pack(), 19, sha256));
}

TEST(HaveRecordTest, NoTruncationIsAccepted) {
  const auto bytes = some_file(19);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(decode_have_file(bytes.substr(0, length), some_pack(), 19, sha256).ok());
  }
}

// Whatever happens to the bytes: a set that was never written is never answered.
TEST(HaveRecordTest, NoMutationYieldsAnotherSet) {
  const auto whole = some_file(19);
  const auto first = some_record(19, 6);
  const have_record second{some_pack(), 7, piece_set{19, true}};
  std::mt19937_64 random{20'240'601};
  for (int round = 0; round < 20'000; ++round) {
    auto bytes = whole;
    for (auto changes = 1 + random() % 4; changes > 0; --changes) {
      // Mostly where there is something to break.
      const auto slot = random() % 2 * have_slot_bytes(19);
      const auto at = slot + (random() % 8 == 0 ? random() % have_slot_bytes(19) : random() % 96);
      bytes[at] = static_cast<char>(random());
    }
    if (random() % 16 == 0) bytes.resize(random() % (2 * bytes.size()));
    const auto decoded = decode_have_file(bytes, some_pack(), 19, sha256);
    if (!decoded) continue;
    EXPECT_TRUE(decoded->newest == first || decoded->newest == second) << "round " << round;
    EXPECT_EQ(decoded->doubtful, bytes != whole) << "round " << round;
  }
}

} // namespace
} // namespace shoal::swarm
