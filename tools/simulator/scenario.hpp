// A scenario file: what `shoal-sim run` simulates (tools/simulator/README.md, "Scenario files").
//
// Threads: values. Errors: a malformed file is refused with file, line, field and what was
// expected.
#pragma once

#include "tools/simulator/vdn/experiment.hpp"
#include "topology/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace shoal::simulator {

/// One file's content. All that it leaves out is as in VDN's evaluation.
struct scenario {
  std::string name;
  /// What is run with each seed.
  experiment run;
  std::vector<std::uint64_t> seeds{1};
};

/// Reads the text. `file` names it in errors; a trace it names is looked for beside it.
result<scenario> read_scenario(std::string_view text, const std::string& file);
/// @returns also errc::not_found, errc::permission or errc::failed where the file cannot be read.
result<scenario> read_scenario_file(const std::string& file);

} // namespace shoal::simulator
