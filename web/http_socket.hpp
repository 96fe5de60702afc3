// The file system's half of a Unix socket: its name, its mode, who is alive on it.
//
// Threads: none of its own; the owner calls it. Errors: returned.
// Crashes: see http_server.hpp.
#pragma once

#include "topology/result.hpp"

#include <string>

namespace shoal::web {

/// A listening Unix socket and the lock that says its owner is alive.
class unix_listener {
public:
  /// Binds `path` with mode 0660 and listens. Replaces what a dead daemon left.
  static result<unix_listener> open(const std::string& path);

  unix_listener(unix_listener&& other) noexcept;
  unix_listener& operator=(unix_listener&&) = delete;
  /// Removes the names of the socket and the lock (if they are still ours) and gives the lock back.
  /// Does not close the descriptor that `take` gave away.
  ~unix_listener();

  /// The listening descriptor; from now on the caller closes it.
  int take() noexcept;

private:
  unix_listener() = default;

  std::string path_;
  std::string lock_path_;
  int lock_ = -1;
  int socket_ = -1;
  unsigned long long inode_ = 0;
};

} // namespace shoal::web
