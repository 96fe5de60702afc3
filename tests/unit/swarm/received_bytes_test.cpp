#include "swarm/received_bytes.hpp"

#include <gtest/gtest.h>

#include <random>

namespace shoal::swarm {
namespace {

const std::map<std::string, topology::place> places{{"rack", {"s", "c", "r"}},
                                                    {"cluster", {"s", "c", "q"}},
                                                    {"site", {"s", "d", "r"}},
                                                    {"far", {"t", "c", "r"}}};
const topology::place here{"s", "c", "r"};

pack_id pack_named(unsigned char first) {
  pack_id id{};
  id.bytes[0] = static_cast<std::byte>(first);
  return id;
}

TEST(ReceivedBytesTest, EveryByteIsSharedByThePlacesThatSent) {
  const auto parts = split_by_place(
      100, {{"rack", 20}, {"cluster", 10}, {"site", 10}, {"far", 40}, {"unknown", 20}}, here,
      places);
  EXPECT_EQ(parts,
            (fetch_amounts{.same_rack_bytes = 20, .same_site_bytes = 20, .other_sites_bytes = 60}));
}

TEST(ReceivedBytesTest, APlaceThatSentNothingGetsNoRemainder) {
  const auto parts = split_by_place(10, {{"cluster", 1}, {"far", 2}}, here, places);
  EXPECT_EQ(parts.same_rack_bytes, 0u);
  EXPECT_EQ(parts.same_site_bytes + parts.other_sites_bytes, 10u);
}

TEST(ReceivedBytesTest, NobodyIsNamedForBytesNobodySent) {
  EXPECT_EQ(split_by_place(10, {}, here, places), fetch_amounts{});
}

class SplitTest : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(SplitTest, PartsAddUpAndFollowWhatWasSent) {
  std::mt19937_64 random{GetParam()};
  // From a few bytes to more than a double counts exactly.
  const auto amount = [&] { return random() >> (2 + random() % 62); };
  for (int round = 0; round < 1000; ++round) {
    const sender_bytes sent{{"rack", random() % 2 * amount()},
                            {"site", random() % 2 * amount()},
                            {"far", random() % 2 * amount()}};
    const auto total = amount();
    const auto parts = split_by_place(total, sent, here, places);
    const auto all = sent.at("rack") + sent.at("site") + sent.at("far");
    EXPECT_EQ(parts.fetch_bytes(), all == 0 ? 0 : total);
    const auto fits = [&](std::uint64_t part, std::uint64_t of) {
      if (of == 0) return part == 0;
      const auto exact =
          static_cast<double>(total) * (static_cast<double>(of) / static_cast<double>(all));
      return std::abs(static_cast<double>(part) - exact) <= 1 + 1e-12 * static_cast<double>(total);
    };
    EXPECT_TRUE(fits(parts.same_rack_bytes, sent.at("rack")));
    EXPECT_TRUE(fits(parts.same_site_bytes, sent.at("site")));
    EXPECT_TRUE(fits(parts.other_sites_bytes, sent.at("far")));
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, SplitTest, ::testing::Range<std::uint64_t>(1, 11));

TEST(ReceivedBytesTest, OnlyWhatCameSinceIsCounted) {
  const auto mine = pack_named(1);
  const auto other = pack_named(2);
  const received_bytes before{{{mine, "a"}, 100}, {{mine, "b"}, 50}, {{mine, "d"}, 7}};
  const received_bytes now{{{mine, "a"}, 130},
                           {{mine, "b"}, 20},
                           {{mine, "c"}, 5},
                           {{mine, "d"}, 7},
                           {{other, "a"}, 1000}};
  // b was loaded anew meanwhile; d sent nothing more; the other pack is another image's.
  EXPECT_EQ(received_since(before, now, {mine}), (sender_bytes{{"a", 30}, {"b", 20}, {"c", 5}}));
}

} // namespace
} // namespace shoal::swarm
