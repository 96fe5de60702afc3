#include "tools/simulator/event_queue.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>

namespace shoal::simulator {
namespace {

TEST(EventQueueTest, RunsEventsByTimeAndEqualOnesAsTheyWerePutIn) {
  event_queue events;
  std::string order;
  events.at(2, [&] { order += 'c'; });
  events.at(1, [&] { order += 'a'; });
  events.at(2, [&] { order += 'd'; });
  events.at(1, [&] { order += 'b'; });
  events.run();
  EXPECT_EQ(order, "abcd");
  EXPECT_EQ(events.now(), 2);
  EXPECT_EQ(events.executed(), 4u);
}

TEST(EventQueueTest, AnEventMayPutInMoreAtItsOwnInstant) {
  event_queue events;
  std::string order;
  events.at(1, [&] {
    order += 'a';
    events.after(0, [&] { order += 'c'; });
  });
  events.at(1, [&] { order += 'b'; });
  events.run();
  EXPECT_EQ(order, "abc");
}

TEST(EventQueueTest, ACancelledEventNeverRunsAndIsCancelledOnce) {
  event_queue events;
  int ran = 0;
  const auto first = events.at(1, [&] { ++ran; });
  const auto second = events.at(2, [&] { ++ran; });
  EXPECT_TRUE(events.cancel(first));
  EXPECT_FALSE(events.cancel(first));
  events.run();
  EXPECT_EQ(ran, 1);
  EXPECT_FALSE(events.cancel(second));
  EXPECT_FALSE(events.cancel(event_id{}));
}

TEST(EventQueueTest, AnIdOfAnEventThatRanDoesNotCancelTheNextInItsPlace) {
  event_queue events;
  const auto old = events.at(1, [] {});
  events.run();
  bool ran = false;
  events.at(2, [&] { ran = true; });
  EXPECT_FALSE(events.cancel(old));
  events.run();
  EXPECT_TRUE(ran);
}

TEST(EventQueueTest, RunUntilStopsAtTheGivenTimeAndSetsTheClock) {
  event_queue events;
  int ran = 0;
  for (int i = 1; i <= 5; ++i)
    events.at(i, [&] { ++ran; });
  events.run_until(3);
  EXPECT_EQ(ran, 3);
  EXPECT_EQ(events.now(), 3);
  EXPECT_EQ(events.next_time(), 4);
  EXPECT_EQ(events.size(), 2u);
}

TEST(EventQueueTest, KeepsOrderWhenMostEventsAreCancelled) {
  event_queue events;
  std::mt19937_64 random{7};
  std::vector<event_id> ids;
  double last = 0;
  std::size_t ran = 0;
  for (int i = 0; i < 20000; ++i) {
    const auto when = static_cast<double>(random() % 1000);
    ids.push_back(events.at(when, [&] {
      EXPECT_GE(events.now(), last);
      last = events.now();
      ++ran;
    }));
  }
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i % 10 == 0) continue;
    EXPECT_TRUE(events.cancel(ids[i]));
  }
  events.run();
  EXPECT_EQ(ran, 2000u);
}

TEST(ActionTest, LargeCallablesAreMovedAndFreed) {
  const auto counted = std::make_shared<int>(0);
  {
    action first{[counted] { ++*counted; }};
    EXPECT_EQ(counted.use_count(), 2);
    auto second = std::move(first);
    EXPECT_FALSE(first);
    second();
    EXPECT_EQ(counted.use_count(), 2);
  }
  EXPECT_EQ(*counted, 1);
  EXPECT_EQ(counted.use_count(), 1);
}

} // namespace
} // namespace shoal::simulator
