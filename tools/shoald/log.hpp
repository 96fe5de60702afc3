// Where the daemon's lines of log go, and in what form.
//
// Threads: set up once, before others start; lines may then come from any thread.
#pragma once

#include "tools/shoald/config.hpp"

#include <string>
#include <string_view>

namespace shoal::daemon {

/// Makes the default logger: stderr, UTC (RFC 3339), as text or one JSON object a line.
void set_up_log(const log_config& config);

/// `text` as the inside of a JSON string (RFC 8259 §7).
std::string json_escaped(std::string_view text);

} // namespace shoal::daemon
