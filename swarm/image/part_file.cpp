#include "swarm/image/part_file.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace shoal::swarm {

namespace {

constexpr mode_t image_mode = 0644;

/// Whether the open file still has this name: its last owner may have renamed or removed it between
/// our opening and locking it.
bool still_named(int descriptor, const std::filesystem::path& path) {
  struct stat opened {};
  struct stat named {};
  return ::fstat(descriptor, &opened) == 0 && ::stat(path.c_str(), &named) == 0 &&
         opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

} // namespace

result<part_file> part_file::create(const std::filesystem::path& file) {
  std::error_code ignored;
  const auto status = std::filesystem::status(file, ignored);
  if (!file.has_filename() ||
      (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status))) {
    return {errc::invalid_argument,
            "cannot write an image to " + file.string() + ": it is not a plain file"};
  }
  const auto part = file.parent_path() / ("." + file.filename().string() + ".part");
  for (;;) {
    file_handle descriptor{
        ::open(part.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, image_mode)};
    if (!descriptor.valid()) return file_error("cannot create", part, errno);
    if (::flock(descriptor.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EINTR) continue;
      if (errno != EWOULDBLOCK) return file_error("cannot lock", part, errno);
      return {errc::conflict, file.string() + " is being written by another export"};
    }
    if (!still_named(descriptor.get(), part)) continue;
    if (::ftruncate(descriptor.get(), 0) != 0) return file_error("cannot empty", part, errno);
    return part_file{file, part, std::move(descriptor)};
  }
}

part_file::~part_file() {
  if (descriptor_.valid()) ::unlink(part_.c_str());
}

result<void> part_file::put_in_place() {
  if (::fdatasync(descriptor_.get()) != 0) return file_error("cannot write", part_, errno);
  if (::rename(part_.c_str(), final_.c_str()) != 0) {
    return file_error("cannot put in place", final_, errno);
  }
  descriptor_ = file_handle{};
  const auto folder = final_.has_parent_path() ? final_.parent_path() : ".";
  const file_handle directory{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!directory.valid() || ::fsync(directory.get()) != 0) {
    return file_error("cannot make durable", final_, errno);
  }
  return {};
}

} // namespace shoal::swarm
