#include "web/link_tls.hpp"

#include "swarm/crypto/certificate.hpp"
#include "swarm/crypto/pem_file.hpp"

#include <boost/asio/ssl/error.hpp>

#include <array>

namespace shoal::web {

namespace {

using actors::node_role;

struct role_name {
  node_role role;
  std::string_view name;
};
constexpr std::array role_names{role_name{node_role::host, "host"},
                                role_name{node_role::index, "index"},
                                role_name{node_role::gis, "gis"},
                                role_name{node_role::publisher, "publisher"},
                                role_name{node_role::bridgehead, "bridgehead"},
                                role_name{node_role::repository, "repository"}};

// TLS alerts that the other side sent arrive as reasons from here on (SSL_AD_REASON_OFFSET).
constexpr int first_alert_reason = SSL_AD_REASON_OFFSET;

error file_error(const char* what, const std::filesystem::path& file, const error_code& fault) {
  return {errc::corrupt,
          std::string{"cannot use "} + what + " " + file.string() + ": " + fault.message()};
}

result<void> use_files(asio::ssl::context& context, const link_options& options) {
  const auto authority = swarm::read_small_file(options.authority_file);
  if (!authority) return authority.error();
  const auto certificate = swarm::read_small_file(options.certificate_file);
  if (!certificate) return certificate.error();
  const auto key = swarm::read_small_file(options.key_file);
  if (!key) return key.error();
  error_code fault;
  context.add_certificate_authority(asio::buffer(*authority), fault);
  if (fault) return file_error("the authority", options.authority_file, fault);
  context.use_certificate_chain(asio::buffer(*certificate), fault);
  if (fault) return file_error("the certificate", options.certificate_file, fault);
  context.use_private_key(asio::buffer(*key), asio::ssl::context::pem, fault);
  if (fault) return file_error("with this certificate the key", options.key_file, fault);
  return {};
}

verified_peer described(const swarm::certificate& read, const std::string& address) {
  verified_peer peer{.identity = {.host = read.subject.host,
                                  .where = read.subject.where,
                                  .roles = {},
                                  .address = address},
                     .not_after = read.validity.not_after};
  for (const auto& name : read.subject.roles) {
    // A role of a later version is not a reason to refuse the others.
    if (const auto role = parse_role(name)) peer.identity.roles.push_back(*role);
  }
  return peer;
}

} // namespace

std::string_view to_string(node_role role) {
  for (const auto& entry : role_names) {
    if (entry.role == role) return entry.name;
  }
  return "unknown";
}

std::optional<node_role> parse_role(std::string_view name) {
  for (const auto& entry : role_names) {
    if (entry.name == name) return entry.role;
  }
  return std::nullopt;
}

result<std::shared_ptr<asio::ssl::context>> make_tls_context(const link_options& options) {
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls);
  auto* const handle = context->native_handle();
  const bool only_tls_13 = SSL_CTX_set_min_proto_version(handle, TLS1_3_VERSION) == 1 &&
                           SSL_CTX_set_max_proto_version(handle, TLS1_3_VERSION) == 1;
  SHOAL_ASSERT(only_tls_13);
  SSL_CTX_set_verify(handle, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_session_cache_mode(handle, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(handle, 0);
  // An idle link gives its record buffers back: 34 KB each.
  SSL_CTX_set_mode(handle, SSL_MODE_RELEASE_BUFFERS);
  // Without a callback OpenSSL would ask the terminal for the passphrase of an encrypted key.
  SSL_CTX_set_default_passwd_cb(handle, [](char*, int, int, void*) { return -1; });
  const auto used = use_files(*context, options);
  if (!used) return used.error();
  return context;
}

result<verified_peer> own_identity(const link_options& options) {
  const auto own = swarm::read_certificate(options.certificate_file);
  if (!own) return own.error();
  return described(*own, {});
}

result<verified_peer> peer_of(SSL* session, const std::string& address) {
  const auto* held = SSL_get0_peer_certificate(session);
  SHOAL_ASSERT(held != nullptr && SSL_get_verify_result(session) == X509_V_OK);
  const auto read = swarm::read_certificate(*held);
  if (!read) return read.error();
  return described(*read, address);
}

error tls_error(const error_code& fault, SSL* session) {
  if (session != nullptr) {
    const auto verified = SSL_get_verify_result(session);
    if (verified != X509_V_OK) {
      return {errc::denied, std::string{"its certificate does not hold: "} +
                                X509_verify_cert_error_string(verified)};
    }
  }
  if (fault.category() != asio::error::get_ssl_category()) {
    return {errc::unreachable, "the connection broke: " + fault.message()};
  }
  const int reason = ERR_GET_REASON(static_cast<unsigned long>(fault.value()));
  if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
    return {errc::denied, "it shows no certificate"};
  }
  if (reason >= first_alert_reason) {
    return {errc::denied, "it refuses us: " + fault.message()};
  }
  return {errc::corrupt, "it does not speak TLS 1.3 as we do: " + fault.message()};
}

} // namespace shoal::web
