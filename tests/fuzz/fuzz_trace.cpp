// Whatever is taken for a trace is a valid one and is written so that it reads as the same again;
// whatever is taken for an Azure table is a valid trace.
#include "tools/simulator/azure_trace.hpp"
#include "tools/simulator/trace.hpp"

#include <sstream>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text{reinterpret_cast<const char*>(data), size};
  std::istringstream as_trace{text};
  if (const auto read = shoal::simulator::read_trace(as_trace, "fuzz")) {
    SHOAL_ASSERT(shoal::simulator::validate(*read));
    std::stringstream file;
    SHOAL_ASSERT(shoal::simulator::write_trace(file, *read));
    const auto again = shoal::simulator::read_trace(file, "fuzz");
    SHOAL_ASSERT(again && *again == *read);
  }
  std::istringstream as_table{text};
  const auto table = shoal::simulator::read_azure_trace(as_table, "fuzz");
  if (table) SHOAL_ASSERT(shoal::simulator::validate(*table));
  return 0;
}
