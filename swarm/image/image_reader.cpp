#include "swarm/image/image_reader.hpp"

#include "swarm/image/file_error.hpp"
#include "swarm/image/image_probe.hpp"
#include "swarm/image/qcow2_reader.hpp"
#include "swarm/image/raw_reader.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace shoal::swarm {

result<std::unique_ptr<image_reader>> image_reader::open(const std::filesystem::path& file) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) return file_error("cannot open", file, errno);
  if (!S_ISREG(status.st_mode) && !S_ISBLK(status.st_mode)) {
    const auto* found = S_ISDIR(status.st_mode) ? "a directory" : "neither a file nor a disk";
    return {errc::invalid_argument, file.string() + " is " + found + ", not a disk image"};
  }
  file_handle descriptor{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)};
  if (!descriptor.valid()) return file_error("cannot open", file, errno);
  const auto size = ::lseek(descriptor.get(), 0, SEEK_END);
  if (size < 0) return file_error("cannot open", file, errno);
  const auto size_bytes = static_cast<std::uint64_t>(size);
  auto kind = probe_image(descriptor.get(), size_bytes, file);
  if (!kind) return kind.error();
  switch (*kind) {
  case image_kind::raw:
    return std::unique_ptr<image_reader>{new raw_reader{std::move(descriptor), size_bytes, file}};
  case image_kind::qcow2: return qcow2_reader::open(file);
  }
  return {errc::failed, "an image of a kind that nobody reads"};
}

} // namespace shoal::swarm
