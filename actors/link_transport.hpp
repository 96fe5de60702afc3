// The seam between the link's actors and its sockets: frames in, frames out, who is there.
// `web/` implements it over WebSocket and mutual TLS 1.3; tests implement it in memory.
//
// Threads: `link_connection` methods may be called from any thread and never block; handler calls
//          come from the transport's own threads and must not block.
// Errors:  a link that fails is closed, and `on_closed` says why, once.
#pragma once

#include "topology/place.hpp"
#include "topology/result.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace shoal::actors {

/// What a certificate allows its node to be (DESIGN §8).
enum class node_role : std::uint8_t { host, index, gis, publisher, bridgehead, repository };

/// Who is at the other end, as its certificate says; nothing here was claimed by a message.
struct peer_identity {
  std::string host;
  topology::place where;
  std::vector<node_role> roles;
  /// The numeric address it is connected from.
  std::string address;

  [[nodiscard]] bool may(node_role role) const {
    for (const auto held : roles) {
      if (held == role) return true;
    }
    return false;
  }
};

/// One live, authenticated link.
class link_connection {
public:
  virtual ~link_connection() = default;
  [[nodiscard]] virtual const peer_identity& peer() const = 0;
  /// Queues one frame. @returns errc::overloaded when the queue is full (the frame is dropped and
  /// the link is closed, because a reader that slow would hold memory for ever), errc::unreachable
  /// when closed.
  virtual result<void> send(std::string frame) = 0;
  /// Closes; `on_closed` follows. Idempotent.
  virtual void close(std::string why) = 0;
};

/// What a side of the link is told.
struct link_handler {
  std::function<void(std::shared_ptr<link_connection>)> on_open;
  std::function<void(const std::shared_ptr<link_connection>&, std::string frame)> on_frame;
  std::function<void(const std::shared_ptr<link_connection>&, error why)> on_closed;
};

/// A connect that is under way or came to nothing.
using connect_handler = std::function<void(result<std::shared_ptr<link_connection>>)>;

/// Opens links.
class link_dialer {
public:
  virtual ~link_dialer() = default;
  /// Connects without blocking, within the transport's time limit; several may be under way.
  /// `expected_role` must be in the other side's certificate. On success `done` is called before
  /// any frame is delivered to `handler` (whose `on_open` is not called for dialled links).
  virtual void dial(const std::string& address, std::uint16_t port, node_role expected_role,
                    link_handler handler, connect_handler done) = 0;
};

} // namespace shoal::actors
