// The stream under a session. Costly to include: for the two sources of link_session only.
//
// Threads: the link's own.
#pragma once

#include "web/link_session.hpp"

#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include <array>

namespace shoal::web {

namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;

/// TLS over TCP.
struct tls_stream : beast::ssl_stream<tcp_socket> {
  using ssl_stream::ssl_stream;
};

/// What Beast calls when the WebSocket has ended, found by its argument's type. Beast's own waits
/// for the other side's TLS shutdown, and when that fails reports it in place of why the link
/// ended; the close frames before it have told both sides already that nothing was cut off.
template <class Handler>
void async_teardown(beast::role_type, tls_stream& stream, Handler&& handler) {
  asio::post(stream.get_executor(),
             beast::bind_front_handler(std::forward<Handler>(handler), error_code{}));
}

/// A WebSocket over TLS over TCP.
struct link_session::stream {
  stream(tcp_socket socket, asio::ssl::context& tls) : link{std::move(socket), tls} {}

  // No permessage-deflate: packs are compressed already, and it would let peers send bombs.
  websocket::stream<tls_stream, false> link;
  std::array<char, 4096> discarded;

  auto& tls() { return link.next_layer(); }
  auto& socket() { return link.next_layer().next_layer(); }
};

/// A completion handler that keeps the session and its stream alive, and does nothing once the
/// session has let the stream go.
template <class Act>
auto link_session::guarded(Act act) {
  return [self = shared_from_this(), held = stream_, act = std::move(act)](const error_code& fault,
                                                                           auto... rest) mutable {
    if (held == self->stream_) act(fault, rest...);
  };
}

} // namespace shoal::web
