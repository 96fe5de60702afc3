// A raw image: a file or block device read as it is, its holes skipped.
//
// Threads: `read` from many at once. Errors: returned, naming the file.
#pragma once

#include "swarm/image/file_error.hpp"
#include "swarm/image/image_reader.hpp"

namespace shoal::swarm {

/// Reads `descriptor` in place. A file that shrinks while it is read is errc::corrupt.
class raw_reader final : public image_reader {
public:
  raw_reader(file_handle descriptor, std::uint64_t size_bytes, std::filesystem::path file);

  [[nodiscard]] std::uint64_t virtual_bytes() const override { return size_bytes_; }
  [[nodiscard]] std::string format() const override { return "raw"; }
  result<std::vector<image_extent>> extents() override;
  result<void> read(std::uint64_t offset_bytes, std::span<std::byte> into) override;

private:
  file_handle descriptor_;
  std::uint64_t size_bytes_;
  std::filesystem::path file_;
};

} // namespace shoal::swarm
