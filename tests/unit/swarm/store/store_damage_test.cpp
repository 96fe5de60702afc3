// What a store makes of damaged files: never a piece it cannot prove, never a refusal to open.
#include "store_fixture.hpp"

#include "swarm/store/have_record.hpp"

#include <fstream>

namespace shoal::swarm::test {
namespace {

class DamagedStoreTest : public StoreTest {
protected:
  DamagedStoreTest() {
    add_whole(pack_);
    add_whole(healthy_);
    EXPECT_OK(store_->sync());
    close();
  }

  static void overwrite(const std::filesystem::path& path, std::uint64_t at,
                        std::string_view with) {
    std::fstream out{path, std::ios::in | std::ios::out | std::ios::binary};
    out.seekp(static_cast<std::streamoff>(at));
    out << with;
    ASSERT_TRUE(out.flush().good());
  }

  /// The other pack is never affected, and scrubbing finds nothing that was reported as held.
  void expect_sound() {
    EXPECT_TRUE(reads_back(*store_, healthy_));
    const auto findings = store_->scrub(std::nullopt, nullptr);
    ASSERT_TRUE(findings.ok());
    EXPECT_TRUE(findings->empty());
    // Opening again finds the damage repaired.
    open();
    EXPECT_TRUE(store_->warnings().empty());
  }

  const sample_pack pack_{1, 10 * 64 * kib + 100};
  const sample_pack healthy_{2, 300 * kib};
  const std::uint64_t slot_bytes_ = have_slot_bytes(11);
};

TEST_F(DamagedStoreTest, OneDamagedSlotCostsNoPiece) {
  for (const auto slot : {0, 1}) {
    overwrite(layout_.record(pack_.id()), slot * slot_bytes_ + 20, "rot");
    open();
    EXPECT_FALSE(store_->warnings().empty());
    EXPECT_TRUE(reads_back(*store_, pack_));
    expect_sound();
    close();
  }
}

TEST_F(DamagedStoreTest, ADestroyedRecordCostsNoPieceThatVerifies) {
  overwrite(layout_.record(pack_.id()), 20, "rot");
  overwrite(layout_.record(pack_.id()), slot_bytes_ + 20, "rot");
  overwrite(layout_.data(pack_.id()), 3 * 64 * kib, "not what it was");
  open();
  EXPECT_EQ(store_->have(pack_.id()).count(), 10u);
  EXPECT_FALSE(store_->have(pack_.id()).contains(3));
  expect_sound();
}

TEST_F(DamagedStoreTest, AMissingRecordCostsNoPiece) {
  std::filesystem::remove(layout_.record(pack_.id()));
  open();
  EXPECT_TRUE(reads_back(*store_, pack_));
  expect_sound();
}

TEST_F(DamagedStoreTest, ARecordOfAnotherPackIsNotBelieved) {
  std::filesystem::copy_file(layout_.record(healthy_.id()), layout_.record(pack_.id()),
                             std::filesystem::copy_options::overwrite_existing);
  std::filesystem::resize_file(layout_.data(pack_.id()), 64 * kib);
  open();
  EXPECT_EQ(store_->have(pack_.id()).count(), 1u);
  expect_sound();
}

TEST_F(DamagedStoreTest, AShortenedDataFileLosesOnlyWhatIsGone) {
  std::filesystem::resize_file(layout_.data(pack_.id()), 5 * 64 * kib + 10);
  open();
  EXPECT_EQ(store_->have(pack_.id()).count(), 5u);
  EXPECT_TRUE(reads_back(*store_, pack_, 0, 5 * 64 * kib));
  EXPECT_EQ(store_->held_bytes(), 5 * 64 * kib + 300 * kib);
  expect_sound();
}

TEST_F(DamagedStoreTest, AMissingDataFileLosesThePiecesNotThePack) {
  std::filesystem::remove(layout_.data(pack_.id()));
  open();
  EXPECT_TRUE(store_->have(pack_.id()).empty());
  expect_sound();
  add_whole(pack_);
  EXPECT_TRUE(reads_back(*store_, pack_));
}

TEST_F(DamagedStoreTest, AHoleWhereTheRecordNamesAPieceIsNotServed) {
  close();
  const auto data = layout_.data(pack_.id());
  std::filesystem::resize_file(data, 64 * kib);
  std::filesystem::resize_file(data, pack_.bytes.size());
  open();
  EXPECT_EQ(store_->have(pack_.id()).count(), 1u);
  EXPECT_EQ(store_->held_bytes(), 64 * kib + 300 * kib);
  expect_sound();
}

TEST_F(DamagedStoreTest, ADamagedDescriptorHidesThePackUntilItIsAddedAgain) {
  overwrite(layout_.descriptor(pack_.id()), 70, "rot");
  open();
  EXPECT_FALSE(store_->warnings().empty());
  EXPECT_EQ(store_->packs().size(), 1u);
  add(pack_);
  EXPECT_TRUE(reads_back(*store_, pack_));
  expect_sound();
}

TEST_F(DamagedStoreTest, ContentWithADamagedDescriptorCanBePublishedAgain) {
  overwrite(layout_.descriptor(pack_.id()), 70, "rot");
  open();
  EXPECT_OK(publish(pack_));
  EXPECT_TRUE(reads_back(*store_, pack_));
  expect_sound();
}

TEST_F(DamagedStoreTest, UnreadablePinsStillPin) {
  open();
  EXPECT_OK(store_->pin(pack_.id(), "somebody"));
  close();
  overwrite(layout_.pins(pack_.id()), 3, "rot");
  open();
  EXPECT_FALSE(store_->warnings().empty());
  EXPECT_TRUE(status(pack_).pinned);
  EXPECT_FAILS(store_->forget(pack_.id()), errc::conflict);
  for (const auto& owner : store_->pins(pack_.id())) EXPECT_OK(store_->unpin(pack_.id(), owner));
  EXPECT_OK(store_->forget(pack_.id()));
}

TEST_F(DamagedStoreTest, WhatACrashLeftOfAForgottenPackIsRemoved) {
  std::filesystem::remove(layout_.descriptor(pack_.id()));
  std::ofstream{layout_.staging() / "17"} << "half a pack";
  open();
  EXPECT_FALSE(std::filesystem::exists(layout_.data(pack_.id())));
  EXPECT_FALSE(std::filesystem::exists(layout_.record(pack_.id())));
  EXPECT_TRUE(std::filesystem::is_empty(layout_.staging()));
  expect_sound();
}

TEST_F(DamagedStoreTest, FilesOfOthersAreLeftAloneAndTold) {
  std::ofstream{layout_.packs() / "notes.txt"} << "mine";
  open();
  EXPECT_TRUE(std::filesystem::exists(layout_.packs() / "notes.txt"));
  EXPECT_EQ(store_->warnings().size(), 1u);
}

TEST_F(DamagedStoreTest, ScrubFindsAndDropsWhatRotted) {
  overwrite(layout_.data(pack_.id()), 4 * 64 * kib + 17, "x");
  overwrite(layout_.data(pack_.id()), 10 * 64 * kib + 1, "y");
  open();
  std::uint64_t seen_bytes = 0;
  const auto findings = store_->scrub(pack_.id(), [&](std::uint64_t bytes) {
    seen_bytes = bytes;
    return true;
  });
  ASSERT_TRUE(findings.ok());
  ASSERT_EQ(findings->size(), 2u);
  EXPECT_EQ((*findings)[0].piece, 4u);
  EXPECT_EQ((*findings)[1].piece, 10u);
  EXPECT_EQ(seen_bytes, pack_.bytes.size());
  EXPECT_EQ(store_->have(pack_.id()).count(), 9u);
  put(pack_, 4);
  put(pack_, 10);
  EXPECT_TRUE(reads_back(*store_, pack_));
  expect_sound();
}

TEST_F(DamagedStoreTest, ScrubStopsWhenAsked) {
  open();
  int calls = 0;
  const auto findings = store_->scrub(std::nullopt, [&](std::uint64_t) { return ++calls < 3; });
  ASSERT_TRUE(findings.ok());
  EXPECT_EQ(calls, 3);
}

} // namespace
} // namespace shoal::swarm::test
