#include "web/backoff.hpp"

#include <gtest/gtest.h>

namespace shoal::web {
namespace {

using namespace std::chrono_literals;

TEST(BackoffTest, DoublesItsWaitsUpToTheLongest) {
  backoff waits{100ms, 500ms};
  EXPECT_EQ(waits.next(0), 50ms);
  EXPECT_EQ(waits.next(0), 100ms);
  EXPECT_EQ(waits.next(0), 200ms);
  EXPECT_EQ(waits.next(0), 250ms);
  EXPECT_EQ(waits.next(0), 250ms);
}

TEST(BackoffTest, SpreadsEachWaitOverHalfOfIt) {
  backoff waits{1000ms, 1000ms};
  EXPECT_EQ(waits.next(0), 500ms);
  EXPECT_EQ(waits.next(0.5), 750ms);
  EXPECT_EQ(waits.next(0.999), 999ms);
}

TEST(BackoffTest, BeginsAnewAfterASuccess) {
  backoff waits{100ms, 10s};
  for (int i = 0; i < 5; ++i)
    static_cast<void>(waits.next(0));
  waits.reset();
  EXPECT_EQ(waits.next(0), 50ms);
}

} // namespace
} // namespace shoal::web
