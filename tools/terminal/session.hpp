// One run of a program: what the options every program has said, and how results and remarks come
// out. A program adds its own options in a session of its own.
//
// Threads: the main one. Errors: returned by the action.
#pragma once

#include "topology/result.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace shoal::terminal {

/// How a result is printed.
enum class output_form : std::uint8_t { table, json, csv };

/// What this run was asked for, and what it shows.
struct session {
  explicit session(std::string name) : program{std::move(name)} {}

  /// The program's name, before every remark.
  std::string program;
  output_form output = output_form::table;
  /// Nothing but the result: no progress, no remarks.
  bool quiet = false;
  bool no_progress = false;
  /// What the given command does; set while the command line is read.
  std::function<result<void>()> action;

  [[nodiscard]] bool wants_json() const { return output == output_form::json; }
  [[nodiscard]] bool wants_csv() const { return output == output_form::csv; }
  /// Whether progress may be shown.
  [[nodiscard]] bool wants_progress() const { return !quiet && !no_progress; }

  /// Prints text on stdout as it is.
  void print(const std::string& text) const;
  /// Says something on stderr, unless quiet.
  void remark(const std::string& sentence) const;
};

} // namespace shoal::terminal
