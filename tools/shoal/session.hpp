// One run of the command: what the global options said, beyond what every program of ours has.
//
// Threads: the main one. Errors: values.
#pragma once

#include "tools/terminal/session.hpp"
#include "tools/terminal/text.hpp"

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <optional>
#include <string>

namespace shoal::cli {

using terminal::printable;

/// What this run was asked for, and what it shows. With `quiet`, lists show names only.
struct session : terminal::session {
  using clock = std::chrono::steady_clock;

  session() : terminal::session{"shoal"} {}

  /// The daemon's socket.
  std::string socket;
  /// When the command must have ended; nothing: as long as it takes.
  std::optional<clock::time_point> deadline;

  /// Prints a JSON document on stdout, indented.
  void print_json(const nlohmann::json& document) const;
};

} // namespace shoal::cli
