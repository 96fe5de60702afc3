// One outgoing TCP connect, with a time limit over all of it. Internal to the link.
//
// Threads: the link's own. Errors: told to `done`, once.
#pragma once

#include "web/link_core.hpp"

#include <memory>
#include <string>
#include <vector>

namespace shoal::web {

/// Connects to the first address of a name that answers, then hands over to a session.
class link_dial final : public link_task, public std::enable_shared_from_this<link_dial> {
public:
  link_dial(link_core& core, std::string address, std::uint16_t port,
            actors::node_role expected_role, actors::link_handler handler,
            actors::connect_handler done);

  void start();
  void tick(instant now) override;
  void cancel(const error& why) override;

private:
  void resolve();
  void connect_next();
  void connected();
  void fail(const error& why);
  [[nodiscard]] std::string target() const { return address_ + " port " + std::to_string(port_); }

  link_core& core_;
  const std::string address_;
  const std::uint16_t port_;
  const actors::node_role expected_role_;
  actors::link_handler handler_;
  actors::connect_handler done_;
  tcp_resolver resolver_;
  tcp_socket socket_;
  std::vector<tcp::endpoint> candidates_;
  std::size_t tried_ = 0;
  std::string last_fault_ = "it has no address";
  instant deadline_{};
};

} // namespace shoal::web
