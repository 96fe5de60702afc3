// One run of the command: what the global options said, and how results and remarks come out.
//
// Threads: the main one. Errors: values.
#pragma once

#include "topology/result.hpp"

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace shoal::cli {

enum class output_form : std::uint8_t { table, json };

/// What this run was asked for, and what it shows.
struct session {
  using clock = std::chrono::steady_clock;

  /// The daemon's socket.
  std::string socket;
  output_form output = output_form::table;
  /// Nothing but the result: no progress, no warnings; lists show names only.
  bool quiet = false;
  bool no_progress = false;
  /// When the command must have ended; nothing: as long as it takes.
  std::optional<clock::time_point> deadline;
  /// What the given command does; set while the command line is read.
  std::function<result<void>()> action;

  [[nodiscard]] bool wants_json() const { return output == output_form::json; }

  /// Prints a JSON document on stdout, indented.
  void print_json(const nlohmann::json& document) const;
  /// Prints text on stdout as it is.
  void print(const std::string& text) const;
  /// Says something on stderr, unless quiet.
  void remark(const std::string& sentence) const;
};

/// Whether escape sequences for colours may go to this descriptor: a terminal, and no $NO_COLOR.
bool colours_on(int descriptor);

/// `text` in an SGR style (`1` bold, `31` red, ...) if `descriptor` takes colours.
std::string styled(const std::string& text, const char* style, int descriptor);

/// `text` without control characters, so that nothing a peer named can steer the terminal.
std::string printable(const std::string& text);

} // namespace shoal::cli
