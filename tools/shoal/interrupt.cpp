#include "tools/shoal/interrupt.hpp"

#include "topology/result.hpp"

#include <atomic>
#include <csignal>
#include <poll.h>
#include <unistd.h>

namespace shoal::cli {

namespace {

std::atomic<bool> asked{false};
static_assert(std::atomic<bool>::is_always_lock_free);

void on_signal(int) {
  if (asked.exchange(true)) ::_exit(exit_code(errc::cancelled));
}

} // namespace

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() noexcept { return asked; }

bool pause_or_interrupt(std::chrono::milliseconds time) {
  constexpr std::chrono::milliseconds slice{50};
  for (auto left = time; left.count() > 0 && !asked; left -= slice) {
    ::poll(nullptr, 0, static_cast<int>(slice.count()));
  }
  return asked;
}

} // namespace shoal::cli
