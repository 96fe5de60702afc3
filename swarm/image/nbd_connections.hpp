// An image served by a qemu-nbd of our own, over several private connections.
//
// The sockets are connected before the program starts and have no name afterwards, so nobody else
// can connect, nothing is left in the file system, and there is nothing to wait for or to retry.
//
// Threads: `borrow` from many at once. Errors: returned, with qemu's own complaint.
// Crashes: the program dies with this process.
#pragma once

#include "swarm/image/child_process.hpp"
#include "topology/result.hpp"

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

struct nbd_handle;

namespace shoal::swarm {

/// How an image is served.
struct nbd_request {
  std::filesystem::path file;
  bool writable = false;
  /// Requests of one connection are answered in parallel too, but a blocking caller has one.
  unsigned connections = 1;
};

/// A pool of connections to one image.
class nbd_connections {
public:
  /// @returns errc::not_found without qemu-nbd, or errc::corrupt with what it complained about.
  static result<std::unique_ptr<nbd_connections>> start(const nbd_request& request);
  ~nbd_connections();
  nbd_connections(const nbd_connections&) = delete;
  nbd_connections& operator=(const nbd_connections&) = delete;

  /// One connection, the borrower's alone until it is gone.
  class loan {
  public:
    loan(nbd_connections& pool, nbd_handle* connection) : pool_{pool}, connection_{connection} {}
    ~loan() { pool_.give_back(connection_); }
    loan(const loan&) = delete;
    loan& operator=(const loan&) = delete;
    [[nodiscard]] nbd_handle* get() const noexcept { return connection_; }

  private:
    nbd_connections& pool_;
    nbd_handle* connection_;
  };

  /// Waits for a free connection.
  loan borrow();

  [[nodiscard]] std::uint64_t size_bytes() const noexcept { return size_bytes_; }
  /// Says what failed, from libnbd's reason (of this thread) and qemu's complaint.
  [[nodiscard]] error fault(std::string_view doing) const;
  /// Flushes, says good-bye and waits until qemu has closed the image. @pre nothing is borrowed.
  result<void> close();

private:
  explicit nbd_connections(std::filesystem::path file) : file_{std::move(file)} {}
  result<void> connect(unsigned count, const std::vector<std::string>& command);
  result<void> greet(std::vector<file_handle> sockets);
  void give_back(nbd_handle* connection);

  std::filesystem::path file_;
  std::unique_ptr<child_process> server_;
  std::uint64_t size_bytes_ = 0;
  std::vector<nbd_handle*> all_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<nbd_handle*> free_;
};

} // namespace shoal::swarm
