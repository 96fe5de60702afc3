#include "swarm/codec/zstd_codec.hpp"

#include "topology/assert.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>

#include <zstd.h>

namespace shoal::swarm {

namespace {

constexpr int level_min = 1;
constexpr int level_max = 19;

struct compressor_free {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};
struct expander_free {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

ZSTD_CCtx* compressor() {
  thread_local const std::unique_ptr<ZSTD_CCtx, compressor_free> context{ZSTD_createCCtx()};
  SHOAL_ASSERT(context != nullptr);
  return context.get();
}

ZSTD_DCtx* expander() {
  thread_local const std::unique_ptr<ZSTD_DCtx, expander_free> context{ZSTD_createDCtx()};
  SHOAL_ASSERT(context != nullptr);
  return context.get();
}

} // namespace

bool valid_zstd_level(int level) { return level >= level_min && level <= level_max; }

stored_chunk compress_chunk(std::span<const std::byte> chunk, compression how, int level,
                            std::vector<std::byte>& scratch) {
  SHOAL_ASSERT(valid_zstd_level(level) && chunk.size() <= chunk_bytes_max);
  if (how == compression::none) return {chunk, compression::none};
  // A buffer of the bound lets libzstd skip its own checks; it costs nothing, being reused.
  const auto bound = ZSTD_compressBound(chunk.size());
  if (scratch.size() < bound) scratch.resize(bound);
  const auto length = ZSTD_compressCCtx(compressor(), scratch.data(), scratch.size(), chunk.data(),
                                        chunk.size(), level);
  SHOAL_ASSERT(!ZSTD_isError(length));
  if (length + chunk.size() / chunk_saving_min_fraction >= chunk.size()) {
    return {chunk, compression::none};
  }
  return {std::span{scratch}.first(length), compression::zstd};
}

result<void> expand_chunk(std::span<const std::byte> stored, compression how,
                          std::span<std::byte> into) {
  if (how == compression::none) {
    if (stored.size() != into.size()) {
      return {errc::corrupt, "a plain chunk of " + std::to_string(stored.size()) + " bytes where " +
                                 std::to_string(into.size()) + " are expected"};
    }
    std::memcpy(into.data(), stored.data(), stored.size());
    return {};
  }
  const auto length =
      ZSTD_decompressDCtx(expander(), into.data(), into.size(), stored.data(), stored.size());
  if (ZSTD_isError(length)) {
    return {errc::corrupt,
            std::string{"a compressed chunk does not expand: "} + ZSTD_getErrorName(length)};
  }
  if (length != into.size()) {
    return {errc::corrupt, "a chunk expands to " + std::to_string(length) + " bytes where " +
                               std::to_string(into.size()) + " are expected"};
  }
  return {};
}

} // namespace shoal::swarm
