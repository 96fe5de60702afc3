// Whatever decodes is a proven descriptor that encodes to the same bytes again.
#include "swarm/crypto/sha256.hpp"
#include "swarm/pack.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal::swarm;
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const auto pack = decode_pack_descriptor(bytes, sha256);
  if (!pack) {
    SHOAL_ASSERT(pack.error().code == shoal::errc::corrupt);
    return 0;
  }
  SHOAL_ASSERT(check(*pack, sha256).ok());
  SHOAL_ASSERT(encode(*pack) == bytes);
  SHOAL_ASSERT(pack->piece_length(pack->piece_count() - 1) > 0);
  return 0;
}
