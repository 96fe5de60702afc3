// One link over its life: TLS handshake, WebSocket upgrade, frames, close. Internal to the link.
//
// Threads: as link_connection says; everything else on the link's thread.
// Errors:  end the session, and say why once.
#pragma once

#include "actors/link_transport.hpp"
#include "web/link_core.hpp"
#include "web/link_tls.hpp"

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace shoal::web {

/// A connection that becomes a link, or comes to nothing.
class link_session final : public actors::link_connection,
                           public link_task,
                           public std::enable_shared_from_this<link_session> {
public:
  link_session(link_core& core, std::shared_ptr<const actors::link_handler> handler,
               std::string address);
  ~link_session() override;

  /// Serves a connection that somebody opened; `ticket` is its place among the half-open ones.
  void serve(tcp_socket socket, std::uint64_t ticket);
  /// Greets the server at the other end of a connection we opened.
  void greet(tcp_socket socket, actors::node_role expected_role, actors::connect_handler done);
  /// Ends a half-open session to make room for a younger one.
  void evict();

  [[nodiscard]] const actors::peer_identity& peer() const override { return peer_.identity; }
  result<void> send(std::string frame) override;
  void close(std::string why) override;

  void tick(instant now) override;
  void cancel(const error& why) override;

private:
  struct stream;
  struct upgrade;
  enum class phase : std::uint8_t {
    /// Connected, not a byte heard; costs no TLS state yet.
    silent,
    handshaking,
    open,
    /// `on_closed` was called; what was queued still leaves, and the other side learns why.
    draining,
    /// Refused; waiting for the other side to have read why.
    lingering,
    closed,
  };

  enum class ending : std::uint8_t {
    /// Closes the connection; nothing more can be said.
    at_once,
    /// Lets what is queued leave first and tells the other side why.
    gently,
    /// The other side was told why and may still be sending; lets it read that.
    lingering,
  };

  template <class Act>
  auto guarded(Act act);
  void begin(tcp_socket socket);
  void make_stream();
  void serve_tls();
  void read_request();
  void answer(const std::shared_ptr<upgrade>& request);
  void decline(const std::shared_ptr<upgrade>& request, unsigned status, const error& why);
  void check_server();
  void request_upgrade();
  void open_link();
  void read();
  void took_frame();
  void pump();
  void ping();
  void say_goodbye();
  void refuse(const error& why);
  void linger();
  void discard_input();
  void end(const error& why, ending how);
  void read_failed(const error_code& fault);
  void write_failed(const error_code& fault);
  void destroy();
  void leave_half_open();
  [[nodiscard]] error describe(const error_code& fault) const;
  [[nodiscard]] std::string name() const;

  link_core& core_;
  std::shared_ptr<const actors::link_handler> handler_;
  const std::string address_;
  verified_peer peer_;
  // Before TLS begins; afterwards `stream_` has the socket. Both are empty once the session is
  // closed, because a handle of it may outlive the io_context.
  std::optional<tcp_socket> socket_;
  std::shared_ptr<stream> stream_;

  phase phase_ = phase::silent;
  std::uint64_t ticket_ = 0;
  actors::connect_handler done_;
  actors::node_role expected_role_ = actors::node_role::host;
  instant deadline_{};
  instant last_heard_{};
  instant next_ping_{};
  bool pinging_ = false;
  bool saying_goodbye_ = false;
  // Why writing failed, if reading does not come up with a better reason soon.
  std::optional<error> write_fault_;
  std::string farewell_;
  std::string inbound_;
  std::string outbound_;

  // Guards what `send` shares with the link's thread. While `sendable_`, the core is alive.
  std::mutex mutex_;
  bool sendable_ = false;
  // A pump is due or a write under way; whoever finds it false starts one.
  bool pumping_ = false;
  std::size_t queued_bytes_ = 0;
  std::deque<std::string> queue_;
};

} // namespace shoal::web
