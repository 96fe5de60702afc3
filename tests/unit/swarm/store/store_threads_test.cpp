// Readers, writers and evictions at once; run it with -fsanitize=thread and address too.
#include "store_fixture.hpp"

#include <atomic>
#include <thread>

namespace shoal::swarm::test {
namespace {

using StoreThreadsTest = StoreTest;

constexpr int rounds = 400;

/// What of a piece's bytes must come back if anything does.
void read_something(const pack_store& store, const sample_pack& pack, std::mt19937_64& random,
                    std::atomic<int>& hits) {
  const auto length = 1 + random() % (100 * kib);
  const auto offset = random() % (pack.bytes.size() - length);
  std::vector<std::byte> got(length);
  const auto done = store.read(pack.id(), offset, got);
  if (done) {
    ++hits;
    ASSERT_TRUE(std::equal(got.begin(), got.end(),
                           pack.bytes.begin() + static_cast<std::ptrdiff_t>(offset)));
  } else {
    ASSERT_EQ(done.error().code, errc::not_found) << done.error().message;
  }
}

TEST_F(StoreThreadsTest, AReadIsRightOrNotFoundWhateverElseGoesOn) {
  config_.quota_bytes = 2 * mib + 512 * kib;
  open();
  std::vector<sample_pack> packs;
  for (std::uint64_t seed = 0; seed < 3; ++seed) packs.emplace_back(seed, 1 * mib);
  for (const auto& pack : packs) add(pack);
  std::atomic<int> writing = 2;
  std::atomic<int> hits = 0;
  std::vector<std::thread> threads;
  for (std::uint64_t seed = 0; seed < 2; ++seed) {
    threads.emplace_back([&, seed] {
      std::mt19937_64 random{seed};
      for (int i = 0; i < rounds; ++i) {
        const auto& pack = packs[random() % packs.size()];
        const auto piece = static_cast<std::uint32_t>(random() % pack.piece_count());
        const auto done = store_->put_piece(pack.id(), piece, pack.piece(piece));
        if (!done && done.error().code == errc::no_space) {
          EXPECT_OK(store_->make_room(4 * 64 * kib));
        } else if (!done) {
          // Forgotten by the third thread a moment ago.
          EXPECT_EQ(done.error().code, errc::not_found) << done.error().message;
          EXPECT_OK(store_->add(pack.descriptor));
        }
      }
      --writing;
    });
  }
  for (std::uint64_t seed = 10; seed < 12; ++seed) {
    threads.emplace_back([&, seed] {
      std::mt19937_64 random{seed};
      while (writing > 0) read_something(*store_, packs[random() % packs.size()], random, hits);
    });
  }
  threads.emplace_back([&] {
    std::mt19937_64 random{20};
    while (writing > 0) {
      const auto& pack = packs[random() % packs.size()];
      switch (random() % 8) {
      case 0: EXPECT_OK(store_->forget(packs[0].id())); break;
      case 1: EXPECT_OK(store_->sync()); break;
      case 2: EXPECT_TRUE(store_->scrub(std::nullopt, nullptr)->empty()); break;
      case 3:
        if (store_->pin(packs[1].id(), "me")) EXPECT_OK(store_->unpin(packs[1].id(), "me"));
        break;
      case 4: EXPECT_OK(store_->make_room(256 * kib)); break;
      default:
        store_->touch(pack.id());
        EXPECT_LE(store_->have(pack.id()).count(), pack.piece_count());
        EXPECT_LE(store_->packs().size(), packs.size());
      }
    }
  });
  for (auto& thread : threads) thread.join();
  EXPECT_LE(store_->held_bytes(), config_.quota_bytes);
  EXPECT_TRUE(store_->scrub(std::nullopt, nullptr)->empty());
  const auto before = store_->held_bytes();
  open();
  EXPECT_EQ(store_->held_bytes(), before);
  EXPECT_TRUE(store_->scrub(std::nullopt, nullptr)->empty());
  EXPECT_TRUE(store_->warnings().empty());
}

// The reader must lose against the evictor now and then, and never see its hole. A long piece in
// memory takes longer to read than to punch.
TEST_F(StoreThreadsTest, AnEvictionDuringAReadIsNoticed) {
  const sample_pack pack{1, 4 * mib, 4 * mib};
  const scratch_directory fast{memory_directory()};
  config_.directory = fast.path();
  config_.quota_bytes = pack.bytes.size();
  open();
  add(pack);
  std::atomic<bool> done = false;
  std::atomic<int> hits = 0;
  std::atomic<int> holes = 0;
  std::thread reader{[&] {
    std::vector<std::byte> got(pack.bytes.size());
    while (!done) {
      if (!store_->read(pack.id(), 0, got)) continue;
      ++hits;
      if (got != pack.bytes) ++holes;
    }
  }};
  for (int i = 0; i < 100; ++i) {
    const int before = hits;
    EXPECT_OK(store_->put_verified_piece(pack.id(), 0, pack.bytes));
    // Some reads are whole; what the others meet is up to chance.
    while (i % 10 == 0 && hits == before) std::this_thread::yield();
    EXPECT_OK(store_->make_room(pack.bytes.size()));
  }
  done = true;
  reader.join();
  EXPECT_EQ(holes, 0);
  EXPECT_GT(hits, 0);
  close();
}

// Its hole would otherwise be punched into the new bytes.
TEST_F(StoreThreadsTest, APieceThatIsBeingEvictedIsPutAgainOnlyAfterwards) {
  const sample_pack pack{1, 64 * kib};
  config_.quota_bytes = 2 * pack.bytes.size();
  open();
  add(pack);
  std::atomic<bool> done = false;
  std::atomic<int> holes = 0;
  std::thread writer{[&] {
    while (!done) {
      EXPECT_OK(store_->put_verified_piece(pack.id(), 0, pack.bytes));
      std::vector<std::byte> got(pack.bytes.size());
      if (store_->read(pack.id(), 0, got) && got != pack.bytes) ++holes;
    }
  }};
  int evictions = 0;
  for (int i = 0; i < 100 || (evictions == 0 && i < 10'000); ++i) {
    EXPECT_OK(store_->sync());
    const auto made = store_->make_room(config_.quota_bytes);
    if (made) ++evictions;
    // While the piece is being written it counts against the quota and cannot be evicted.
    else EXPECT_EQ(made.error().code, errc::no_space) << made.error().message;
  }
  done = true;
  writer.join();
  EXPECT_EQ(holes, 0);
  EXPECT_GT(evictions, 0);
  put(pack, 0);
  EXPECT_TRUE(reads_back(*store_, pack));
}

TEST_F(StoreThreadsTest, EqualPiecesPutAtOnceCountOnce) {
  const sample_pack pack{1, 20 * 64 * kib};
  add(pack);
  std::vector<std::thread> writers;
  for (int i = 0; i < 4; ++i) {
    writers.emplace_back([&] {
      for (std::uint32_t piece = 0; piece < pack.piece_count(); ++piece) put(pack, piece);
    });
  }
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(store_->held_bytes(), pack.bytes.size());
  EXPECT_TRUE(reads_back(*store_, pack));
}

} // namespace
} // namespace shoal::swarm::test
