#include "swarm/image/nbd_connections.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>

#include <libnbd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace shoal::swarm {

namespace {

/// How long qemu may take to write its tables back after the last good-bye.
constexpr std::chrono::seconds close_patience{120};

/// A listening socket and sockets connected to it; the name they met at is gone again.
struct meeting {
  file_handle listening;
  std::vector<file_handle> connected;
};

/// A directory of our own, removed with the one socket in it.
struct private_directory {
  std::string name = "/tmp/shoal-nbd-XXXXXX";
  bool made = ::mkdtemp(name.data()) != nullptr;
  [[nodiscard]] std::string socket() const { return name + "/s"; }
  ~private_directory() {
    if (!made) return;
    ::unlink(socket().c_str());
    ::rmdir(name.c_str());
  }
};

result<meeting> meet(unsigned count) {
  const private_directory directory;
  const auto failed = [&] {
    return file_error("cannot make a socket for qemu-nbd in", directory.name, errno);
  };
  if (!directory.made) return failed();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, directory.socket().c_str(), sizeof address.sun_path - 1);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);

  meeting made{.listening = file_handle{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)}};
  if (!made.listening.valid() || ::bind(made.listening.get(), generic, sizeof address) != 0 ||
      ::listen(made.listening.get(), static_cast<int>(count)) != 0) {
    return failed();
  }
  for (unsigned i = 0; i < count; ++i) {
    file_handle socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (!socket.valid() || ::connect(socket.get(), generic, sizeof address) != 0) return failed();
    made.connected.push_back(std::move(socket));
  }
  return made;
}

std::vector<std::string> server_command(const nbd_request& request) {
  std::vector<std::string> command{"qemu-nbd", "--format=qcow2",
                                   "--shared=" + std::to_string(request.connections),
                                   "--discard=ignore", "--aio=threads"};
  // "unsafe" ignores flushes: the part file is worthless until it is renamed, and is synchronised
  // by its owner before that.
  if (request.writable)
    command.insert(command.end(), {"--cache=unsafe", "--detect-zeroes=off"});
  else
    command.insert(command.end(), {"--cache=writeback", "--read-only"});
  // An absolute path cannot be taken for an option or for a protocol ("nbd:...").
  command.push_back(std::filesystem::absolute(request.file).string());
  return command;
}

} // namespace

result<std::unique_ptr<nbd_connections>> nbd_connections::start(const nbd_request& request) {
  std::unique_ptr<nbd_connections> made{new nbd_connections{request.file}};
  if (auto up = made->connect(request.connections, server_command(request)); !up) return up.error();
  return made;
}

result<void> nbd_connections::connect(unsigned count, const std::vector<std::string>& command) {
  auto met = meet(count);
  if (!met) return met.error();
  auto server = child_process::start(command, std::move(met->listening));
  if (!server) return server.error();
  server_ = std::move(*server);
  return greet(std::move(met->connected));
}

result<void> nbd_connections::greet(std::vector<file_handle> sockets) {
  for (auto& socket : sockets) {
    auto* connection = nbd_create();
    if (connection == nullptr) return fault("cannot connect to");
    all_.push_back(connection);
    if (nbd_add_meta_context(connection, LIBNBD_CONTEXT_BASE_ALLOCATION) != 0 ||
        nbd_connect_socket(connection, socket.release()) != 0) {
      return fault("cannot open");
    }
    // Only buffers that are wholly read are used.
    nbd_set_pread_initialize(connection, false);
  }
  free_ = all_;
  const auto size = nbd_get_size(all_.front());
  if (size < 0) return fault("cannot open");
  size_bytes_ = static_cast<std::uint64_t>(size);
  return {};
}

nbd_connections::~nbd_connections() {
  server_.reset();
  for (auto* connection : all_)
    nbd_close(connection);
}

nbd_connections::loan nbd_connections::borrow() {
  std::unique_lock lock{mutex_};
  freed_.wait(lock, [this] { return !free_.empty(); });
  auto* connection = free_.back();
  free_.pop_back();
  return {*this, connection};
}

void nbd_connections::give_back(nbd_handle* connection) {
  {
    const std::scoped_lock lock{mutex_};
    free_.push_back(connection);
  }
  freed_.notify_one();
}

error nbd_connections::fault(std::string_view doing) const {
  const auto error_number = nbd_get_errno();
  const char* library_reason = nbd_get_error();
  // A server that is about to die has said why; one that goes on has nothing more to say.
  server_->ended_within(std::chrono::milliseconds{200});
  auto reason = server_->complaint();
  while (!reason.empty() && reason.back() == '\n')
    reason.pop_back();
  if (reason.empty()) reason = library_reason != nullptr ? library_reason : "no reason given";
  auto code = errc::corrupt;
  if (error_number == ENOSPC || error_number == EDQUOT) code = errc::no_space;
  if (reason.find("another process") != std::string::npos) code = errc::conflict;
  return {code, std::string{doing} + " " + file_.string() + ": " + reason};
}

result<void> nbd_connections::close() {
  for (auto* connection : all_) {
    if (nbd_flush(connection, 0) != 0 && nbd_can_flush(connection) == 1) {
      return fault("cannot finish");
    }
  }
  for (auto* connection : all_) {
    if (nbd_shutdown(connection, 0) != 0) return fault("cannot finish");
  }
  if (!server_->ended_within(close_patience)) {
    return {errc::failed, "qemu-nbd does not let go of " + file_.string()};
  }
  if (const auto code = server_->wait(); code != 0) {
    return {errc::failed, "qemu-nbd failed on " + file_.string() + ": " + server_->complaint()};
  }
  return {};
}

} // namespace shoal::swarm
