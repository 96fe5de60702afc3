// The half of link_session.hpp before the link is open: who are you, and may you come in.
#include "web/link_stream.hpp"

#include <algorithm>

namespace shoal::web {

namespace {

// The version of the link; another one is another path.
constexpr beast::string_view link_path = "/link/1";
constexpr beast::string_view refusal_field = "Shoal-Refusal";
constexpr std::size_t request_bytes_max = 8 * 1024;
constexpr std::size_t refusal_bytes_max = 512;
constexpr std::chrono::seconds linger_timeout{1};

// What a stranger sent, or goes to one: no control characters, not too long.
std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, ' ');
  text.resize(std::min(text.size(), refusal_bytes_max));
  return text;
}

} // namespace

struct link_session::upgrade {
  beast::flat_buffer buffer{request_bytes_max};
  http::request_parser<http::empty_body> request;
  http::response<http::empty_body> refusal;
  websocket::response_type answer;
  error why;
};

void link_session::begin(tcp_socket socket) {
  socket_.emplace(std::move(socket));
  error_code ignored;
  socket_->set_option(tcp::no_delay{true}, ignored);
  deadline_ = std::chrono::steady_clock::now() + core_.options.handshake_timeout;
  core_.tasks.insert(shared_from_this());
}

void link_session::make_stream() {
  phase_ = phase::handshaking;
  stream_ = std::make_shared<stream>(std::move(*socket_), *core_.tls);
  socket_.reset();
}

void link_session::serve(tcp_socket socket, std::uint64_t ticket) {
  ticket_ = ticket;
  begin(std::move(socket));
  // A stranger who says nothing gets a descriptor and nothing else.
  socket_->async_wait(tcp_socket::wait_read, [self = shared_from_this()](const error_code& fault) {
    if (self->phase_ == phase::silent && !fault) self->serve_tls();
  });
}

void link_session::serve_tls() {
  make_stream();
  stream_->tls().async_handshake(asio::ssl::stream_base::server,
                                 guarded([this](const error_code& fault, auto...) {
                                   auto* const session = stream_->tls().native_handle();
                                   if (fault) return refuse(tls_error(fault, session));
                                   auto peer = peer_of(session, address_);
                                   if (!peer) return refuse(peer.error());
                                   peer_ = std::move(*peer);
                                   read_request();
                                 }));
}

void link_session::read_request() {
  auto request = std::make_shared<upgrade>();
  request->request.header_limit(request_bytes_max);
  request->request.body_limit(0);
  http::async_read(stream_->tls(), request->buffer, request->request,
                   guarded([this, request](const error_code& fault, auto...) {
                     if (fault) {
                       return refuse({errc::corrupt, "it asks for no link: " + fault.message()});
                     }
                     answer(request);
                   }));
}

void link_session::answer(const std::shared_ptr<upgrade>& request) {
  const auto& head = request->request.get();
  if (!websocket::is_upgrade(head) || head.target() != link_path) {
    return decline(request, 404,
                   {errc::invalid_argument, "here is only " + std::string{link_path}});
  }
  if (core_.options.admit) {
    const auto admitted = core_.options.admit(peer_.identity);
    if (!admitted) return decline(request, 403, admitted.error());
  }
  stream_->link.async_accept(head, guarded([this, request](const error_code& fault, auto...) {
                               if (fault) return refuse(describe(fault));
                               open_link();
                             }));
}

void link_session::decline(const std::shared_ptr<upgrade>& request, unsigned status,
                           const error& why) {
  auto& refusal = request->refusal;
  refusal.result(status);
  refusal.version(11);
  refusal.keep_alive(false);
  refusal.set(refusal_field, one_line(why.message));
  refusal.prepare_payload();
  request->why = why;
  http::async_write(stream_->tls(), refusal,
                    guarded([this, request](const error_code&, auto...) { refuse(request->why); }));
}

void link_session::greet(tcp_socket socket, actors::node_role expected_role,
                         actors::connect_handler done) {
  expected_role_ = expected_role;
  done_ = std::move(done);
  begin(std::move(socket));
  make_stream();
  stream_->tls().async_handshake(
      asio::ssl::stream_base::client, guarded([this](const error_code& fault, auto...) {
        if (fault) return refuse(tls_error(fault, stream_->tls().native_handle()));
        check_server();
      }));
}

void link_session::check_server() {
  auto peer = peer_of(stream_->tls().native_handle(), address_);
  if (!peer) return refuse(peer.error());
  peer_ = std::move(*peer);
  if (!peer_.identity.may(expected_role_)) {
    return refuse({errc::denied, "its certificate does not allow the role " +
                                     std::string{to_string(expected_role_)}});
  }
  request_upgrade();
}

void link_session::request_upgrade() {
  auto request = std::make_shared<upgrade>();
  stream_->link.async_handshake(
      request->answer, peer_.identity.host, link_path,
      guarded([this, request](const error_code& fault, auto...) {
        if (!fault) return open_link();
        if (fault != websocket::error::upgrade_declined) return refuse(describe(fault));
        const auto why = request->answer[refusal_field].to_string();
        const auto status = std::to_string(request->answer.result_int());
        refuse({errc::denied,
                "it turns us away: " + (why.empty() ? "HTTP status " + status : one_line(why))});
      }));
}

/// Comes to nothing: says so to whoever waits, and lets the other side read why.
void link_session::refuse(const error& why) {
  const error named{why.code, name() + ": " + why.message};
  const bool dialled = done_ != nullptr;
  if (!dialled || why.code == errc::denied) core_.refusals.refuse("link refused: " + named.message);
  if (auto done = std::exchange(done_, nullptr)) done(named);
  // Closing with unread bytes resets the connection, and the reason would be lost with it.
  if (!dialled && why.code != errc::unreachable) return linger();
  destroy();
}

void link_session::linger() {
  phase_ = phase::lingering;
  deadline_ = std::min(deadline_, std::chrono::steady_clock::now() + linger_timeout);
  error_code fault;
  stream_->socket().shutdown(tcp_socket::shutdown_send, fault);
  if (fault) return destroy();
  discard_input();
}

void link_session::discard_input() {
  stream_->socket().async_read_some(asio::buffer(stream_->discarded),
                                    guarded([this](const error_code& fault, auto...) {
                                      if (fault) return destroy();
                                      discard_input();
                                    }));
}

} // namespace shoal::web
