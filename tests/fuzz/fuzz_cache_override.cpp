// The input is the file in which a store keeps what an operator set for its cache. Whatever is taken is
// written so that it reads as the same again.
#include "swarm/store/store_cache.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal::swarm;
  const auto set = decode_cache_override({reinterpret_cast<const char*>(data), size});
  if (!set) {
    SHOAL_ASSERT(!set.error().message.empty());
    return 0;
  }
  const auto again = decode_cache_override(encode_cache_override(*set));
  SHOAL_ASSERT(again && *again == *set);
  return 0;
}
