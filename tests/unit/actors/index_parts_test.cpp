#include "actors/index_parts.hpp"

#include <gtest/gtest.h>

namespace shoal::actors {
namespace {

constexpr std::size_t frame = 4096;

wire::IndexMessage message_of(std::uint64_t sequence) {
  wire::IndexMessage made;
  made.set_kind(0);
  made.mutable_from()->set_path("h1");
  made.mutable_to()->set_level(1);
  made.mutable_to()->set_path("s/c/r1");
  made.set_session(3);
  made.set_sequence(sequence);
  made.set_complete(true);
  return made;
}

std::string id_of(int number) {
  std::string id(32, '\0');
  id[0] = static_cast<char>(number);
  id[1] = static_cast<char>(number >> 8);
  return id;
}

wire::IndexMessage storm(std::uint64_t sequence, int packs) {
  auto made = message_of(sequence);
  for (int i = 0; i < packs; ++i) {
    auto& held = *made.add_packs();
    held.set_pack(id_of(i));
    held.set_piece_count(100);
    held.set_bitmap(std::string(13, '\1'));
    made.add_dropped(id_of(10'000 + i));
  }
  return made;
}

std::vector<wire::IndexMail> cut_one(const wire::IndexMessage& message) {
  wire::IndexMail mail;
  *mail.add_messages() = message;
  return cut(mail, frame);
}

TEST(IndexPartsTest, MailThatFitsStaysAsItIs) {
  const auto mails = cut_one(storm(1, 10));
  ASSERT_EQ(mails.size(), 1u);
  EXPECT_FALSE(is_part(mails[0].messages(0)));
}

TEST(IndexPartsTest, ALongMessageFitsIntoFramesAndComesOutAsItWas) {
  const auto sent = storm(1, 5'000);
  const auto mails = cut_one(sent);
  EXPECT_GT(mails.size(), 50u);
  index_parts parts;
  std::optional<wire::IndexMessage> whole;
  for (const auto& mail : mails) {
    EXPECT_LE(mail.ByteSizeLong(), frame);
    for (const auto& part : mail.messages()) {
      EXPECT_FALSE(whole);
      auto taken = parts.take(part);
      ASSERT_TRUE(taken.ok()) << taken.error().message;
      whole = std::move(*taken);
    }
  }
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->SerializeAsString(), sent.SerializeAsString());
  EXPECT_EQ(parts.bytes(), 0u);
}

TEST(IndexPartsTest, AnAnswerLongerThanAFrameIsCutBetweenItsHosts) {
  auto sent = message_of(1);
  auto& answer = *sent.add_answers();
  answer.set_pack(id_of(1));
  answer.set_piece_count(8'000);
  for (int i = 0; i < 40; ++i) {
    auto& host = i < 20 ? *answer.add_holders() : *answer.add_fetchers();
    host.set_host("h" + std::to_string(i));
    host.set_bitmap(std::string(1'000, static_cast<char>(i)));
  }
  index_parts parts;
  int holders = 0;
  int fetchers = 0;
  for (const auto& mail : cut_one(sent)) {
    EXPECT_LE(mail.ByteSizeLong(), frame);
    for (const auto& part : mail.messages()) {
      const auto taken = parts.take(part);
      ASSERT_TRUE(taken.ok());
      if (!*taken) continue;
      for (const auto& one : (*taken)->answers()) {
        EXPECT_EQ(one.pack(), id_of(1));
        EXPECT_EQ(one.piece_count(), 8'000u);
        holders += one.holders_size();
        fetchers += one.fetchers_size();
      }
    }
  }
  EXPECT_EQ(holders, 20);
  EXPECT_EQ(fetchers, 20);
}

TEST(IndexPartsTest, OrdersToServeAreCutToo) {
  wire::IndexMail mail;
  for (int i = 0; i < 1'000; ++i)
    mail.add_serve(id_of(i));
  int count = 0;
  for (const auto& one : cut(mail, frame)) {
    EXPECT_LE(one.ByteSizeLong(), frame);
    count += one.serve_size();
  }
  EXPECT_EQ(count, 1'000);
}

TEST(IndexPartsTest, APartOutOfTurnIsRefusedAndTheMessageCanBeginAnew) {
  const auto mails = cut_one(storm(1, 500));
  ASSERT_GE(mails.size(), 3u);
  const auto part = [&](std::size_t number) { return mails[number].messages(0); };
  index_parts parts;
  EXPECT_EQ(parts.take(part(1)).error().code, errc::conflict);
  ASSERT_TRUE(parts.take(part(0)).ok());
  EXPECT_EQ(parts.take(part(2)).error().code, errc::conflict);
  EXPECT_EQ(parts.bytes(), 0u);
  // A part of another message is none of this one.
  ASSERT_TRUE(parts.take(part(0)).ok());
  auto other = part(1);
  other.set_sequence(2);
  EXPECT_EQ(parts.take(other).error().code, errc::conflict);
  for (std::size_t i = 0; i + 1 < mails.size(); ++i)
    ASSERT_TRUE(parts.take(part(i)).ok());
  const auto whole = parts.take(part(mails.size() - 1));
  ASSERT_TRUE(whole.ok() && *whole);
  EXPECT_EQ((*whole)->packs_size(), 500);
}

TEST(IndexPartsTest, MessagesThatNeverEndCostNoMoreThanTheLimit) {
  const auto mails = cut_one(storm(1, 500));
  index_parts parts{10 * frame};
  bool refused = false;
  for (int host = 0; host < 100; ++host) {
    auto part = mails[0].messages(0);
    part.mutable_from()->set_path("h" + std::to_string(host));
    const auto taken = parts.take(part);
    refused = refused || !taken.ok();
    EXPECT_LE(parts.bytes(), 10 * frame);
  }
  EXPECT_TRUE(refused);
}

} // namespace
} // namespace shoal::actors
