// What every command is given: how to show its result, on how many cores to compute, what to do.
//
// Threads: the main one.
#pragma once

#include "topology/result.hpp"

#include <nlohmann/json_fwd.hpp>

#include <functional>
#include <string>

namespace shoal::simulator {

/// How a result is printed.
enum class output_form : std::uint8_t { table, json, csv };

/// One run of the program. Errors: returned by `action`.
struct session {
  output_form output = output_form::table;
  bool quiet = false;
  bool no_progress = false;
  /// Threads that compute; 0: as many as cores. Never changes a result.
  unsigned jobs = 0;
  /// What the given command does; set when the command line is parsed.
  std::function<result<void>()> action;

  [[nodiscard]] bool wants_json() const { return output == output_form::json; }
  [[nodiscard]] bool wants_csv() const { return output == output_form::csv; }
  /// Whether a progress bar may be drawn.
  [[nodiscard]] bool wants_progress() const { return !quiet && !no_progress; }

  /// Writes to standard output.
  void print(const std::string& text) const;
  /// Writes the document, indented, and a line end. Keys keep their order in `ordered_json`.
  void print_json(const nlohmann::ordered_json& document) const;
  /// A sentence for people, on stderr, unless quiet.
  void remark(const std::string& sentence) const;
};

} // namespace shoal::simulator
