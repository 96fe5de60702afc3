// Whatever is taken for a bitmap gives the same bytes back. The first byte is the number of pieces.
#include "swarm/piece_set.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace shoal::swarm;
  if (size == 0) return 0;
  const std::string_view bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
  const auto set = piece_set::from_bitmap(data[0], bytes);
  if (!set) return 0;
  SHOAL_ASSERT(set->bitmap() == bytes);
  std::uint32_t visited = 0;
  set->for_each([&](std::uint32_t piece) {
    SHOAL_ASSERT(set->contains(piece));
    ++visited;
  });
  SHOAL_ASSERT(visited == set->count());
  return 0;
}
