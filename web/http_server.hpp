// HTTP/1.1 over a Unix socket: reads whole requests, has them answered by a handler on a small
// pool of threads, writes the answers. What is asked and answered is not its business.
//
// Threads: one of its own for the sockets, `worker_count` for the handler; `start` and `stop` are
//          the owner's. Errors: `start` returns them; a client's fault closes that client only.
// Crashes: leaves the socket and `PATH.lock` beside it behind; the next start takes them over.
//          Holding the lock, not the file's existence, means that a daemon lives.
#pragma once

#include "topology/result.hpp"
#include "web/routes.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace shoal::web {

struct http_server_config {
  /// Where to listen; at most 107 bytes (the kernel's limit). Its mode is 0660: who may ask is
  /// decided by the file's owner and group.
  std::string socket;
  /// Threads that run the handler. More than `routes::waiting_max`, or waiting blocks answering.
  std::size_t worker_count = 6;
  /// Requests that may wait for a thread; any further one is answered 503.
  std::size_t queue_length_max = 64;
  /// Clients at a time; any further one is closed at once.
  std::size_t connection_count_max = 128;
  std::size_t body_bytes_max = 1 << 20;
  std::size_t header_bytes_max = 16 * 1024;
  /// How long a client may take to send a request it began, or to take its answer.
  std::chrono::milliseconds request_time_max{10'000};
  /// How long a kept connection may say nothing.
  std::chrono::milliseconds idle_time_max{60'000};
};

/// One listening socket and its clients, until destroyed.
class http_server {
public:
  using handler = std::function<api_response(const api_request&)>;

  virtual ~http_server() = default;

  /// Closes the socket and every client, waits for handlers that still run. Idempotent.
  virtual void stop() = 0;

  /// Listens, and answers until `stop`.
  /// @returns errc::conflict when a live daemon listens there or the path is no socket,
  ///          errc::permission or errc::failed when the directory does not let us.
  static result<std::unique_ptr<http_server>> start(http_server_config config, handler answer);
};

} // namespace shoal::web
