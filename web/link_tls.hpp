// Who the link is and who it believes: TLS 1.3 with certificates on both sides, from one authority.
//
// Threads: any. Errors: name the file.
#pragma once

#include "actors/link_transport.hpp"
#include "web/link_options.hpp"
#include "web/net.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace shoal::web {

/// A role's name in certificates.
std::string_view to_string(actors::node_role role);

/// The inverse. Empty for a name that this version does not know.
std::optional<actors::node_role> parse_role(std::string_view name);

/// Reads the three files and makes what both ends of a handshake use: TLS 1.3 and nothing older, a
/// peer's certificate required and checked against this authority only, no session resumption
/// (each link is authenticated by the certificate itself).
result<std::shared_ptr<asio::ssl::context>> make_tls_context(const link_options& options);

/// A node as a certificate describes it.
struct verified_peer {
  actors::peer_identity identity;
  /// When the certificate ends, and the link with it.
  std::chrono::sys_seconds not_after;
};

/// This node, by its own certificate file.
result<verified_peer> own_identity(const link_options& options);

/// @pre the handshake of `session` has succeeded. @returns errc::denied when the certificate,
/// though of our authority, is not a node's.
result<verified_peer> peer_of(SSL* session, const std::string& address);

/// What a failed TLS operation means to an operator. `session` may be null.
error tls_error(const error_code& fault, SSL* session);

} // namespace shoal::web
