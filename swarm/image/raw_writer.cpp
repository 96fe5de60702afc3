#include "swarm/image/raw_writer.hpp"

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

namespace shoal::swarm {

namespace {

/// After so much more was written, the disk is set to work.
constexpr std::uint64_t write_back_bytes = 32ull << 20;

} // namespace

result<std::unique_ptr<image_writer>> raw_writer::create(part_file file,
                                                         std::uint64_t virtual_bytes) {
  if (::ftruncate(file.descriptor(), static_cast<off_t>(virtual_bytes)) != 0) {
    return file_error("cannot make a file of that size:", file.path(), errno);
  }
  return std::unique_ptr<image_writer>{new raw_writer{std::move(file)}};
}

result<void> raw_writer::write(std::uint64_t offset_bytes, std::span<const std::byte> bytes) {
  const auto before = written_bytes_.fetch_add(bytes.size());
  const bool enough = before / write_back_bytes != (before + bytes.size()) / write_back_bytes;
  while (!bytes.empty()) {
    const auto count =
        ::pwrite(file_.descriptor(), bytes.data(), bytes.size(), static_cast<off_t>(offset_bytes));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return file_error("cannot write", file_.path(), errno);
    offset_bytes += static_cast<std::uint64_t>(count);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  // The disk works while the rest is expanded. Faults come back with `finish`.
  if (enough) (void)::sync_file_range(file_.descriptor(), 0, 0, SYNC_FILE_RANGE_WRITE);
  return {};
}

} // namespace shoal::swarm
