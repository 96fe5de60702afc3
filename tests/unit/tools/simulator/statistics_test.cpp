#include "tools/simulator/statistics.hpp"

#include "tools/simulator/random_numbers.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace shoal::simulator {
namespace {

TEST(QuantileTest, IsLinearBetweenOrderStatistics) {
  const std::vector<double> sample{4, 1, 3, 2};
  EXPECT_DOUBLE_EQ(quantile(sample, 0), 1);
  EXPECT_DOUBLE_EQ(quantile(sample, 0.5), 2.5);
  EXPECT_DOUBLE_EQ(quantile(sample, 0.9), 3.7);
  EXPECT_DOUBLE_EQ(quantile(sample, 1), 4);
}

TEST(QuantileTest, OfOneValueIsThatValue) {
  const std::vector<double> sample{7};
  EXPECT_DOUBLE_EQ(quantile(sample, 0.9), 7);
}

TEST(MedianIntervalTest, OfTwentyValuesIsFromTheSixthToTheFifteenth) {
  std::vector<double> sample(20);
  std::iota(sample.begin(), sample.end(), 1);
  const auto found = median_interval(sample);
  EXPECT_DOUBLE_EQ(found.median, 10.5);
  EXPECT_DOUBLE_EQ(found.low, 6);
  EXPECT_DOUBLE_EQ(found.high, 15);
  EXPECT_NEAR(found.confidence, 0.9586, 1e-4);
}

TEST(MedianIntervalTest, SaysHowLittleTooFewValuesGive) {
  const std::vector<double> sample{3, 1, 2};
  const auto found = median_interval(sample);
  EXPECT_DOUBLE_EQ(found.low, 1);
  EXPECT_DOUBLE_EQ(found.high, 3);
  EXPECT_NEAR(found.confidence, 0.75, 1e-9);
}

TEST(MedianIntervalTest, CoversTheTrueMedianAsOftenAsItSays) {
  random_numbers random{1};
  int covered = 0;
  constexpr int rounds = 2'000;
  for (int i = 0; i < rounds; ++i) {
    std::vector<double> sample;
    for (int j = 0; j < 20; ++j)
      sample.push_back(random.uniform() * random.uniform());
    const auto found = median_interval(sample);
    // P(U V < x) = x (1 - ln x) is a half at 0.18668.
    covered += found.low <= 0.18668 && 0.18668 <= found.high;
  }
  EXPECT_NEAR(covered / double{rounds}, 0.9586, 0.015);
}

TEST(RandomNumbersTest, AreTheSameOnEveryPlatform) {
  random_numbers random{42, 7};
  const auto first = random.next();
  random_numbers again{42, 7};
  EXPECT_EQ(again.next(), first);
  EXPECT_NE(random_numbers(42, 8).next(), first);
  EXPECT_NE(random_numbers(43, 7).next(), first);
}

TEST(RandomNumbersTest, BelowGivesEveryNumberAboutEquallyOften) {
  random_numbers random{3};
  std::vector<int> seen(7, 0);
  for (int i = 0; i < 70'000; ++i)
    ++seen[random.below(7)];
  for (const auto count : seen)
    EXPECT_NEAR(count, 10'000, 400);
}

TEST(RandomNumbersTest, StratifiedNumbersFillEveryIntervalOnce) {
  random_numbers random{5};
  auto numbers = random.stratified(100);
  EXPECT_FALSE(std::ranges::is_sorted(numbers));
  std::ranges::sort(numbers);
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(static_cast<int>(numbers[std::size_t(i)] * 100), i);
}

} // namespace
} // namespace shoal::simulator
