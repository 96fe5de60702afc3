#include "swarm/image/raw_reader.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace shoal::swarm {

raw_reader::raw_reader(file_handle descriptor, std::uint64_t size_bytes, std::filesystem::path file)
    : descriptor_{std::move(descriptor)}, size_bytes_{size_bytes}, file_{std::move(file)} {
  // Doubles the kernel's read-ahead; a refusal (some file systems) costs only speed.
  ::posix_fadvise(descriptor_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
}

result<std::vector<image_extent>> raw_reader::extents() {
  std::vector<image_extent> found;
  std::uint64_t at = 0;
  while (at < size_bytes_) {
    const auto data = ::lseek(descriptor_.get(), static_cast<off_t>(at), SEEK_DATA);
    // ENXIO: a hole up to the end. Anything else (a block device, an old file system): all is data.
    if (data < 0 && errno != ENXIO) {
      found.push_back({at, size_bytes_ - at, false});
      return found;
    }
    const auto begin =
        data < 0 ? size_bytes_ : std::min(static_cast<std::uint64_t>(data), size_bytes_);
    if (begin > at) found.push_back({at, begin - at, true});
    if (begin == size_bytes_) break;
    const auto hole = ::lseek(descriptor_.get(), static_cast<off_t>(begin), SEEK_HOLE);
    const auto end =
        hole < 0 ? size_bytes_ : std::min(static_cast<std::uint64_t>(hole), size_bytes_);
    if (end <= begin) {
      return {errc::corrupt, file_.string() + " is being changed while it is read"};
    }
    found.push_back({begin, end - begin, false});
    at = end;
  }
  return found;
}

result<void> raw_reader::read(std::uint64_t offset_bytes, std::span<std::byte> into) {
  while (!into.empty()) {
    const auto count =
        ::pread(descriptor_.get(), into.data(), into.size(), static_cast<off_t>(offset_bytes));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return file_error("cannot read", file_, errno);
    if (count == 0) {
      return {errc::corrupt, file_.string() + " became shorter while it was read"};
    }
    offset_bytes += static_cast<std::uint64_t>(count);
    into = into.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

} // namespace shoal::swarm
