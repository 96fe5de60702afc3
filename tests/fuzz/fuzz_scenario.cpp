// Whatever is taken for a scenario can be simulated; whatever is not is refused in one printable line that
// names the file.
#include "tools/simulator/scenario.hpp"

#include <algorithm>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal::simulator;
  const std::string text{reinterpret_cast<const char*>(data), size};
  // Traces are looked for where there are none.
  const auto read = read_scenario(text, "/nonexistent/fuzz.toml");
  if (read) {
    SHOAL_ASSERT(validate(read->run.config));
    SHOAL_ASSERT(!read->seeds.empty());
    return 0;
  }
  const auto& said = read.error().message;
  SHOAL_ASSERT(said.starts_with("/nonexistent/fuzz.toml:"));
  SHOAL_ASSERT(std::ranges::none_of(said, [](char c) { return c == '\n' || c == '\x1b'; }));
  return 0;
}
