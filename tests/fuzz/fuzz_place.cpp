// Whatever is taken for a place is written the same way again.
#include "topology/place.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  const auto parsed = shoal::topology::place::parse(text);
  if (parsed) SHOAL_ASSERT(parsed->path() == text);
  return 0;
}
