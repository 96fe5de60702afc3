#include "swarm/publish/export_units.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

namespace shoal::swarm {
namespace {

chunk_id named(std::uint8_t name) {
  chunk_id id;
  id.bytes[0] = static_cast<std::byte>(name);
  return id;
}

recipe_entry stored_at(std::uint8_t name, std::uint32_t pack, std::uint64_t offset,
                       std::uint32_t length) {
  return {.length_bytes = length,
          .chunk = named(name),
          .pack = pack,
          .offset_bytes = offset,
          .stored_bytes = length};
}

/// Two packs of 16 KiB pieces; a chunk over three pieces, one that occurs twice, a hole.
recipe example() {
  recipe image;
  image.packs = {{{}, 100'000, 16384}, {{}, 40'000, 16384}};
  image.packs[1].id.bytes[0] = std::byte{1};
  image.entries = {stored_at(1, 1, 0, 1000),
                   stored_at(2, 0, 10'000, 30'000),
                   {.length_bytes = 8192, .hole = true},
                   stored_at(3, 0, 50'000, 100),
                   stored_at(1, 1, 0, 1000)};
  return image;
}

TEST(ExportUnitsTest, GathersPlacesOfEqualChunks) {
  const export_units units{example()};
  ASSERT_EQ(units.size(), 3u);
  EXPECT_EQ(units[2].pack, 1u);
  const auto places = units.places(units[2]);
  EXPECT_EQ(std::vector<std::uint64_t>(places.begin(), places.end()),
            (std::vector<std::uint64_t>{0, 1000 + 30'000 + 8192 + 100}));
}

TEST(ExportUnitsTest, AnswersAUnitWhenItsLastPieceArrives) {
  export_units units{example()};
  EXPECT_TRUE(units.arrive(0, 0).empty());
  EXPECT_TRUE(units.arrive(0, 2).empty());
  const auto ready = units.arrive(0, 1);
  ASSERT_EQ(ready.size(), 1u);
  EXPECT_EQ(ready[0].first, 0u);
  EXPECT_EQ(ready[0].end, 1u);
}

TEST(ExportUnitsTest, AnswersEachUnitOnceHoweverOftenPiecesAreTold) {
  export_units units{example()};
  EXPECT_EQ(units.arrive(1, piece_set{3, true}).size(), 1u);
  EXPECT_TRUE(units.arrive(1, 0).empty());
  EXPECT_TRUE(units.arrive(1, piece_set{3, true}).empty());
}

TEST(ExportUnitsTest, IgnoresPiecesThatDoNotExist) {
  export_units units{example()};
  EXPECT_TRUE(units.arrive(0, 7).empty());
  EXPECT_TRUE(units.arrive(0, piece_set{2, true}).empty());
}

TEST(ExportUnitsTest, AnswersEveryUnitInAnyOrderOfArrival) {
  std::mt19937_64 random{3};
  for (int round = 0; round < 20; ++round) {
    recipe image;
    image.packs = {{{}, 4'000'000, 32768}};
    for (std::uint64_t at = 0; at < 3'700'000;) {
      const auto length = static_cast<std::uint32_t>(1 + random() % chunk_bytes_max);
      image.entries.push_back(stored_at(static_cast<std::uint8_t>(random()), 0, at, length));
      at += random() % 4 == 0 ? length / 2 : length;
    }
    export_units units{image};
    std::vector<std::uint32_t> pieces(image.packs[0].piece_count());
    std::iota(pieces.begin(), pieces.end(), 0u);
    std::shuffle(pieces.begin(), pieces.end(), random);
    std::vector<int> answered(units.size(), 0);
    for (const auto piece : pieces) {
      for (const auto& range : units.arrive(0, piece)) {
        for (auto i = range.first; i < range.end; ++i)
          ++answered[i];
      }
    }
    EXPECT_TRUE(std::all_of(answered.begin(), answered.end(), [](int n) { return n == 1; }));
  }
}

} // namespace
} // namespace shoal::swarm
