#include "swarm/store/pin_record.hpp"

#include "swarm/crypto/sha256.hpp"

#include <gtest/gtest.h>

#include <random>

namespace shoal::swarm {
namespace {

const pin_counts some_pins{{"image web:1", 1}, {"publisher", 2}, {"vm 42", 4'000'000'000}};

TEST(PinRecordTest, ComesBackAsItWasWritten) {
  for (const auto& pins : {pin_counts{}, some_pins}) {
    const auto decoded = decode_pins(encode_pins(pins, sha256), sha256);
    ASSERT_TRUE(decoded.ok()) << decoded.error().message;
    EXPECT_EQ(*decoded, pins);
  }
}

TEST(PinRecordTest, NoMutationOrTruncationIsAccepted) {
  const auto whole = encode_pins(some_pins, sha256);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(decode_pins(whole.substr(0, length), sha256).ok());
  }
  std::mt19937_64 random{7};
  for (int round = 0; round < 5'000; ++round) {
    auto text = whole;
    text[random() % text.size()] = static_cast<char>(random());
    EXPECT_EQ(decode_pins(text, sha256).ok(), text == whole);
  }
}

TEST(PinRecordTest, RefusesTextWithARightChecksumThatMakesNoSense) {
  const auto with_checksum = [](std::string text) {
    return text + "sha256 " + pack_id{sha256(std::as_bytes(std::span{text}))}.hex() + '\n';
  };
  EXPECT_TRUE(decode_pins(with_checksum("shoal pins 1\n1 a\n"), sha256).ok());
  for (const char* text : {"shoal pins 2\n1 a\n", "shoal pins 1\n1 a", "shoal pins 1\n0 a\n",
                           "shoal pins 1\n1 \n", "shoal pins 1\n-1 a\n", "shoal pins 1\na\n",
                           "shoal pins 1\n1 a\n1 a\n", "shoal pins 1\n99999999999 a\n",
                           "shoal pins 1\n1\n", "shoal pins 1\n\n"}) {
    EXPECT_FALSE(decode_pins(with_checksum(text), sha256).ok()) << text;
  }
}

TEST(PinRecordTest, OwnersAreLinesOfText) {
  EXPECT_TRUE(valid_pin_owner("image web:1"));
  EXPECT_FALSE(valid_pin_owner(""));
  EXPECT_FALSE(valid_pin_owner("two\nlines"));
  EXPECT_FALSE(valid_pin_owner(std::string(257, 'x')));
}

} // namespace
} // namespace shoal::swarm
