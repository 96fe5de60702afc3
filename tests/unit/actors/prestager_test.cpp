#include "actors/prestager.hpp"

#include "actors/job_board.hpp"
#include "tests/support/deterministic_system.hpp"

#include <gmock/gmock.h>

namespace shoal::actors {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// What the board was asked, and how its gets are.
struct board_log {
  std::vector<get_order> gets;
  std::vector<job_id> cancelled;
  job_status next{.phase = "fetching"};
  bool closed = false;
};

job_board_actor::behavior_type fake_board(job_board_actor::pointer, board_log* log) {
  return {[](const start_publish&) { return job_status{}; },
          [log](const start_get& start) -> caf::result<job_status> {
            if (log->closed) return to_caf({errc::cancelled, "the node is shutting down"});
            log->gets.push_back(start.order);
            auto status = log->next;
            status.id = log->gets.size();
            return status;
          },
          [](const start_verify&) { return job_status{}; },
          [](const start_prestage&) { return job_status{}; }, [](const job_report&) {},
          [log](const ask_job& ask) {
            auto status = log->next;
            status.id = ask.id;
            return status;
          },
          [](const ask_jobs&) { return job_list{}; },
          [log](const cancel_job& order) {
            log->cancelled.push_back(order.id);
            return wire::Ack{};
          },
          [](const please_stop&) { return wire::Ack{}; }};
}

class PrestagerTest : public test::deterministic_system<> {
protected:
  void SetUp() override {
    caf::anon_send(orders, use_board{caf::actor_cast<caf::actor>(board)});
    run();
  }
  void TearDown() override {
    kill(orders);
    kill(board);
  }
  static wire::Prestage order(std::uint32_t attempt = 1) {
    wire::Prestage out;
    out.set_order("h9/1/5");
    out.set_name("web");
    out.set_version("1");
    out.set_attempt(attempt);
    out.set_download_bytes_per_second_max(1000);
    return out;
  }
  static wire::CancelPrestage cancellation() {
    wire::CancelPrestage out;
    out.set_order("h9/1/5");
    return out;
  }

  board_log log;
  job_board_actor board = system.spawn(fake_board, &log);
  prestager_actor orders = system.spawn(prestager, "h1");
};

TEST_F(PrestagerTest, AnOrderIsAGetWithoutAFileAndAskingAgainIsNoSecondOne) {
  ASSERT_TRUE(ask<wire::PrestageProgress>(orders, order()));
  log.next.done_bytes = 30;
  log.next.total_bytes = 100;
  const auto progress = ask<wire::PrestageProgress>(orders, order());
  ASSERT_TRUE(progress);
  ASSERT_EQ(log.gets.size(), 1u);
  EXPECT_EQ(log.gets[0].image, "web:1");
  EXPECT_EQ(log.gets[0].to_file, "");
  EXPECT_EQ(log.gets[0].download_bytes_per_second_max, 1000u);
  EXPECT_TRUE(progress->running());
  EXPECT_EQ(progress->attempt(), 1u);
  EXPECT_EQ(progress->done_bytes(), 30u);
  EXPECT_EQ(progress->total_bytes(), 100u);
}

TEST_F(PrestagerTest, AnOrderThatComesTwiceBeforeTheGetRunsIsOneGet) {
  auto first = self->request(orders, caf::infinite, order());
  auto second = self->request(orders, caf::infinite, order());
  run();
  for (auto* pending : {&first, &second}) {
    pending->receive([](wire::PrestageProgress& progress) { EXPECT_TRUE(progress.running()); },
                     [](caf::error&) { FAIL(); });
  }
  EXPECT_EQ(log.gets.size(), 1u);
}

TEST_F(PrestagerTest, AFailureIsToldAndAHigherAttemptBeginsAnew) {
  log.next.state = job_state::failed;
  log.next.fault = error{errc::no_space, "full"};
  ASSERT_TRUE(ask<wire::PrestageProgress>(orders, order()));
  const auto failed = ask<wire::PrestageProgress>(orders, order());
  EXPECT_FALSE(failed->running());
  EXPECT_EQ(static_cast<errc>(failed->fault_code()), errc::no_space);
  EXPECT_EQ(failed->fault_text(), "full");
  EXPECT_EQ(log.gets.size(), 1u);
  log.next = {.phase = "fetching"};
  EXPECT_TRUE(ask<wire::PrestageProgress>(orders, order(2))->running());
  EXPECT_EQ(log.gets.size(), 2u);
}

TEST_F(PrestagerTest, CancellingStopsTheOrdersGetOnly) {
  ASSERT_TRUE(ask<wire::Ack>(orders, cancellation()));
  EXPECT_THAT(log.cancelled, IsEmpty());
  ASSERT_TRUE(ask<wire::PrestageProgress>(orders, order()));
  ASSERT_TRUE(ask<wire::Ack>(orders, cancellation()));
  EXPECT_THAT(log.cancelled, ElementsAre(1u));
}

TEST_F(PrestagerTest, ACancellationThatOvertakesTheGetStopsItAllTheSame) {
  auto begun = self->request(orders, caf::infinite, order());
  auto cancelled = self->request(orders, caf::infinite, cancellation());
  run();
  begun.receive([](wire::PrestageProgress&) {}, [](caf::error&) { FAIL(); });
  cancelled.receive([](wire::Ack&) {}, [](caf::error&) { FAIL(); });
  EXPECT_THAT(log.cancelled, ElementsAre(1u));
}

TEST_F(PrestagerTest, WhatTheBoardRefusedMayBeOrderedAgainUnderTheSameAttempt) {
  log.closed = true;
  const auto refused = ask<wire::PrestageProgress>(orders, order());
  ASSERT_FALSE(refused);
  EXPECT_EQ(from_caf(refused.error()).code, errc::cancelled);
  log.closed = false;
  EXPECT_TRUE(ask<wire::PrestageProgress>(orders, order()));
  EXPECT_EQ(log.gets.size(), 1u);
}

TEST_F(PrestagerTest, AHostThatStillStartsIsAwayForNow) {
  const auto early = system.spawn(prestager, "h1");
  const auto answer = ask<wire::PrestageProgress>(early, order());
  ASSERT_FALSE(answer);
  EXPECT_EQ(from_caf(answer.error()).code, errc::unreachable);
}

} // namespace
} // namespace shoal::actors
