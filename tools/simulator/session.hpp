// What every command is given: how to show its result, on how many cores to compute, what to do.
//
// Threads: the main one.
#pragma once

#include "tools/terminal/session.hpp"

#include <nlohmann/json_fwd.hpp>

namespace shoal::simulator {

using terminal::output_form;

/// One run of the program. Errors: returned by `action`.
struct session : terminal::session {
  session() : terminal::session{"shoal-sim"} {}

  /// Threads that compute; 0: as many as cores. Never changes a result.
  unsigned jobs = 0;

  /// Writes the document, indented, and a line end. Keys keep their order in `ordered_json`.
  void print_json(const nlohmann::ordered_json& document) const;
};

} // namespace shoal::simulator
