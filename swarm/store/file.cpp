#include "swarm/store/file.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/uio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace shoal::swarm {

namespace {

constexpr mode_t file_mode = 0644;

errc code_of(int number) {
  switch (number) {
  case ENOSPC:
  case EDQUOT: return errc::no_space;
  case EACCES:
  case EPERM:
  case EROFS: return errc::permission;
  case ENOENT: return errc::not_found;
  default: return errc::failed;
  }
}

off_t as_offset(std::uint64_t bytes) { return static_cast<off_t>(bytes); }

} // namespace

error system_error(int number, std::string_view doing, const std::filesystem::path& path) {
  std::string text = "cannot ";
  text += doing;
  text += ' ';
  text += path.native();
  text += ": ";
  std::array<char, 128> words{};
  // The GNU form may answer a static string instead of filling the buffer.
  text += ::strerror_r(number, words.data(), words.size());
  return {code_of(number), std::move(text)};
}

std::string readable_bytes(std::uint64_t bytes) {
  constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < units.size()) {
    value /= 1024;
    ++unit;
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
  return text.data();
}

file::file(int descriptor, std::filesystem::path path)
    : descriptor_{descriptor}, path_{std::move(path)} {}

file::file(file&& other) noexcept
    : descriptor_{std::exchange(other.descriptor_, -1)}, path_{std::move(other.path_)} {}

file& file::operator=(file&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(path_, other.path_);
  return *this;
}

file::~file() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

result<file> file::open_with(const std::filesystem::path& path, int flags) {
  int descriptor = -1;
  do descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC | flags, file_mode);
  while (descriptor < 0 && errno == EINTR);
  if (descriptor < 0) return system_error(errno, flags == 0 ? "open" : "create", path);
  return file{descriptor, path};
}

result<file> file::open(const std::filesystem::path& path) { return open_with(path, 0); }

result<file> file::create(const std::filesystem::path& path) {
  return open_with(path, O_CREAT | O_TRUNC);
}

result<file> file::open_or_create(const std::filesystem::path& path) {
  return open_with(path, O_CREAT);
}

result<void> file::write_at(std::uint64_t offset_bytes, std::span<const std::byte> bytes) const {
  while (!bytes.empty()) {
    const auto written = ::pwrite(descriptor_, bytes.data(), bytes.size(), as_offset(offset_bytes));
    if (written < 0) {
      if (errno == EINTR) continue;
      return system_error(errno, "write " + readable_bytes(bytes.size()) + " to", path_);
    }
    offset_bytes += static_cast<std::uint64_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

result<void> file::read_at(std::uint64_t offset_bytes, std::span<std::byte> into) const {
  while (!into.empty()) {
    const auto got = ::pread(descriptor_, into.data(), into.size(), as_offset(offset_bytes));
    if (got < 0) {
      if (errno == EINTR) continue;
      return system_error(errno, "read", path_);
    }
    if (got == 0) {
      return error{errc::corrupt, path_.native() + " ends at byte " + std::to_string(offset_bytes) +
                                      ", where more was stored"};
    }
    offset_bytes += static_cast<std::uint64_t>(got);
    into = into.subspan(static_cast<std::size_t>(got));
  }
  return {};
}

bool file::read_cached_at(std::uint64_t offset_bytes, std::span<std::byte> into) const {
  const iovec whole{into.data(), into.size()};
  const auto got = ::preadv2(descriptor_, &whole, 1, as_offset(offset_bytes), RWF_NOWAIT);
  return got >= 0 && static_cast<std::size_t>(got) == into.size();
}

result<void> file::sync_data() const {
  if (::fdatasync(descriptor_) != 0) return system_error(errno, "sync", path_);
  return {};
}

void file::begin_writeback(byte_range range) const {
  // Only a hint: whether it worked shows in `sync_data`.
  ::sync_file_range(descriptor_, as_offset(range.offset_bytes), as_offset(range.length_bytes),
                    SYNC_FILE_RANGE_WRITE);
}

result<void> file::punch(byte_range range) const {
  int done = 0;
  do done = ::fallocate(descriptor_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                        as_offset(range.offset_bytes), as_offset(range.length_bytes));
  while (done != 0 && errno == EINTR);
  if (done != 0) return system_error(errno, "punch a hole into", path_);
  return {};
}

result<void> file::resize(std::uint64_t length_bytes) const {
  if (::ftruncate(descriptor_, as_offset(length_bytes)) != 0) {
    return system_error(errno, "set the length of", path_);
  }
  return {};
}

result<std::uint64_t> file::size() const {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) return system_error(errno, "examine", path_);
  return static_cast<std::uint64_t>(status.st_size);
}

result<std::vector<byte_range>> file::data_ranges() const {
  std::vector<byte_range> ranges;
  off_t at = 0;
  while (true) {
    const auto begin = ::lseek(descriptor_, at, SEEK_DATA);
    if (begin < 0 && errno == ENXIO) return ranges;
    if (begin < 0) return system_error(errno, "look for holes in", path_);
    const auto end = ::lseek(descriptor_, begin, SEEK_HOLE);
    if (end < 0) return system_error(errno, "look for holes in", path_);
    ranges.push_back({static_cast<std::uint64_t>(begin), static_cast<std::uint64_t>(end - begin)});
    at = end;
  }
}

void file::drop_cache(byte_range range) const {
  ::posix_fadvise(descriptor_, as_offset(range.offset_bytes), as_offset(range.length_bytes),
                  POSIX_FADV_DONTNEED);
}

result<bool> file::try_lock() const {
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return true;
  if (errno == EWOULDBLOCK) return false;
  return system_error(errno, "lock", path_);
}

result<std::string> read_small_file(const std::filesystem::path& path, std::uint64_t bytes_max) {
  auto opened = file::open(path);
  if (!opened) return opened.error();
  const auto size = opened->size();
  if (!size) return size.error();
  if (*size > bytes_max) {
    return error{errc::corrupt, path.native() + " is " + readable_bytes(*size) +
                                    " long, where at most " + readable_bytes(bytes_max) +
                                    " make sense"};
  }
  std::string bytes(static_cast<std::size_t>(*size), '\0');
  if (auto got = opened->read_at(0, std::as_writable_bytes(std::span{bytes})); !got) {
    return got.error();
  }
  return bytes;
}

result<void> replace_file(const std::filesystem::path& path, const std::filesystem::path& temporary,
                          std::string_view bytes) {
  const auto attempt = [&]() -> result<void> {
    auto made = file::create(temporary);
    if (!made) return made.error();
    if (auto done = made->write_at(0, std::as_bytes(std::span{bytes})); !done) return done;
    if (auto done = made->sync_data(); !done) return done;
    return rename_file(temporary, path);
  };
  if (auto done = attempt(); !done) {
    // The first failure is the one to tell; the next open removes what cannot be removed now.
    (void)remove_file(temporary);
    return done;
  }
  return sync_directory(path.parent_path());
}

result<void> rename_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    return system_error(errno, "rename " + from.native() + " to", to);
  }
  return {};
}

result<void> remove_file(const std::filesystem::path& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return system_error(errno, "remove", path);
  return {};
}

result<void> sync_directory(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return system_error(errno, "open", path);
  const int failed = ::fsync(descriptor) != 0 ? errno : 0;
  ::close(descriptor);
  if (failed != 0) return system_error(failed, "sync", path);
  return {};
}

} // namespace shoal::swarm
