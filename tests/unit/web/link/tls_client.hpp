// Sockets that do not behave as ours do.
//
// Threads: one owner. Blocking, with a time limit on reads.
#pragma once

#include "web/link_options.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <utility>

namespace shoal::web {

/// A plain TCP connection to loopback; closed with the object.
class raw_socket {
public:
  raw_socket() : descriptor_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
    const timeval limit{.tv_sec = 20, .tv_usec = 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  explicit raw_socket(std::uint16_t port) : raw_socket{} { connect(port); }
  ~raw_socket() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  raw_socket(raw_socket&& other) noexcept : descriptor_{std::exchange(other.descriptor_, -1)} {}
  raw_socket& operator=(raw_socket&&) = delete;

  bool bind(const char* from) {
    const auto address = at(from, 0);
    return ::bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  bool connect(std::uint16_t port) {
    const auto address = at("127.0.0.1", port);
    return ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  /// Listens and never accepts. @returns the port.
  std::uint16_t listen(int backlog) {
    bind("127.0.0.1");
    ::listen(descriptor_, backlog);
    sockaddr_in address{};
    socklen_t length = sizeof address;
    ::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &length);
    return ntohs(address.sin_port);
  }
  void write(const std::string& bytes) {
    static_cast<void>(::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
  }
  /// Waits until the other side closes. @returns whether it did so in time.
  bool closed_by_peer() {
    char bytes[4096];
    while (true) {
      const auto count = ::recv(descriptor_, bytes, sizeof bytes, 0);
      if (count == 0 || (count < 0 && errno == ECONNRESET)) return true;
      if (count < 0) return false;
    }
  }
  [[nodiscard]] int get() const { return descriptor_; }

private:
  static sockaddr_in at(const char* host, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    ::inet_pton(AF_INET, host, &address.sin_addr);
    return address;
  }

  int descriptor_;
};

/// A TLS client that checks nobody, and says what it is told to.
class tls_client {
public:
  /// `options` null: shows no certificate.
  tls_client(std::uint16_t port, const link_options* options, int version = TLS1_3_VERSION)
      : socket_{port}, context_{SSL_CTX_new(TLS_client_method())} {
    SSL_CTX_set_max_proto_version(context_, version);
    if (options != nullptr) {
      SSL_CTX_use_certificate_chain_file(context_, options->certificate_file.c_str());
      SSL_CTX_use_PrivateKey_file(context_, options->key_file.c_str(), SSL_FILETYPE_PEM);
    }
    session_ = SSL_new(context_);
    SSL_set_fd(session_, socket_.get());
    connected_ = SSL_connect(session_) == 1;
  }
  ~tls_client() {
    SSL_free(session_);
    SSL_CTX_free(context_);
  }
  tls_client(const tls_client&) = delete;
  tls_client& operator=(const tls_client&) = delete;

  /// In TLS 1.3 a client is connected before the server has seen its certificate.
  [[nodiscard]] bool connected() const { return connected_; }
  void write(const std::string& bytes) {
    static_cast<void>(SSL_write(session_, bytes.data(), static_cast<int>(bytes.size())));
  }
  /// What the server sends until it ends the connection.
  std::string read_all() {
    std::string all;
    char bytes[4096];
    int count = 0;
    while ((count = SSL_read(session_, bytes, sizeof bytes)) > 0) {
      all.append(bytes, static_cast<std::size_t>(count));
    }
    return all;
  }

private:
  raw_socket socket_;
  SSL_CTX* context_;
  SSL* session_ = nullptr;
  bool connected_ = false;
};

} // namespace shoal::web
