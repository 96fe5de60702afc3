// Byte buffers that are used again: fresh memory costs a page fault per 4 KiB, which was 2 CPU
// seconds per GB for buffers of a piece.
//
// Threads: any.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace shoal::swarm {

/// Uninitialised buffers of one size.
class buffer_pool {
public:
  /// Keeps at most `spare_max` buffers that nobody uses.
  buffer_pool(std::size_t buffer_bytes, std::size_t spare_max);

  using buffer = std::unique_ptr<std::byte[]>;

  [[nodiscard]] buffer take();
  void give_back(buffer used);
  [[nodiscard]] std::size_t buffer_bytes() const noexcept { return buffer_bytes_; }

private:
  const std::size_t buffer_bytes_;
  const std::size_t spare_max_;
  std::mutex mutex_;
  std::vector<buffer> spare_;
};

} // namespace shoal::swarm
