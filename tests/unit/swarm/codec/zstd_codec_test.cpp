#include "swarm/codec/zstd_codec.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <thread>

namespace shoal::swarm {
namespace {

std::vector<std::byte> noise(std::size_t length, std::uint64_t seed) {
  std::mt19937_64 random{seed};
  std::vector<std::byte> bytes(length);
  for (auto& each : bytes)
    each = static_cast<std::byte>(random());
  return bytes;
}

std::vector<std::byte> text(std::size_t length) {
  std::vector<std::byte> bytes(length);
  for (std::size_t i = 0; i < length; ++i)
    bytes[i] = static_cast<std::byte>(i / 7 % 61);
  return bytes;
}

std::vector<std::byte> copy_of(std::span<const std::byte> bytes) {
  return {bytes.begin(), bytes.end()};
}

TEST(ZstdCodecTest, GivesBackWhatItTook) {
  std::vector<std::byte> scratch;
  for (const std::size_t length : {1u, 100u, 4096u, 65536u, chunk_bytes_max}) {
    for (const int level : {1, 3, 9}) {
      const auto chunk = text(length);
      const auto stored = compress_chunk(chunk, compression::zstd, level, scratch);
      std::vector<std::byte> back(length);
      ASSERT_TRUE(expand_chunk(stored.bytes, stored.how, back).ok());
      EXPECT_EQ(back, chunk);
    }
  }
}

TEST(ZstdCodecTest, KeepsNoisePlain) {
  std::vector<std::byte> scratch;
  const auto chunk = noise(65536, 1);
  const auto stored = compress_chunk(chunk, compression::zstd, 1, scratch);
  EXPECT_EQ(stored.how, compression::none);
  EXPECT_EQ(stored.bytes.data(), chunk.data());
  EXPECT_EQ(stored.bytes.size(), chunk.size());
}

TEST(ZstdCodecTest, KeepsPlainWhatSavesLessThanATwentieth) {
  std::vector<std::byte> scratch;
  auto chunk = noise(100'000, 2);
  std::fill_n(chunk.begin(), 3'000, std::byte{7});
  EXPECT_EQ(compress_chunk(chunk, compression::zstd, 1, scratch).how, compression::none);
  std::fill_n(chunk.begin(), 8'000, std::byte{7});
  EXPECT_EQ(compress_chunk(chunk, compression::zstd, 1, scratch).how, compression::zstd);
}

TEST(ZstdCodecTest, IsTheSameOnEveryThread) {
  std::vector<std::byte> scratch;
  const auto chunk = text(50'000);
  const auto here = copy_of(compress_chunk(chunk, compression::zstd, 1, scratch).bytes);
  std::vector<std::byte> there;
  std::thread{[&] {
    std::vector<std::byte> own;
    compress_chunk(noise(9000, 3), compression::zstd, 5, own);
    there = copy_of(compress_chunk(chunk, compression::zstd, 1, own).bytes);
  }}.join();
  EXPECT_EQ(here, there);
}

TEST(ZstdCodecTest, RefusesAnotherLengthThanPromised) {
  std::vector<std::byte> scratch;
  const auto chunk = text(10'000);
  const auto stored = compress_chunk(chunk, compression::zstd, 1, scratch);
  for (const std::size_t length : {9'999u, 10'001u, 1u, 262'144u}) {
    std::vector<std::byte> back(length);
    const auto expanded = expand_chunk(stored.bytes, compression::zstd, back);
    ASSERT_FALSE(expanded.ok());
    EXPECT_EQ(expanded.error().code, errc::corrupt);
  }
  std::vector<std::byte> back(9'999);
  EXPECT_FALSE(expand_chunk(chunk, compression::none, back).ok());
}

TEST(ZstdCodecTest, SurvivesAnyDamageWithoutWritingPastTheEnd) {
  std::vector<std::byte> scratch;
  const auto chunk = text(20'000);
  const auto stored = copy_of(compress_chunk(chunk, compression::zstd, 1, scratch).bytes);
  std::mt19937_64 random{4};
  std::vector<std::byte> back(chunk.size() + 64, std::byte{0x5a});
  for (int i = 0; i < 2000; ++i) {
    auto damaged = stored;
    damaged[random() % damaged.size()] = static_cast<std::byte>(random());
    if (i % 3 == 0) damaged.resize(random() % damaged.size());
    (void)expand_chunk(damaged, compression::zstd, std::span{back}.first(chunk.size()));
    ASSERT_TRUE(std::all_of(back.end() - 64, back.end(),
                            [](std::byte each) { return each == std::byte{0x5a}; }));
  }
}

} // namespace
} // namespace shoal::swarm
