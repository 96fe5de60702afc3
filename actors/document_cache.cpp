#include "actors/document_cache.hpp"

#include <algorithm>

namespace shoal::actors {

std::string document_cache::key_of(const wire::Download& order) {
  return std::to_string(order.kind()) + ' ' + std::to_string(order.offset_bytes()) + ' ' +
         order.id();
}

const wire::DocumentPart* document_cache::find(const std::string& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return nullptr;
  found->second.used = ++uses_;
  return &found->second.part;
}

void document_cache::keep(const std::string& key, const wire::DocumentPart& part) {
  const auto size = part.part().size();
  if (size > bytes_max_ || entries_.contains(key)) return;
  while (bytes_ + size > bytes_max_) {
    const auto oldest =
        std::min_element(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) {
          return a.second.used < b.second.used;
        });
    bytes_ -= oldest->second.part.part().size();
    entries_.erase(oldest);
  }
  entries_.emplace(key, entry{part, ++uses_});
  bytes_ += size;
}

} // namespace shoal::actors
