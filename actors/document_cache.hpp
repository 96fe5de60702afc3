// Parts of recipes and pack descriptors that a rack index keeps for its rack.
//
// Documents are named by their content, so what is kept never goes stale.
//
// Threads: a value of one actor.
#pragma once

#include "actors/wire.pb.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace shoal::actors {

class document_cache {
public:
  /// @param bytes_max what is kept at most; the part used longest ago goes first.
  explicit document_cache(std::size_t bytes_max = std::size_t{16} << 20) : bytes_max_{bytes_max} {}

  static std::string key_of(const wire::Download& order);

  /// Null if it is not kept. Valid until the next `keep`.
  const wire::DocumentPart* find(const std::string& key);
  /// A part larger than all that may be kept is not kept.
  void keep(const std::string& key, const wire::DocumentPart& part);
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

private:
  struct entry {
    wire::DocumentPart part;
    std::uint64_t used = 0;
  };

  const std::size_t bytes_max_;
  std::map<std::string, entry> entries_;
  std::size_t bytes_ = 0;
  std::uint64_t uses_ = 0;
};

} // namespace shoal::actors
