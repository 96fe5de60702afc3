#include "swarm/crypto/sha256.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace shoal::swarm {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span{text.data(), text.size()});
}

std::string hex(const digest& value) { return chunk_id{value}.hex(); }

// The examples of FIPS 180-4 (NIST's "SHA256" example document).
TEST(Sha256Test, AgreesWithThePublishedExamples) {
  EXPECT_EQ(hex(sha256(bytes_of(""))),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(sha256(bytes_of("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha256(bytes_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256Test, HashesPartsAsTheWholeAndThenBeginsAnew) {
  sha256_stream stream;
  stream.update(bytes_of("ab"));
  stream.update(bytes_of("c"));
  EXPECT_EQ(stream.finish(), sha256(bytes_of("abc")));
  stream.update(bytes_of("other"));
  EXPECT_EQ(stream.finish(), sha256(bytes_of("other")));
}

} // namespace
} // namespace shoal::swarm
