#include "swarm/image/raw_writer.hpp"

#include <cerrno>

#include <unistd.h>

namespace shoal::swarm {

result<std::unique_ptr<image_writer>> raw_writer::create(part_file file,
                                                         std::uint64_t virtual_bytes) {
  if (::ftruncate(file.descriptor(), static_cast<off_t>(virtual_bytes)) != 0) {
    return file_error("cannot make a file of that size:", file.path(), errno);
  }
  return std::unique_ptr<image_writer>{new raw_writer{std::move(file)}};
}

result<void> raw_writer::write(std::uint64_t offset_bytes, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto count =
        ::pwrite(file_.descriptor(), bytes.data(), bytes.size(), static_cast<off_t>(offset_bytes));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return file_error("cannot write", file_.path(), errno);
    offset_bytes += static_cast<std::uint64_t>(count);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

} // namespace shoal::swarm
