// Ctrl-C, as something commands look at between two steps.
//
// Threads: signals may come on any; the rest is the main thread's. Errors: none.
#pragma once

#include <chrono>

namespace shoal::cli {

/// From now on the first SIGINT or SIGTERM only sets `interrupted`; the second ends the process
/// with 130 at once.
void catch_interrupts();

/// Whether somebody asked this command to stop.
bool interrupted() noexcept;

/// Waits that long, or until interrupted. @returns `interrupted()`.
bool pause_or_interrupt(std::chrono::milliseconds time);

} // namespace shoal::cli
