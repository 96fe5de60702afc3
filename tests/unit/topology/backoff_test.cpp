#include "topology/backoff.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace shoal::topology {
namespace {

using namespace std::chrono_literals;

constexpr backoff_limits limits{100ms, 500ms};
constexpr auto random_max = std::numeric_limits<std::uint32_t>::max();

TEST(BackoffTest, DoesNotWaitBeforeTheFirstFailure) {
  EXPECT_EQ(backoff(0, random_max, limits), 0ms);
}

TEST(BackoffTest, DoublesItsWaitsUpToTheLongest) {
  EXPECT_EQ(backoff(1, 0, limits), 50ms);
  EXPECT_EQ(backoff(2, 0, limits), 100ms);
  EXPECT_EQ(backoff(3, 0, limits), 200ms);
  EXPECT_EQ(backoff(4, 0, limits), 250ms);
  EXPECT_EQ(backoff(5, 0, limits), 250ms);
}

TEST(BackoffTest, StaysAtTheLongestAfterEverSoManyFailures) {
  for (const auto failures : {21u, 22u, 33u, 65u, random_max}) {
    EXPECT_EQ(backoff(failures, 0, limits), 250ms) << failures;
    EXPECT_EQ(backoff(failures, 0), 5000ms) << failures;
  }
}

TEST(BackoffTest, SpreadsEachWaitOverHalfOfIt) {
  EXPECT_EQ(backoff(1, 0, limits), 50ms);
  EXPECT_EQ(backoff(1, 25, limits), 75ms);
  EXPECT_EQ(backoff(1, 50, limits), 100ms);
  for (std::uint32_t step = 0; step < 1000; ++step) {
    const auto wait = backoff(3, step * (random_max / 999), limits);
    EXPECT_GE(wait, 200ms);
    EXPECT_LE(wait, 400ms);
  }
}

} // namespace
} // namespace shoal::topology
