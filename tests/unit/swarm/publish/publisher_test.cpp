#include "image_fixture.hpp"

#include "swarm/chunker.hpp"
#include "swarm/crypto/sha256.hpp"

#include <set>
#include <thread>

namespace shoal::swarm {
namespace {

constexpr std::size_t one_mib = 1024 * 1024;

/// What the recipe says the image is, put together by the simplest code there is.
image_bytes rebuild(memory_store& store, const recipe& image) {
  scratch_folder folder;
  auto job = exporter::start(image, store, folder / "disk", {.threads = 1});
  EXPECT_TRUE(job.ok());
  const auto done = (*job)->finish();
  EXPECT_TRUE(done.ok()) << done.error().message;
  return file_bytes(folder / "disk");
}

TEST(PublisherTest, GivesBackEveryImageInEveryForm) {
  for (const auto cut : {chunking::blocks, chunking::fixed}) {
    for (const auto how : {compression::none, compression::zstd}) {
      for (std::uint64_t seed = 1; seed <= 4; ++seed) {
        const auto image = random_image(seed, 5 * one_mib + seed * 4711);
        publishing here{.options = {.cut = cut, .how = how, .threads = 2}};
        const auto made = here.publish_bytes(image);
        EXPECT_EQ(made.image.virtual_bytes, image.size());
        EXPECT_EQ(made.image.cut, cut);
        EXPECT_TRUE(rebuild(here.store, made.image) == image) << "seed " << seed;
      }
    }
  }
}

TEST(PublisherTest, CutsAsTheCutterDoesWhateverTheReaderTellsOfHoles) {
  const auto bytes = random_image(77, 9 * one_mib + 12345);
  for (const auto how : {chunking::blocks, chunking::fixed}) {
    const auto expected = cut(bytes, how);
    for (const bool tell : {false, true}) {
      publishing here{.options = {.cut = how, .threads = 2}};
      memory_image image{bytes};
      image.tell_holes = tell;
      const auto made = here.publish(image);
      ASSERT_TRUE(made.ok());
      ASSERT_EQ(made->image.entries.size(), expected.size());
      for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(made->image.entries[i].length_bytes, expected[i].length_bytes);
        EXPECT_EQ(made->image.entries[i].hole, expected[i].hole);
      }
    }
  }
}

TEST(PublisherTest, MakesTheSamePackAndRecipeOnAnyNumberOfThreads) {
  const auto image = random_image(5, 40 * one_mib);
  publishing one{.options = {.threads = 1}};
  const auto expected = one.publish_bytes(image);
  for (const unsigned threads : {2u, 3u, 8u}) {
    publishing many{.options = {.threads = threads}};
    const auto made = many.publish_bytes(image);
    EXPECT_EQ(made.recipe_bytes, expected.recipe_bytes);
    EXPECT_EQ(made.id, expected.id);
    EXPECT_EQ(made.new_pack, expected.new_pack);
    EXPECT_EQ(made.new_chunks, expected.new_chunks);
  }
}

TEST(PublisherTest, PacksAChunkThatOccursTwiceOnlyOnce) {
  auto image = random_image(6, 0);
  const auto part = random_image(8, 3 * one_mib);
  for (int i = 0; i < 4; ++i)
    image.insert(image.end(), part.begin(), part.end());
  publishing here;
  const auto made = here.publish_bytes(image);
  std::set<chunk_id> ids;
  for (const auto& each : made.new_chunks)
    EXPECT_TRUE(ids.insert(each.first).second);
  EXPECT_LT(made.new_bytes, 2 * part.size());
  EXPECT_TRUE(rebuild(here.store, made.image) == image);
}

TEST(PublisherTest, StoresNothingForAnImageThatIsKnown) {
  const auto image = random_image(9, 6 * one_mib);
  publishing here;
  const auto first = here.publish_bytes(image);
  const auto second = here.publish_bytes(image);
  EXPECT_FALSE(second.new_pack.has_value());
  EXPECT_TRUE(second.new_chunks.empty());
  EXPECT_EQ(second.new_bytes, 0u);
  EXPECT_EQ(second.recipe_bytes, first.recipe_bytes);
  EXPECT_EQ(here.store.committed, 1);
}

TEST(PublisherTest, PacksOnlyWhatIsNewAndSaysWhereAllOfItIs) {
  const auto base = random_image(10, 8 * one_mib);
  auto next = base;
  const auto change = random_image(11, one_mib);
  std::copy(change.begin(), change.end(), next.begin() + 2 * one_mib);
  publishing here;
  const auto first = here.publish_bytes(base);
  const auto second = here.publish_bytes(next);
  ASSERT_TRUE(second.new_pack.has_value());
  EXPECT_LT(second.new_bytes, 3 * one_mib);
  EXPECT_EQ(second.image.packs.size(), 2u);
  EXPECT_EQ(second.image.content, content_of(second.image, sha256));
  EXPECT_NE(second.image.content, first.image.content);
  EXPECT_TRUE(check(second.image).ok());
  EXPECT_TRUE(rebuild(here.store, second.image) == next);
}

TEST(PublisherTest, WritesScatteredOldChunksAgainWhenTheyWasteTooMuch) {
  // Every eighth run of an incompressible base is kept, so that each old piece is little used.
  std::mt19937_64 random{12};
  image_bytes base(16 * one_mib);
  for (auto& each : base)
    each = static_cast<std::byte>(random());
  image_bytes next;
  for (std::size_t at = 0; at < base.size(); at += one_mib) {
    next.insert(next.end(), base.begin() + static_cast<std::ptrdiff_t>(at),
                base.begin() + static_cast<std::ptrdiff_t>(at + one_mib / 8));
    for (std::size_t i = 0; i < one_mib / 8; ++i)
      next.push_back(static_cast<std::byte>(random()));
  }
  publishing with{.options = {.piece_bytes = 256 * 1024, .threads = 2}};
  with.publish_bytes(base);
  const auto capped = with.publish_bytes(next);
  publishing without{
      .options = {.piece_bytes = 256 * 1024, .threads = 2, .capping = {.waste_target = 1e9}}};
  without.publish_bytes(base);
  const auto plain = without.publish_bytes(next);
  EXPECT_GT(plain.cost.waste(), 0.3);
  EXPECT_LT(capped.cost.waste(), 0.1);
  EXPECT_GT(capped.new_bytes, plain.new_bytes);
  EXPECT_EQ(capped.image.content, plain.image.content);
  EXPECT_TRUE(rebuild(with.store, capped.image) == next);
}

TEST(PublisherTest, KnowsImagesOfNothingButZeros) {
  publishing here;
  for (const std::size_t length : {16384ul, 5 * one_mib, 7 * one_mib + 1}) {
    const auto made = here.publish_bytes(image_bytes(length));
    ASSERT_EQ(made.image.entries.size(), 1u) << length;
    EXPECT_EQ(made.image.virtual_bytes, length);
    EXPECT_TRUE(rebuild(here.store, made.image) == image_bytes(length));
  }
  EXPECT_EQ(here.store.committed, 0);
}

TEST(PublisherTest, TakesImagesOfOddSizes) {
  for (const std::size_t length :
       {1ul, 511ul, 4097ul, 2 * one_mib - 1, 2 * one_mib + 1, 4 * one_mib + 4095}) {
    auto image = random_image(length, length);
    image.back() = std::byte{1};
    publishing here;
    const auto made = here.publish_bytes(image);
    EXPECT_TRUE(rebuild(here.store, made.image) == image) << length;
  }
}

TEST(PublisherTest, LeavesNothingWhenCancelled) {
  publishing here;
  memory_image image{random_image(13, 20 * one_mib)};
  int calls = 0;
  const auto made = here.publish(image, [&](std::uint64_t, std::uint64_t) { return ++calls < 3; });
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code, errc::cancelled);
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(here.store.committed, 0);
  EXPECT_EQ(here.store.dropped, here.store.begun);
}

TEST(PublisherTest, LeavesNothingWhenReadingLookingUpOrStoringFails) {
  const auto bytes = random_image(14, 20 * one_mib);
  {
    publishing here;
    memory_image image{bytes};
    image.reads_max = 5;
    EXPECT_EQ(here.publish(image).error().code, errc::corrupt);
    EXPECT_EQ(here.store.dropped, 1);
  }
  {
    publishing here;
    here.store.capacity_bytes = one_mib;
    memory_image image{bytes};
    EXPECT_EQ(here.publish(image).error().code, errc::no_space);
    EXPECT_EQ(here.store.dropped, 1);
  }
  publishing here;
  memory_image image{bytes};
  const chunk_lookup broken =
      [](std::span<const chunk_id>) -> result<std::vector<std::optional<chunk_location>>> {
    return {errc::unreachable, "the catalogue is away"};
  };
  const auto made =
      publish_image(image, here.store, broken, here.catalogue.packs(), here.options, {});
  EXPECT_EQ(made.error().code, errc::unreachable);
  EXPECT_EQ(here.store.dropped, 1);
}

TEST(PublisherTest, RefusesACatalogueThatCannotBeRight) {
  const auto bytes = random_image(15, 2 * one_mib);
  publishing here;
  here.publish_bytes(bytes);
  for (auto& each : here.catalogue.chunks_)
    each.second.offset_bytes += 100 * one_mib;
  memory_image image{bytes};
  const auto made = here.publish(image);
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().code, errc::corrupt);
}

TEST(PublisherTest, TellsProgressUpToTheEnd) {
  publishing here;
  memory_image image{random_image(16, 12 * one_mib)};
  std::uint64_t last = 0;
  std::uint64_t all = 0;
  ASSERT_TRUE(here.publish(image,
                           [&](std::uint64_t done, std::uint64_t total) {
                             EXPECT_GE(done, last);
                             last = done;
                             all = total;
                             return true;
                           })
                  .ok());
  EXPECT_EQ(last, all);
  EXPECT_GT(all, 0u);
}

TEST(PublisherTest, LetsTwoPublishersOfOneImageBothBeRight) {
  const auto bytes = random_image(17, 16 * one_mib);
  memory_store store;
  memory_catalogue empty;
  std::vector<std::optional<published_image>> made(2);
  std::vector<std::thread> racers;
  for (auto& mine : made) {
    racers.emplace_back([&] {
      memory_image image{bytes};
      memory_catalogue own;
      auto done = publish_image(image, store, own.chunks(), own.packs(), {.threads = 2}, {});
      if (done) mine = std::move(*done);
    });
  }
  for (auto& racer : racers)
    racer.join();
  ASSERT_TRUE(made[0] && made[1]);
  EXPECT_EQ(made[0]->recipe_bytes, made[1]->recipe_bytes);
  EXPECT_EQ(store.pack_count(), 1u);
  EXPECT_TRUE(rebuild(store, made[1]->image) == bytes);
}

TEST(PublisherTest, RefusesOptionsThatMakeNoSense) {
  memory_image image{random_image(18, one_mib)};
  for (const auto& options :
       {publish_options{.compression_level = 0}, publish_options{.compression_level = 23},
        publish_options{.piece_bytes = 1000}}) {
    publishing here{.options = options};
    EXPECT_EQ(here.publish(image).error().code, errc::invalid_argument);
    EXPECT_EQ(here.store.begun, 0);
  }
}

} // namespace
} // namespace shoal::swarm
