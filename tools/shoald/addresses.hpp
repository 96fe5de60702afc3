// Which address of this machine others can reach it at.
//
// Threads: any. Errors: errc::invalid_argument saying what to configure.
#pragma once

#include "tools/shoald/config.hpp"
#include "topology/result.hpp"

#include <string>

namespace shoal::daemon {

/// The link's address if it is one; for a wildcard, the address this machine has on the way to the
/// first general index server, or its first address that is not loopback.
result<std::string> reachable_address(const daemon_config& config);

} // namespace shoal::daemon
