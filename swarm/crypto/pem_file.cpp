#include "swarm/crypto/pem_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace shoal::swarm {

namespace {

constexpr std::size_t pem_bytes_max = 1024 * 1024;

error file_error(const std::string& act, const std::filesystem::path& file, int number) {
  auto code = errc::failed;
  if (number == ENOENT || number == ENOTDIR) code = errc::not_found;
  if (number == EACCES || number == EPERM || number == EROFS) code = errc::permission;
  if (number == ENOSPC || number == EDQUOT) code = errc::no_space;
  return {code, "cannot " + act + " " + file.string() + ": " + std::strerror(number)};
}

class descriptor {
public:
  explicit descriptor(int number) : number_{number} {}
  ~descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  [[nodiscard]] int get() const { return number_; }

private:
  int number_;
};

bool write_all(int descriptor, const std::string& bytes) {
  std::size_t written = 0;
  while (written < bytes.size()) {
    const auto count = ::write(descriptor, bytes.data() + written, bytes.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return false;
    written += static_cast<std::size_t>(count);
  }
  return true;
}

// A file's name is durable only when its folder is.
result<void> sync_folder(const std::filesystem::path& file) {
  const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path{"."};
  const descriptor opened{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (opened.get() < 0 || ::fsync(opened.get()) != 0) return file_error("sync", folder, errno);
  return {};
}

} // namespace

result<void> write_whole_file(const std::filesystem::path& file, const std::string& bytes,
                              unsigned mode) {
  auto name = file.string() + ".XXXXXX";
  const descriptor opened{::mkostemp(name.data(), O_CLOEXEC)};
  if (opened.get() < 0) return file_error("write", file, errno);
  const bool written = ::fchmod(opened.get(), mode) == 0 && write_all(opened.get(), bytes) &&
                       ::fsync(opened.get()) == 0 && ::rename(name.c_str(), file.c_str()) == 0;
  if (!written) {
    const int number = errno;
    ::unlink(name.c_str());
    return file_error("write", file, number);
  }
  return sync_folder(file);
}

result<std::string> read_small_file(const std::filesystem::path& file) {
  const descriptor opened{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  if (opened.get() < 0) return file_error("read", file, errno);
  std::string bytes;
  std::array<char, 4096> part;
  while (true) {
    const auto count = ::read(opened.get(), part.data(), part.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return file_error("read", file, errno);
    if (count == 0) return bytes;
    bytes.append(part.data(), static_cast<std::size_t>(count));
    if (bytes.size() > pem_bytes_max) {
      return {errc::corrupt, file.string() + " is too large to be a certificate or key"};
    }
  }
}

} // namespace shoal::swarm
