#include "swarm/image/file_error.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

#include <unistd.h>

namespace shoal::swarm {

namespace {

errc kind_of(int error_number) {
  switch (error_number) {
  case ENOENT:
  case ENOTDIR:
  case ENXIO:
  case ENODEV: return errc::not_found;
  case EACCES:
  case EPERM:
  case EROFS: return errc::permission;
  case ENOSPC:
  case EDQUOT:
  case EFBIG: return errc::no_space;
  case EIO: return errc::corrupt;
  case EISDIR:
  case ENAMETOOLONG:
  case EINVAL: return errc::invalid_argument;
  default: return errc::failed;
  }
}

} // namespace

error file_error(std::string_view doing, const std::filesystem::path& file, int error_number) {
  return {kind_of(error_number), std::string{doing} + " " + file.string() + ": " +
                                     std::generic_category().message(error_number)};
}

file_handle& file_handle::operator=(file_handle&& other) noexcept {
  if (this != &other) {
    if (valid()) ::close(descriptor_);
    descriptor_ = other.release();
  }
  return *this;
}

file_handle::~file_handle() {
  if (valid()) ::close(descriptor_);
}

int file_handle::release() noexcept { return std::exchange(descriptor_, -1); }

} // namespace shoal::swarm
