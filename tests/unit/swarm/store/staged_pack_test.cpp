// Packs as publishers write them.
#include "store_fixture.hpp"

#include <thread>

namespace shoal::swarm::test {
namespace {

using StagedPackTest = StoreTest;

TEST_F(StagedPackTest, HashesAsTheWholePackWouldHoweverTheBytesCome) {
  std::mt19937_64 random{3};
  for (const std::size_t length : {1u, 16 * kib, 16 * kib + 1, 40 * kib, 64 * kib, 64 * kib + 1,
                                   128 * kib, 500 * kib + 3}) {
    const sample_pack pack{length, length};
    auto writer = store_->begin_pack(64 * kib);
    ASSERT_TRUE(writer.ok());
    for (std::size_t at = 0; at < length;) {
      const auto part = std::min<std::size_t>(length - at, 1 + random() % (50 * kib));
      const auto offset = (*writer)->append(std::span{pack.bytes}.subspan(at, part));
      ASSERT_TRUE(offset.ok()) << why(offset);
      EXPECT_EQ(*offset, at);
      at += part;
    }
    EXPECT_EQ((*writer)->length_bytes(), length);
    const auto committed = (*writer)->commit();
    ASSERT_TRUE(committed.ok()) << why(committed);
    EXPECT_EQ(*committed, pack.descriptor);
    EXPECT_TRUE(reads_back(*store_, pack));
    EXPECT_TRUE(status(pack).pinned);
    EXPECT_EQ(store_->pins(pack.id()), std::vector<std::string>{unregistered_pin});
  }
  open();
  EXPECT_EQ(store_->packs().size(), 8u);
  EXPECT_TRUE(store_->scrub(std::nullopt, nullptr)->empty());
  EXPECT_TRUE(store_->warnings().empty());
}

TEST_F(StagedPackTest, IsInvisibleAndLeavesNothingUntilCommitted) {
  const sample_pack pack{1, 300 * kib};
  {
    auto writer = store_->begin_pack(64 * kib);
    ASSERT_TRUE(writer.ok());
    EXPECT_OK((*writer)->append(pack.bytes));
    EXPECT_TRUE(store_->packs().empty());
    EXPECT_EQ(store_->held_bytes(), 0u);
  }
  EXPECT_TRUE(std::filesystem::is_empty(layout_.staging()));
  EXPECT_TRUE(std::filesystem::is_empty(layout_.packs()));
}

TEST_F(StagedPackTest, CommittingTheSameContentTwiceKeepsItOnce) {
  const sample_pack pack{1, 300 * kib};
  EXPECT_OK(publish(pack));
  EXPECT_OK(publish(pack));
  EXPECT_EQ(store_->held_bytes(), pack.bytes.size());
  EXPECT_EQ(store_->pins(pack.id()).size(), 2u);
  EXPECT_TRUE(std::filesystem::is_empty(layout_.staging()));
  EXPECT_TRUE(reads_back(*store_, pack));
}

TEST_F(StagedPackTest, CommittingCompletesAPackThatWasHeldInPart) {
  const sample_pack pack{1, 300 * kib};
  add(pack);
  put(pack, 2);
  EXPECT_OK(publish(pack));
  EXPECT_TRUE(store_->have(pack.id()).full());
  EXPECT_EQ(store_->held_bytes(), pack.bytes.size());
  open();
  EXPECT_TRUE(reads_back(*store_, pack));
}

TEST_F(StagedPackTest, EqualContentCutIntoOtherPiecesIsTheSamePack) {
  const sample_pack pack{1, 300 * kib, 64 * kib};
  const sample_pack coarser{1, 300 * kib, 128 * kib};
  ASSERT_EQ(pack.id(), coarser.id());
  add(pack);
  EXPECT_FAILS(store_->add(coarser.descriptor), errc::conflict);
  const auto committed = publish(coarser);
  ASSERT_TRUE(committed.ok()) << why(committed);
  EXPECT_EQ(*committed, pack.descriptor);
  EXPECT_TRUE(reads_back(*store_, pack));
}

TEST_F(StagedPackTest, TwoPublishersRacingOnEqualContentAreBothRight) {
  const sample_pack pack{1, 2 * mib};
  std::vector<std::thread> publishers;
  for (int i = 0; i < 4; ++i) publishers.emplace_back([&] { EXPECT_OK(publish(pack)); });
  for (auto& publisher : publishers) publisher.join();
  EXPECT_EQ(store_->held_bytes(), pack.bytes.size());
  EXPECT_TRUE(reads_back(*store_, pack));
  EXPECT_EQ(store_->pins(pack.id()).size(), 4u);
}

TEST_F(StagedPackTest, WhatIsBeingWrittenCountsAgainstTheQuota) {
  config_.quota_bytes = 400 * kib;
  open();
  const sample_pack pack{1, 300 * kib};
  const sample_pack other{2, 300 * kib};
  auto writer = store_->begin_pack(64 * kib);
  ASSERT_TRUE(writer.ok());
  EXPECT_OK((*writer)->append(pack.bytes));
  EXPECT_FAILS(publish(other), errc::no_space);
  EXPECT_OK((*writer)->commit());
  EXPECT_FAILS(publish(other), errc::no_space);
  EXPECT_OK(store_->unpin(pack.id(), unregistered_pin));
  EXPECT_OK(store_->make_room(other.bytes.size()));
  EXPECT_OK(publish(other));
}

TEST_F(StagedPackTest, RefusesAPieceSizeThatIsNone) {
  for (const std::uint32_t bytes : {0u, 1u, 8 * kib, 48 * kib, 0x8000'0000u}) {
    EXPECT_FAILS(store_->begin_pack(bytes), errc::invalid_argument);
  }
}

} // namespace
} // namespace shoal::swarm::test
