// Actors on a scheduler that the test drives: nothing happens until `run` or `advance`, and time is
// what the test says. Wraps CAF 0.17's test_coordinator, because <caf/test/dsl.hpp> defines macros
// named like GoogleTest's.
//
// Threads: the test's own. Errors: `ask` answers the actor's error, or request_timeout (a test
//          failure, too) when nothing was answered.
#pragma once

#include "topology/assert.hpp"

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include <algorithm>
#include <chrono>
#include <gtest/gtest.h>
#include <utility>

namespace shoal::test {

/// A fixture with an actor system of its own. `IdBlocks` are the `caf::id_block`s of the message
/// types the test sends. Keep actor handles in members of a derived fixture or in locals: the
/// system ends when nobody refers to its actors any more (`kill` those that refer to one another).
template <class... IdBlocks>
class deterministic_system : public ::testing::Test {
  struct configuration : caf::actor_system_config {
    configuration() {
      set("scheduler.policy", caf::atom("testing"));
      (add_message_types<IdBlocks>(), ...);
    }
  };
  configuration configuration_;

public:
  ~deterministic_system() override {
    // A delayed message keeps its receiver alive, and the system waits for all that live.
    do
      scheduler.clock().cancel_all();
    while (run() > 0);
  }

protected:
  caf::actor_system system{configuration_};
  caf::scheduler::test_coordinator& scheduler =
      dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  /// Sends and receives for the test.
  caf::scoped_actor self{system, true};

  /// Lets every actor handle all it was sent. @returns how many handlings that took.
  std::size_t run() {
    // Not the scheduler's own `run`, which lets time pass until no timeout is left: for ever, where
    // an actor has periodic work.
    std::size_t count = 0;
    while (scheduler.try_run_once())
      ++count;
    return count;
  }

  /// Lets time pass in steps, so that periodic work happens as often as it would.
  void advance(std::chrono::milliseconds time,
               std::chrono::milliseconds step = std::chrono::milliseconds{100}) {
    SHOAL_ASSERT(step.count() > 0);
    for (run(); time.count() > 0; time -= step) {
      scheduler.advance_time(std::min(time, step));
      run();
    }
  }

  /// Asks an actor and lets all actors run until it answers; no time passes. @pre `self` has no
  /// other message waiting that nobody received.
  template <class Answer, class Handle, class... Arguments>
  caf::expected<Answer> ask(const Handle& actor, Arguments&&... arguments) {
    auto pending = self->request(actor, caf::infinite, std::forward<Arguments>(arguments)...);
    run();
    if (!self->has_next_message()) {
      ADD_FAILURE() << "no answer; does it need time to pass?";
      return caf::make_error(caf::sec::request_timeout);
    }
    caf::expected<Answer> answer{caf::make_error(caf::sec::runtime_error)};
    pending.receive([&](Answer& value) { answer = std::move(value); },
                    [&](caf::error& fault) { answer = std::move(fault); });
    return answer;
  }

  /// Ends an actor and lets everybody notice.
  template <class Handle>
  void kill(const Handle& actor) {
    caf::anon_send_exit(actor, caf::exit_reason::kill);
    run();
  }
};

} // namespace shoal::test
