// A sparse raw image being written.
//
// Threads: `write` from many at once. Errors and crashes: see image_writer.hpp.
#pragma once

#include "swarm/image/image_writer.hpp"
#include "swarm/image/part_file.hpp"

#include <atomic>

namespace shoal::swarm {

/// Writes in place; never written ranges stay holes.
class raw_writer final : public image_writer {
public:
  static result<std::unique_ptr<image_writer>> create(part_file file, std::uint64_t virtual_bytes);
  explicit raw_writer(part_file file) : file_{std::move(file)} {}

  result<void> write(std::uint64_t offset_bytes, std::span<const std::byte> bytes) override;
  result<void> finish() override { return file_.put_in_place(); }

private:
  part_file file_;
  std::atomic<std::uint64_t> written_bytes_ = 0;
};

} // namespace shoal::swarm
