// Tells the service manager how the daemon is (sd_notify(3): one datagram to $NOTIFY_SOCKET).
//
// Threads: any. Errors: none; without a service manager nothing happens.
#pragma once

#include <chrono>
#include <string>

namespace shoal::daemon {

/// Sends a state such as `READY=1` or `STOPPING=1`.
void notify(const std::string& state);

/// How often to say `WATCHDOG=1` to the service manager; zero when it does not listen for it
/// (sd_watchdog_enabled(3): $WATCHDOG_USEC, and $WATCHDOG_PID where that is set).
std::chrono::milliseconds watchdog_interval();

} // namespace shoal::daemon
