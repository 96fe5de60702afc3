#include "web/http_socket.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

namespace shoal::web {

namespace {

constexpr mode_t socket_mode = 0660;
constexpr int backlog = 64;

error fault(const std::string& what, int code) {
  const auto kind = code == EACCES || code == EPERM || code == EROFS ? errc::permission
                    : code == ENOENT || code == ENOTDIR              ? errc::not_found
                    : code == ENOSPC                                 ? errc::no_space
                                                                     : errc::failed;
  return {kind, what + ": " + std::strerror(code)};
}

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

/// Whether somebody accepts connections at the path, lock or no lock.
bool answers(const sockaddr_un& address) {
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0) return false;
  const bool connected = ::connect(probe, generic(address), sizeof address) == 0;
  // A full backlog is somebody alive, only busy.
  const bool busy = !connected && errno == EAGAIN;
  ::close(probe);
  return connected || busy;
}

/// Makes the name free, unless it is alive or no socket at all.
result<void> clear_stale(const std::string& path, const sockaddr_un& address) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) {
    if (errno == ENOENT) return {};
    return fault("cannot look at " + path, errno);
  }
  if (!S_ISSOCK(found.st_mode)) {
    return error{errc::conflict, path + " exists and is not a socket; remove it or set api.socket"};
  }
  if (answers(address)) {
    return error{errc::conflict, "another program listens on " + path};
  }
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return fault("cannot remove the stale socket " + path, errno);
  }
  return {};
}

/// Whether the open file is the one of that name.
bool is_named(int descriptor, const std::string& path) {
  struct stat opened {};
  struct stat named {};
  return ::fstat(descriptor, &opened) == 0 && ::lstat(path.c_str(), &named) == 0 &&
         opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

/// Takes the lock whose holder is the daemon of `socket_path`. @returns its descriptor.
result<int> take_lock(const std::string& lock_path, const std::string& socket_path) {
  while (true) {
    const int lock = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock < 0) return fault("cannot create " + lock_path, errno);
    if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
      const int code = errno;
      ::close(lock);
      if (code != EWOULDBLOCK) return fault("cannot lock " + lock_path, code);
      return error{errc::conflict, "another shoald serves " + socket_path +
                                       "; stop it, or give this one another api.socket"};
    }
    // Its last holder removes the file before it lets go: a lock on what was opened just before
    // that excludes nobody.
    if (is_named(lock, lock_path)) return lock;
    ::close(lock);
  }
}

} // namespace

result<unix_listener> unix_listener::open(const std::string& path) {
  if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path)) {
    return error{errc::invalid_argument,
                 "the socket's path '" + path + "' must have 1 to 107 bytes"};
  }
  unix_listener made;
  made.lock_path_ = path + ".lock";
  auto lock = take_lock(made.lock_path_, path);
  if (!lock) return lock.error();
  made.lock_ = *lock;
  const auto address = address_of(path);
  if (const auto cleared = clear_stale(path, address); !cleared) return cleared.error();
  made.socket_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (made.socket_ < 0) return fault("cannot make a Unix socket", errno);
  // Set before bind, so that the name never appears with a wider mode than wanted; the umask may
  // have narrowed it, which the chmod after bind undoes.
  if (::fchmod(made.socket_, socket_mode) != 0) return fault("cannot set the socket's mode", errno);
  if (::bind(made.socket_, generic(address), sizeof address) != 0) {
    return fault("cannot listen on " + path, errno);
  }
  made.path_ = path;
  struct stat bound {};
  if (::lstat(path.c_str(), &bound) != 0) return fault("cannot look at " + path, errno);
  made.inode_ = bound.st_ino;
  if (::chmod(path.c_str(), socket_mode) != 0)
    return fault("cannot set the mode of " + path, errno);
  if (::listen(made.socket_, backlog) != 0) return fault("cannot listen on " + path, errno);
  return made;
}

unix_listener::unix_listener(unix_listener&& other) noexcept
    : path_{std::exchange(other.path_, {})},
      lock_path_{std::move(other.lock_path_)}, lock_{std::exchange(other.lock_, -1)},
      socket_{std::exchange(other.socket_, -1)}, inode_{other.inode_} {}

unix_listener::~unix_listener() {
  struct stat found {};
  if (!path_.empty() && ::lstat(path_.c_str(), &found) == 0 && found.st_ino == inode_) {
    ::unlink(path_.c_str());
  }
  if (socket_ >= 0) ::close(socket_);
  if (lock_ < 0) return;
  // While it is held, so that nobody else can hold what goes (see take_lock).
  if (is_named(lock_, lock_path_)) ::unlink(lock_path_.c_str());
  ::close(lock_);
}

int unix_listener::take() noexcept { return std::exchange(socket_, -1); }

} // namespace shoal::web
