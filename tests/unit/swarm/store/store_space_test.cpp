// Quota, reserve, eviction, and a disk that is full.
#include "store_fixture.hpp"

#include <cerrno>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <thread>

namespace shoal::swarm::test {
namespace {

using StoreSpaceTest = StoreTest;

TEST_F(StoreSpaceTest, TheQuotaIsHonouredToThePiece) {
  config_.quota_bytes = 4 * 64 * kib;
  open();
  const sample_pack pack{1, 5 * 64 * kib};
  add(pack);
  for (std::uint32_t piece = 0; piece < 4; ++piece) put(pack, piece);
  const auto refused = store_->put_piece(pack.id(), 4, pack.piece(4));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, errc::no_space);
  EXPECT_NE(refused.error().message.find("quota of 256.0 KiB"), std::string::npos)
      << refused.error().message;
  EXPECT_FALSE(store_->have(pack.id()).contains(4));
  EXPECT_EQ(store_->held_bytes(), store_->quota_bytes());
}

TEST_F(StoreSpaceTest, WhoeverPutsAtTheSameTimeCannotOvershootTheQuota) {
  config_.quota_bytes = 10 * 64 * kib;
  open();
  const sample_pack pack{1, 40 * 64 * kib};
  add(pack);
  std::vector<std::thread> writers;
  for (std::uint32_t first = 0; first < 4; ++first) {
    writers.emplace_back([&, first] {
      for (auto piece = first; piece < 40; piece += 4) {
        (void)store_->put_piece(pack.id(), piece, pack.piece(piece));
        EXPECT_LE(store_->held_bytes(), config_.quota_bytes);
      }
    });
  }
  for (auto& writer : writers) writer.join();
  // A claim that is given back may have refused somebody: not more than there were writers.
  EXPECT_LE(store_->have(pack.id()).count(), 10u);
  EXPECT_GE(store_->have(pack.id()).count(), 6u);
}

TEST_F(StoreSpaceTest, MakesRoomFromWhatWasUsedLongestAgo) {
  config_.quota_bytes = 30 * 64 * kib;
  open();
  const sample_pack a{1, 640 * kib};
  const sample_pack b{2, 640 * kib};
  const sample_pack c{3, 640 * kib};
  for (const auto* pack : {&a, &b, &c}) add_whole(*pack);
  store_->touch(a.id());
  open();
  EXPECT_OK(store_->make_room(12 * 64 * kib));
  EXPECT_EQ(status(b).piece_count_held, 0u);
  EXPECT_EQ(status(c).piece_count_held, 8u);
  EXPECT_EQ(status(a).piece_count_held, 10u);
  EXPECT_TRUE(reads_back(*store_, c, 0, 8 * 64 * kib));
  const sample_pack d{4, 12 * 64 * kib};
  add_whole(d);
  EXPECT_EQ(store_->held_bytes(), config_.quota_bytes);
}

TEST_F(StoreSpaceTest, EvictionGivesTheBytesBackToTheDisk) {
  config_.quota_bytes = 64 * 64 * kib;
  open();
  const sample_pack pack{1, 64 * 64 * kib};
  add_whole(pack);
  EXPECT_OK(store_->sync());
  EXPECT_GE(allocated_bytes(layout_.data(pack.id())), 64 * 64 * kib);
  EXPECT_OK(store_->make_room(48 * 64 * kib));
  EXPECT_LE(allocated_bytes(layout_.data(pack.id())), 17 * 64 * kib);
  EXPECT_EQ(std::filesystem::file_size(layout_.data(pack.id())), pack.bytes.size());
  open();
  EXPECT_EQ(store_->have(pack.id()).count(), 16u);
  EXPECT_TRUE(store_->warnings().empty());
}

TEST_F(StoreSpaceTest, PinnedPacksStayAndNothingIsSacrificedInVain) {
  config_.quota_bytes = 20 * 64 * kib;
  open();
  const sample_pack pinned{1, 640 * kib};
  const sample_pack loose{2, 640 * kib};
  add_whole(pinned);
  add_whole(loose);
  EXPECT_OK(store_->pin(pinned.id(), "vm 1"));
  EXPECT_FAILS(store_->make_room(11 * 64 * kib), errc::no_space);
  EXPECT_TRUE(store_->have(loose.id()).full());
  EXPECT_OK(store_->make_room(10 * 64 * kib));
  EXPECT_TRUE(store_->have(pinned.id()).full());
  EXPECT_TRUE(store_->have(loose.id()).empty());
}

TEST_F(StoreSpaceTest, AShortLastPieceCountsForWhatItIs) {
  config_.quota_bytes = 2 * 64 * kib + 10;
  open();
  const sample_pack pack{1, 2 * 64 * kib + 10};
  add_whole(pack);
  EXPECT_OK(store_->make_room(20));
  EXPECT_EQ(store_->have(pack.id()).count(), 1u);
}

TEST_F(StoreSpaceTest, AnEvictedPieceCanBePutAgain) {
  config_.quota_bytes = 10 * 64 * kib;
  open();
  const sample_pack pack{1, 640 * kib};
  for (int round = 0; round < 5; ++round) {
    add_whole(pack);
    EXPECT_TRUE(reads_back(*store_, pack));
    EXPECT_OK(store_->make_room((2 + round) * 64 * kib));
  }
}

TEST_F(StoreSpaceTest, TheReserveIsKeptFree) {
  struct statvfs disk {};
  ASSERT_EQ(::statvfs(scratch_.path().c_str(), &disk), 0);
  config_.reserve_bytes = std::uint64_t{disk.f_blocks} * disk.f_frsize;
  open();
  const sample_pack pack{1, 100 * kib};
  add(pack);
  EXPECT_FAILS(store_->put_piece(pack.id(), 0, pack.piece(0)), errc::no_space);
  auto writer = store_->begin_pack(64 * kib);
  ASSERT_TRUE(writer.ok());
  EXPECT_FAILS((*writer)->append(pack.bytes), errc::no_space);
}

/// A file system of 8 MiB.
class FullDiskTest : public testing::Test {
protected:
  static constexpr std::uint32_t piece_bytes = 64 * kib;

  void SetUp() override {
    if (::mount("shoal-test", scratch_.path().c_str(), "tmpfs", 0, "size=8m") != 0) {
      GTEST_SKIP() << "mounting a small tmpfs needs root: " << std::strerror(errno);
    }
    mounted_ = true;
    auto opened = pack_store::open({.directory = scratch_.path(), .reserve_bytes = 0});
    ASSERT_TRUE(opened.ok()) << why(opened);
    store_ = std::move(*opened);
  }
  void TearDown() override {
    store_.reset();
    if (mounted_) {
      EXPECT_EQ(::umount2(scratch_.path().c_str(), MNT_DETACH), 0);
    }
  }

  scratch_directory scratch_;
  bool mounted_ = false;
  std::unique_ptr<pack_store> store_;
};

TEST_F(FullDiskTest, SaysNoSpaceAndWorksOnOnceSpaceIsFreed) {
  const sample_pack pack{1, 12 * mib, piece_bytes};
  EXPECT_OK(store_->add(pack.descriptor));
  std::uint32_t held = 0;
  result<void> done;
  while ((done = store_->put_piece(pack.id(), held, pack.piece(held)))) ++held;
  EXPECT_EQ(done.error().code, errc::no_space) << done.error().message;
  EXPECT_NE(done.error().message.find(scratch_.path().native()), std::string::npos);
  EXPECT_GT(held, 100u);
  EXPECT_EQ(store_->have(pack.id()).count(), held);
  EXPECT_OK(store_->sync());
  EXPECT_TRUE(reads_back(*store_, pack, 0, std::size_t{held} * piece_bytes));
  // Eviction needs no space itself.
  EXPECT_OK(store_->make_room(1 * mib));
  const auto kept = store_->have(pack.id()).count();
  EXPECT_LE(kept, held - 15);
  for (std::uint32_t piece = held; piece < held + 8; ++piece) {
    EXPECT_OK(store_->put_piece(pack.id(), piece, pack.piece(piece)));
  }
  EXPECT_OK(store_->sync());
  EXPECT_TRUE(store_->scrub(std::nullopt, nullptr)->empty());
}

// The file system fills between the store's look at it and its write.
TEST_F(FullDiskTest, AWriteThatFailsHalfWayLeavesNothingVisible) {
  const sample_pack pack{1, 4 * mib, 2 * mib};
  EXPECT_OK(store_->add(pack.descriptor));
  ASSERT_EQ(::mount("shoal-test", scratch_.path().c_str(), "tmpfs", MS_REMOUNT, "size=1m"), 0);
  const auto refused = store_->put_piece(pack.id(), 0, pack.piece(0));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, errc::no_space);
  EXPECT_TRUE(store_->have(pack.id()).empty());
  EXPECT_EQ(store_->held_bytes(), 0u);
  ASSERT_EQ(::mount("shoal-test", scratch_.path().c_str(), "tmpfs", MS_REMOUNT, "size=8m"), 0);
  EXPECT_OK(store_->put_piece(pack.id(), 0, pack.piece(0)));
  EXPECT_TRUE(reads_back(*store_, pack, 0, 2 * mib));
}

TEST_F(FullDiskTest, AddingAndPublishingFailCleanlyAndSucceedLater) {
  const sample_pack filler{1, 12 * mib, 16 * kib};
  EXPECT_OK(store_->add(filler.descriptor));
  std::uint32_t held = 0;
  while (store_->put_piece(filler.id(), held, filler.piece(held))) ++held;
  const sample_pack pack{2, 512 * kib, piece_bytes};
  EXPECT_FAILS(store_->add(pack.descriptor), errc::no_space);
  EXPECT_EQ(store_->packs().size(), 1u);
  {
    auto writer = store_->begin_pack(piece_bytes);
    ASSERT_TRUE(writer.ok()) << why(writer);
    EXPECT_FAILS((*writer)->append(pack.bytes), errc::no_space);
    EXPECT_EQ((*writer)->length_bytes(), 0u);
    EXPECT_OK(store_->make_room(1 * mib));
    EXPECT_OK((*writer)->append(pack.bytes));
    EXPECT_OK((*writer)->commit());
  }
  EXPECT_TRUE(reads_back(*store_, pack));
  store_.reset();
  auto opened = pack_store::open({.directory = scratch_.path(), .reserve_bytes = 0});
  ASSERT_TRUE(opened.ok());
  store_ = std::move(*opened);
  EXPECT_TRUE(reads_back(*store_, pack));
}

} // namespace
} // namespace shoal::swarm::test
