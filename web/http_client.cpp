#include "web/http_client.hpp"

#include <utility> // before asio: Boost 1.74's awaitable.hpp needs it

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include <sys/un.h>

namespace shoal::web {

namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

/// A torrent of a 1 TiB pack takes 256 MiB at most; nothing else comes near.
constexpr std::uint64_t reply_bytes_max = 256ull << 20;

error explained(const std::string& socket, const error_code& failed) {
  if (failed == boost::system::errc::no_such_file_or_directory ||
      failed == boost::system::errc::connection_refused) {
    return {errc::unreachable,
            "no daemon answers at " + socket +
                "; start it with 'systemctl start shoald' or 'shoald --config FILE', or say "
                "where it listens with --socket PATH or $SHOAL_SOCKET"};
  }
  if (failed == boost::system::errc::permission_denied) {
    return {errc::permission,
            "you may not use " + socket + "; become a member of the socket's group, or use sudo"};
  }
  if (failed == beast::error::timeout) {
    return {errc::unreachable, "the daemon at " + socket + " did not answer in time"};
  }
  return {errc::unreachable,
          "lost the daemon at " + socket + " before it answered: " + failed.message()};
}

/// Connect, write, read as one chain on a private event loop, so that each step has a time limit.
class exchange {
public:
  exchange(const std::string& socket, const http_question& question) : endpoint_{socket} {
    request_.method_string(question.method);
    request_.target(question.target);
    request_.version(11);
    request_.set(http::field::host, "localhost");
    request_.keep_alive(false);
    if (!question.body.empty()) request_.set(http::field::content_type, "application/json");
    request_.body() = question.body;
    request_.prepare_payload();
    parser_.body_limit(reply_bytes_max);
  }

  error_code run(std::chrono::milliseconds time_max) {
    stream_.expires_after(time_max);
    stream_.async_connect(endpoint_, [this](error_code failed) {
      if (finished(failed)) return;
      http::async_write(stream_, request_, [this](error_code broken, std::size_t) {
        // A server that refuses a request may answer before it has read all of it.
        if (broken && broken != boost::system::errc::broken_pipe) {
          outcome_ = broken;
          return;
        }
        http::async_read(stream_, buffer_, parser_,
                         [this](error_code ended, std::size_t) { finished(ended); });
      });
    });
    io_.run();
    return outcome_;
  }

  http_reply reply() {
    auto& message = parser_.get();
    return {.status = message.result_int(),
            .content_type = std::string{message[http::field::content_type]},
            .body = std::move(message.body())};
  }

private:
  bool finished(const error_code& failed) {
    outcome_ = failed;
    return static_cast<bool>(failed);
  }

  net::io_context io_{1};
  net::local::stream_protocol::endpoint endpoint_;
  beast::basic_stream<net::local::stream_protocol> stream_{io_};
  http::request<http::string_body> request_;
  http::response_parser<http::string_body> parser_;
  beast::flat_buffer buffer_;
  error_code outcome_;
};

} // namespace

result<http_reply> ask(const std::string& socket, const http_question& question,
                       std::chrono::milliseconds time_max) {
  if (socket.empty() || socket.size() >= sizeof(sockaddr_un::sun_path)) {
    return error{errc::invalid_argument, "a socket's path has 1 to 107 bytes, not " +
                                             std::to_string(socket.size()) + ": " + socket};
  }
  try {
    exchange talk{socket, question};
    if (const auto failed = talk.run(time_max)) return explained(socket, failed);
    return talk.reply();
  } catch (const std::exception& fault) {
    return error{errc::failed, std::string{"cannot ask the daemon: "} + fault.what()};
  }
}

std::string percent_encoded(const std::string& text) {
  constexpr auto* digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  return out;
}

} // namespace shoal::web
