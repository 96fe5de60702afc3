#include "swarm/torrent/corruption.hpp"

#include <gtest/gtest.h>

namespace shoal::swarm {
namespace {

digest leaf(int value) {
  digest made{};
  made[0] = static_cast<std::byte>(value);
  return made;
}

const std::vector<digest> truth{leaf(1), leaf(2), leaf(3)};

TEST(CorruptionTest, TheOnlySenderIsGuilty) {
  corruption_record record;
  const auto told = record.failed(7, {{leaf(1), leaf(9), leaf(3)}, {"a", "a", "a"}});
  EXPECT_EQ(told.guilty, std::vector<std::string>{"a"});
}

TEST(CorruptionTest, OfSeveralSendersTheTrueHashesNameTheLiar) {
  corruption_record record;
  const auto told = record.failed(7, {{leaf(1), leaf(9), leaf(3)}, {"a", "b", "a"}});
  EXPECT_TRUE(told.guilty.empty());
  EXPECT_EQ(told.suspects, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(record.verified(7, truth), std::vector<std::string>{"b"});
  EXPECT_TRUE(record.verified(7, truth).empty());
}

TEST(CorruptionTest, APieceThatFailsForEverCostsTheOneWithTheMostBadPieces) {
  corruption_record record;
  record.failed(1, {truth, {"liar", "liar", "liar"}});
  blame told;
  for (int attempt = 0; attempt < 4; ++attempt) {
    told = record.failed(2, {truth, {"liar", "b", attempt % 2 == 0 ? "c" : "b"}});
  }
  EXPECT_EQ(told.guilty, std::vector<std::string>{"liar"});
}

} // namespace
} // namespace shoal::swarm
