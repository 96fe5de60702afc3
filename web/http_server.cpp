#include "web/http_server.hpp"

#include "web/http_socket.hpp"

#include <utility> // before asio: Boost 1.74's awaitable.hpp needs it

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <atomic>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <thread>

namespace shoal::web {

namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using protocol = net::local::stream_protocol;
using boost::system::error_code;

/// Pause after the system refused a connection (out of descriptors), which would otherwise repeat
/// at once and for ever.
constexpr std::chrono::milliseconds accept_pause{100};

class server;

/// One client: one request at a time, in order.
class session : public std::enable_shared_from_this<session> {
public:
  session(protocol::socket socket, std::shared_ptr<server> owner);
  ~session();

  void read();
  void close();

private:
  void on_read(error_code failed);
  void ask();
  void reply(api_response response);
  void refuse(unsigned status, const std::string& why);

  beast::basic_stream<protocol> stream_;
  std::shared_ptr<server> owner_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<http::response<http::string_body>> response_;
  bool keep_alive_ = false;
};

/// The listener and what its sessions share.
class server : public std::enable_shared_from_this<server> {
public:
  server(http_server_config config, http_server::handler answer, unix_listener listener)
      : config_{std::move(config)}, answer_{std::move(answer)},
        listener_{std::make_unique<unix_listener>(std::move(listener))},
        acceptor_{io_, protocol{}, listener_->take()}, pause_{io_}, workers_{config_.worker_count} {
  }

  void run() {
    accept();
    thread_ = std::thread{[self = shared_from_this()] { self->io_.run(); }};
  }

  void stop() {
    if (stopped_.exchange(true)) return;
    // The name goes first: a client that comes now is told at once that nobody is here.
    net::post(io_, [this] {
      error_code ignored;
      acceptor_.close(ignored);
      pause_.cancel();
      const auto open = sessions_;
      for (const auto& one : open) {
        if (const auto alive = one.second.lock()) alive->close();
      }
    });
    workers_.join();
    // Only now: answers of the last handlers must still reach their sessions.
    guard_.reset();
    thread_.join();
    listener_.reset();
  }

  const http_server_config& config() const { return config_; }

  /// Runs the handler on a worker and `done` back on the sockets' thread. False: no room.
  template <class Done>
  bool submit(api_request request, Done done) {
    if (pending_ >= config_.worker_count + config_.queue_length_max) return false;
    ++pending_;
    net::post(workers_, [this, request = std::move(request), done = std::move(done)]() mutable {
      auto response = answer_(request);
      --pending_;
      net::post(io_, [done = std::move(done), response = std::move(response)]() mutable {
        done(std::move(response));
      });
    });
    return true;
  }

  void leave(session* gone) { sessions_.erase(gone); }

private:
  void accept() {
    acceptor_.async_accept([this](error_code failed, protocol::socket socket) {
      if (!acceptor_.is_open()) return;
      if (failed) {
        pause_.expires_after(accept_pause);
        pause_.async_wait([this](error_code cancelled) {
          if (!cancelled) accept();
        });
        return;
      }
      if (sessions_.size() < config_.connection_count_max) {
        const auto opened = std::make_shared<session>(std::move(socket), shared_from_this());
        sessions_[opened.get()] = opened;
        opened->read();
      }
      accept();
    });
  }

  const http_server_config config_;
  const http_server::handler answer_;
  std::unique_ptr<unix_listener> listener_;
  net::io_context io_{1};
  net::executor_work_guard<net::io_context::executor_type> guard_{io_.get_executor()};
  protocol::acceptor acceptor_;
  net::steady_timer pause_;
  std::map<session*, std::weak_ptr<session>> sessions_;
  std::atomic<std::size_t> pending_{0};
  std::atomic<bool> stopped_{false};
  net::thread_pool workers_;
  std::thread thread_;
};

session::session(protocol::socket socket, std::shared_ptr<server> owner)
    : stream_{std::move(socket)}, owner_{std::move(owner)} {}

session::~session() { owner_->leave(this); }

void session::close() { stream_.close(); }

void session::read() {
  parser_.emplace();
  parser_->body_limit(owner_->config().body_bytes_max);
  parser_->header_limit(static_cast<std::uint32_t>(owner_->config().header_bytes_max));
  // Waiting for a request to begin and reading one have limits of their own.
  stream_.expires_after(owner_->config().idle_time_max);
  http::async_read_some(
      stream_, buffer_, *parser_, [self = shared_from_this()](error_code failed, std::size_t) {
        if (failed || self->parser_->is_done()) return self->on_read(failed);
        self->stream_.expires_after(self->owner_->config().request_time_max);
        http::async_read(self->stream_, self->buffer_, *self->parser_,
                         [self](error_code broken, std::size_t) { self->on_read(broken); });
      });
}

void session::on_read(error_code failed) {
  if (failed == http::error::body_limit) return refuse(413, "the request's body is too large");
  if (failed == http::error::header_limit || failed == http::error::buffer_overflow) {
    return refuse(431, "the request's header is too large");
  }
  if (failed && failed.category() == http::make_error_code(http::error::bad_method).category() &&
      failed != http::error::end_of_stream && failed != http::error::partial_message) {
    return refuse(400, "this is not an HTTP/1.1 request: " + failed.message());
  }
  if (failed) return;
  ask();
}

void session::ask() {
  auto message = parser_->release();
  keep_alive_ = message.keep_alive();
  api_request request{.method = std::string{message.method_string()},
                      .target = std::string{message.target()},
                      .body = std::move(message.body())};
  stream_.expires_never();
  const bool taken =
      owner_->submit(std::move(request), [self = shared_from_this()](api_response response) {
        self->reply(std::move(response));
      });
  if (!taken) reply(problem({errc::overloaded, "too many requests at once; try again"}));
}

void session::refuse(unsigned status, const std::string& why) {
  keep_alive_ = false;
  reply(problem(status, {errc::invalid_argument, why}));
}

void session::reply(api_response response) {
  auto& message = response_.emplace();
  message.version(11);
  message.result(response.status);
  message.set(http::field::content_type, response.content_type);
  message.set(http::field::cache_control, "no-store");
  for (const auto& [name, value] : response.headers)
    message.set(name, value);
  message.body() = std::move(response.body);
  message.keep_alive(keep_alive_);
  message.prepare_payload();
  stream_.expires_after(owner_->config().request_time_max);
  http::async_write(stream_, message, [self = shared_from_this()](error_code failed, std::size_t) {
    if (failed || !self->keep_alive_) return;
    self->read();
  });
}

/// The public face; `server` outlives it for as long as handlers hold it.
class running_server final : public http_server {
public:
  explicit running_server(std::shared_ptr<server> inner) : inner_{std::move(inner)} {
    inner_->run();
  }
  ~running_server() override { inner_->stop(); }
  void stop() override { inner_->stop(); }

private:
  std::shared_ptr<server> inner_;
};

} // namespace

result<std::unique_ptr<http_server>> http_server::start(http_server_config config, handler answer) {
  auto listener = unix_listener::open(config.socket);
  if (!listener) return listener.error();
  try {
    auto inner =
        std::make_shared<server>(std::move(config), std::move(answer), std::move(listener).value());
    return std::unique_ptr<http_server>{std::make_unique<running_server>(std::move(inner))};
  } catch (const std::exception& fault) {
    return error{errc::failed, std::string{"cannot start the API's threads: "} + fault.what()};
  }
}

} // namespace shoal::web
