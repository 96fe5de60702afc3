#include "tests/support/deterministic_system.hpp"

namespace shoal::test {
namespace {

using namespace std::chrono_literals;

using counter_actor =
    caf::typed_actor<caf::reacts_to<caf::tick_atom>, caf::replies_to<caf::get_atom>::with<int>,
                     caf::replies_to<caf::get_atom, int>::with<int>>;

struct counter_state {
  int ticks = 0;
};

counter_actor::behavior_type counter(counter_actor::stateful_pointer<counter_state> self) {
  self->delayed_send(self, 10s, caf::tick_atom::value);
  return {[self](caf::tick_atom) {
            ++self->state.ticks;
            self->delayed_send(self, 10s, caf::tick_atom::value);
          },
          [self](caf::get_atom) { return self->state.ticks; },
          [](caf::get_atom, int divisor) -> caf::result<int> {
            if (divisor == 0) return caf::sec::invalid_argument;
            return 100 / divisor;
          }};
}

class DeterministicSystemTest : public deterministic_system<> {
protected:
  counter_actor counting = system.spawn(counter);

  int ticks() { return *ask<int>(counting, caf::get_atom::value); }
};

TEST_F(DeterministicSystemTest, NoTimePassesByItself) {
  run();
  EXPECT_EQ(ticks(), 0);
}

TEST_F(DeterministicSystemTest, AnHourPassesWithAllItsTicks) {
  advance(9999ms);
  EXPECT_EQ(ticks(), 0);
  advance(1ms);
  EXPECT_EQ(ticks(), 1);
  advance(1h - 10s, 10s);
  EXPECT_EQ(ticks(), 360);
}

TEST_F(DeterministicSystemTest, AnswersAndErrorsComeBack) {
  EXPECT_EQ(*ask<int>(counting, caf::get_atom::value, 4), 25);
  const auto refused = ask<int>(counting, caf::get_atom::value, 0);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), caf::sec::invalid_argument);
}

TEST_F(DeterministicSystemTest, WhoMonitorsLearnsOfADeath) {
  self->monitor(counting);
  kill(counting);
  ASSERT_TRUE(self->has_next_message());
  self->receive([&](caf::down_msg& down) { EXPECT_EQ(down.reason, caf::exit_reason::kill); });
  EXPECT_FALSE(ask<int>(counting, caf::get_atom::value));
}

} // namespace
} // namespace shoal::test
