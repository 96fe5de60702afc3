// Tells the service manager how the daemon is (sd_notify(3): one datagram to $NOTIFY_SOCKET).
//
// Threads: any. Errors: none; without a service manager nothing happens.
#pragma once

#include <chrono>
#include <string>

namespace shoal::daemon {

/// Sends a state such as `READY=1` or `STOPPING=1`.
void notify(const std::string& state);

/// How often the service manager wants to hear `WATCHDOG=1`; zero when it does not.
std::chrono::milliseconds watchdog_interval();

} // namespace shoal::daemon
