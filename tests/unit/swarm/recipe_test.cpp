#include "swarm/recipe.hpp"

#include "swarm/crypto/sha256.hpp"
#include "tests/unit/swarm/golden.hpp"
#include "tests/unit/swarm/random_data.hpp"

#include <gtest/gtest.h>

namespace shoal::swarm {
namespace {

template <class Id>
Id numbered(std::uint64_t number) {
  test::random_numbers random{number};
  Id made;
  for (auto& byte : made.bytes)
    byte = static_cast<std::byte>(random.next());
  return made;
}

recipe random_recipe(std::uint64_t seed, std::size_t entry_count) {
  test::random_numbers random{seed};
  recipe image{.cut = random.below(2) == 0 ? chunking::blocks : chunking::fixed};
  const auto pack_count = 1 + random.below(4);
  for (std::uint64_t i = 0; i < pack_count; ++i) {
    image.packs.push_back({.id = numbered<pack_id>(seed * 100 + i),
                           .length_bytes = (1ull << 20) + random.below(1ull << 33),
                           .piece_bytes = 1u << (14 + random.below(6))});
  }
  for (std::size_t i = 0; i < entry_count; ++i) {
    recipe_entry entry{.length_bytes = 4096 * (2 + random.below(62)), .hole = random.below(5) == 0};
    if (entry.hole) {
      entry.length_bytes *= 1 + random.below(100000);
    } else {
      entry.chunk = numbered<chunk_id>(random.next());
      entry.how = random.below(4) == 0 ? compression::none : compression::zstd;
      entry.stored_bytes = static_cast<std::uint32_t>(
          entry.how == compression::none ? entry.length_bytes
                                         : 1 + random.below(entry.length_bytes - 1));
      entry.pack = static_cast<std::uint32_t>(random.below(pack_count));
      const auto* before = image.entries.empty() ? nullptr : &image.entries.back();
      if (before != nullptr && !before->hole && random.below(3) != 0) {
        entry.pack = before->pack;
        entry.offset_bytes = before->offset_bytes + before->stored_bytes;
      } else {
        entry.offset_bytes =
            random.below(image.packs[entry.pack].length_bytes - entry.stored_bytes + 1);
      }
      auto& length = image.packs[entry.pack].length_bytes;
      length = std::max(length, entry.offset_bytes + entry.stored_bytes);
    }
    image.virtual_bytes += entry.length_bytes;
    image.entries.push_back(entry);
  }
  image.content = content_of(image, sha256);
  return image;
}

/// Two packs, a hole, a chunk that is named twice.
recipe small_recipe() {
  const recipe_entry first{.length_bytes = 65536,
                           .chunk = numbered<chunk_id>(1),
                           .stored_bytes = 30000,
                           .how = compression::zstd};
  recipe image{.virtual_bytes = 65536 + 1048576 + 20480 + 65536 + 777,
               .packs = {{.id = numbered<pack_id>(10), .length_bytes = 300000, .piece_bytes = 262144},
                         {.id = numbered<pack_id>(11), .length_bytes = 600000, .piece_bytes = 262144}}};
  image.entries = {first,
                   {.length_bytes = 1048576, .hole = true},
                   {.length_bytes = 20480,
                    .chunk = numbered<chunk_id>(2),
                    .pack = 1,
                    .offset_bytes = 262144 - 480,
                    .stored_bytes = 20480},
                   first,
                   {.length_bytes = 777,
                    .chunk = numbered<chunk_id>(3),
                    .offset_bytes = 30000,
                    .stored_bytes = 776,
                    .how = compression::zstd}};
  image.content = content_of(image, sha256);
  return image;
}

TEST(RecipeTest, TheFormatIsTheGoldenFile) {
  const auto made = encode(small_recipe());
  EXPECT_EQ(test::golden("recipe-v1.bin", made), made);
}

TEST(RecipeTest, CostsCountDistinctBytesAndWholePieces) {
  const auto cost = costs(small_recipe());
  EXPECT_EQ(cost.data_bytes, 65536u + 20480 + 65536 + 777);
  EXPECT_EQ(cost.referred_bytes, 30000u + 776 + 20480);
  EXPECT_EQ(cost.fetch_bytes, 262144u + 2 * 262144);
  const auto needed = needed_pieces(small_recipe());
  EXPECT_EQ(needed[0].bitmap(), "\x01");
  EXPECT_EQ(needed[1].bitmap(), "\x03");
}

TEST(RecipeTest, TheLastPieceCostsItsRealLength) {
  const pack_reference pack{.length_bytes = 300000, .piece_bytes = 262144};
  EXPECT_EQ(bytes_of(pack, piece_set(2, true)), 300000u);
  EXPECT_EQ(bytes_of(pack, piece_set(2)), 0u);
  piece_set last{2};
  last.insert(1);
  EXPECT_EQ(bytes_of(pack, last), 300000u - 262144);
}

TEST(RecipeTest, ContentNamesTheImageAndNotItsPacks) {
  auto moved = small_recipe();
  moved.packs[0].id = numbered<pack_id>(99);
  moved.entries[4].offset_bytes += 5;
  EXPECT_EQ(content_of(moved, sha256), small_recipe().content);
  moved.entries[4].chunk = numbered<chunk_id>(4);
  EXPECT_NE(content_of(moved, sha256), small_recipe().content);
}

TEST(RecipeTest, RefusesWhatDoesNotFitTogether) {
  using change = void (*)(recipe&);
  const std::vector<std::pair<const char*, change>> changes{
      {"image longer", [](recipe& r) { ++r.virtual_bytes; }},
      {"empty entry", [](recipe& r) { r.entries[1].length_bytes = 0; }},
      {"length wraps", [](recipe& r) { r.entries[1].length_bytes = ~0ull - 65535; }},
      {"unknown pack", [](recipe& r) { r.entries[0].pack = 2; }},
      {"past the end", [](recipe& r) { r.entries[2].offset_bytes = 600000 - 20479; }},
      {"offset wraps", [](recipe& r) { r.entries[2].offset_bytes = ~0ull - 5; }},
      {"longer than plain", [](recipe& r) { r.entries[0].stored_bytes = 65536; }},
      {"nothing stored", [](recipe& r) { r.entries[0].stored_bytes = 0; }},
      {"plain but shorter", [](recipe& r) { r.entries[2].stored_bytes = 20479; }},
      {"pack twice", [](recipe& r) { r.packs[1].id = r.packs[0].id; }},
      {"pack of nothing", [](recipe& r) { r.packs[1].length_bytes = 0; }},
      {"odd pieces", [](recipe& r) { r.packs[1].piece_bytes = 100000; }},
      {"pieces of nothing", [](recipe& r) { r.packs[1].piece_bytes = 0; }},
      {"unknown cut", [](recipe& r) { r.cut = static_cast<chunking>(7); }},
      {"too long a chunk",
       [](recipe& r) {
         r.entries[2].length_bytes += chunk_bytes_max;
         r.entries[2].stored_bytes += chunk_bytes_max;
         r.virtual_bytes += chunk_bytes_max;
       }},
      {"too many pieces", [](recipe& r) {
         r.packs[0].length_bytes = pack_bytes_max;
         r.packs[0].piece_bytes = block_bytes;
         r.packs[1].length_bytes = pack_bytes_max;
       }}};
  ASSERT_TRUE(check(small_recipe()).ok());
  for (const auto& [what, spoil] : changes) {
    auto image = small_recipe();
    spoil(image);
    const auto checked = check(image);
    ASSERT_FALSE(checked.ok()) << what;
    EXPECT_EQ(checked.error().code, errc::corrupt) << what;
  }
}

TEST(RecipeTest, EveryTruncationIsFound) {
  const auto bytes = encode(random_recipe(5, 30));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_recipe(std::string_view{bytes}.substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(decode_recipe(bytes + '\0').ok());
}

TEST(RecipeTest, EveryChangedByteIsCorruptOrAnotherCheckedRecipe) {
  const auto image = small_recipe();
  const auto bytes = encode(image);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      auto changed = bytes;
      changed[at] = static_cast<char>(value);
      const auto decoded = decode_recipe(changed);
      if (!decoded) {
        EXPECT_EQ(decoded.error().code, errc::corrupt);
        continue;
      }
      EXPECT_EQ(encode(*decoded), changed) << "two encodings of one recipe, byte " << at;
      EXPECT_EQ(*decoded == image, changed == bytes);
    }
  }
}

TEST(RecipeTest, HugeCountsAllocateNothing) {
  auto bytes = encode(small_recipe());
  for (const std::size_t at : {49u, 53u}) {
    auto changed = bytes;
    changed.replace(at, 4, "\xff\xff\xff\x7f");
    EXPECT_FALSE(decode_recipe(changed).ok());
  }
}

class RecipeSeedTest : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(RecipeSeedTest, DecodesToWhatWasEncoded) {
  const auto image = random_recipe(GetParam(), GetParam() * 13 % 200);
  ASSERT_TRUE(check(image).ok()) << check(image).error().message;
  const auto decoded = decode_recipe(encode(image));
  ASSERT_TRUE(decoded.ok()) << decoded.error().message;
  EXPECT_EQ(*decoded, image);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RecipeSeedTest, ::testing::Range<std::uint64_t>(1, 51));

} // namespace
} // namespace shoal::swarm
