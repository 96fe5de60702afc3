// Accepts connections and keeps strangers within limits. Internal to the link.
//
// Threads: `open` before the link's thread starts, the rest on it.
// Errors:  a port that cannot be had is returned by `open`; running out of descriptors pauses
//          accepting and is logged.
#pragma once

#include "web/link_core.hpp"
#include "web/link_half_open.hpp"
#include "web/link_session.hpp"

#include <memory>
#include <unordered_map>

namespace shoal::web {

class link_listener {
public:
  link_listener(link_core& core, std::shared_ptr<const actors::link_handler> handler);

  /// Binds and listens. @returns the port.
  result<std::uint16_t> open();
  /// Begins to accept.
  void start();
  /// Accepts no more; what was accepted lives on.
  void stop();

private:
  void accept();
  void accepted(const error_code& fault);
  void admit(const std::string& address);
  void pause(const error_code& fault);
  void drop(link_half_open::ticket oldest);
  void handshake_over(link_half_open::ticket ticket);

  link_core& core_;
  std::shared_ptr<const actors::link_handler> handler_;
  tcp_acceptor acceptor_;
  tcp_socket next_;
  steady_timer pause_;
  link_half_open half_open_;
  std::unordered_map<link_half_open::ticket, std::weak_ptr<link_session>> sessions_;
};

} // namespace shoal::web
