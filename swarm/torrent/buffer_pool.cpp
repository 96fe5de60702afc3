#include "swarm/torrent/buffer_pool.hpp"

#include <utility>

namespace shoal::swarm {

buffer_pool::buffer_pool(std::size_t buffer_bytes, std::size_t spare_max)
    : buffer_bytes_{buffer_bytes}, spare_max_{spare_max} {}

buffer_pool::buffer buffer_pool::take() {
  {
    const std::lock_guard lock{mutex_};
    if (!spare_.empty()) {
      auto taken = std::move(spare_.back());
      spare_.pop_back();
      return taken;
    }
  }
  return std::make_unique_for_overwrite<std::byte[]>(buffer_bytes_);
}

void buffer_pool::give_back(buffer used) {
  if (!used) return;
  const std::lock_guard lock{mutex_};
  if (spare_.size() < spare_max_) spare_.push_back(std::move(used));
}

} // namespace shoal::swarm
