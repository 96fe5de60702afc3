// The running daemon: node, links and local API, from start to a clean end.
//
// Threads: `run` is the main thread's. Errors: whatever kept it from starting.
#pragma once

#include "tools/shoald/config.hpp"
#include "topology/result.hpp"

#include <string>

namespace shoal::daemon {

/// Runs until SIGTERM or SIGINT. SIGHUP reads the certificates anew.
result<void> run(const daemon_config& config, const std::string& version);

} // namespace shoal::daemon
