#include "tools/simulator/seeds.hpp"

#include <gtest/gtest.h>

namespace shoal::simulator {
namespace {

using list = std::vector<std::uint64_t>;

TEST(SeedsTest, ReadsNumbersAndRanges) {
  EXPECT_EQ(*parse_seeds("7"), list{7});
  EXPECT_EQ(*parse_seeds("1..4"), (list{1, 2, 3, 4}));
  EXPECT_EQ(*parse_seeds("3..4,9,1"), (list{3, 4, 9, 1}));
}

TEST(SeedsTest, TakesEachSeedOnce) { EXPECT_EQ(*parse_seeds("1..3,2..4"), (list{1, 2, 3, 4})); }

TEST(SeedsTest, RefusesWhatIsNoRangeAndNamesIt) {
  for (const auto* text : {"", "x", "1..", "..4", "4..1", "1,,2", "-1", "1...3", "0..99999999",
                           "18446744073709551616"}) {
    const auto parsed = parse_seeds(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, errc::invalid_argument);
    EXPECT_NE(parsed.error().message.find("'" + std::string{text} + "'"), std::string::npos);
  }
}

TEST(SeedsTest, ReadsTheGreatestSeed) {
  EXPECT_EQ(*parse_seeds("18446744073709551614..18446744073709551615"),
            (list{18446744073709551614ull, 18446744073709551615ull}));
}

} // namespace
} // namespace shoal::simulator
