// Whatever decodes is a recipe that checks, costs, and encodes to the same bytes again.
#include "swarm/crypto/sha256.hpp"
#include "swarm/recipe.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal::swarm;
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const auto image = decode_recipe(bytes);
  if (!image) {
    SHOAL_ASSERT(image.error().code == shoal::errc::corrupt);
    return 0;
  }
  SHOAL_ASSERT(check(*image).ok());
  SHOAL_ASSERT(encode(*image) == bytes);
  const auto cost = costs(*image);
  SHOAL_ASSERT(cost.referred_bytes <= cost.fetch_bytes);
  content_of(*image, sha256);
  return 0;
}
