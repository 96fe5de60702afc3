// Seeds as the command line and scenario files write them.
//
// Threads: pure functions. Errors: a malformed range is refused with a sentence that names it.
#pragma once

#include "topology/result.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

namespace shoal::simulator {

/// `7`, `1..20`, or several of these with commas between: `1..8,20`. In the order given, each once.
/// @returns errc::invalid_argument naming the text and what was expected; at most 10,000 seeds.
result<std::vector<std::uint64_t>> parse_seeds(std::string_view text);

} // namespace shoal::simulator
