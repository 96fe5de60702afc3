// The cluster's certificates: its own authority, and one certificate a node that says which host it
// is, where it stands and what it may do (DESIGN §8).
//
// Threads: any; every call stands alone.
// Errors:  name the file. Malformed names are errc::invalid_argument, unreadable files
//          errc::not_found or errc::permission, bytes that are no certificate errc::corrupt.
// Crashes: a file is there whole or not at all. Between key and certificate a crash may leave a new
//          key beside an old certificate; issuing again repairs it.
#pragma once

#include "topology/place.hpp"
#include "topology/result.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

// OpenSSL's X509, without its headers.
struct x509_st;

namespace shoal::swarm {

/// Whom a certificate speaks of.
struct certificate_subject {
  /// The host's name; at most 64 characters (X.520 limits common names).
  std::string host;
  topology::place where;
  /// Names of the roles it may take, such as `host` and `index`.
  std::vector<std::string> roles;

  friend bool operator==(const certificate_subject&, const certificate_subject&) = default;
};

/// From when until when a certificate holds; seconds are what X.509 can say.
struct certificate_validity {
  std::chrono::sys_seconds not_before;
  std::chrono::sys_seconds not_after;

  /// From an hour before `now`, for hosts whose clocks are behind, until `length` after it.
  static certificate_validity lasting(std::chrono::system_clock::time_point now,
                                      std::chrono::seconds length);

  friend bool operator==(const certificate_validity&, const certificate_validity&) = default;
};

/// How long a new authority lasts.
constexpr std::chrono::hours authority_lifetime{24 * 365 * 10};

/// What a node's certificate says. It says so truly only if the authority's signature was checked,
/// as a TLS handshake does.
struct certificate {
  certificate_subject subject;
  certificate_validity validity;
};

/// A certificate and the private key to it, as PEM files.
struct certificate_files {
  std::filesystem::path certificate;
  std::filesystem::path key;
};

/// Creates the cluster's authority: an ECDSA P-256 key (mode 0600) and a self-signed certificate.
/// `name` is what people see of it. @returns errc::conflict if either file exists, because a second
/// authority would lock out every node of the first.
result<void> create_authority(const std::string& name, const certificate_files& files,
                              const certificate_validity& validity);

/// Issues a node's certificate (RFC 5280) with a new ECDSA P-256 key (mode 0600); replaces files
/// that exist, so that renewing is the same act. The subject goes into CN=<host>, and the
/// alternative names DNS:<host>, URI:shoal:place:<site/cluster/rack> and URI:shoal:role:<role>;
/// DNS:* is there because bulk transfers name no host when they check (libtorrent's SSL torrents).
result<void> issue_certificate(const certificate_files& authority, const certificate_files& files,
                               const certificate_subject& subject,
                               const certificate_validity& validity);

/// Reads a node's certificate from a PEM file, expired or not.
result<certificate> read_certificate(const std::filesystem::path& file);

/// Whether both files can be read and belong together. @returns errc::conflict if they do not.
result<void> check_key(const certificate_files& files);

/// Reads the first certificate of a PEM file and writes it as OpenSSL does, without comments or
/// other blanks: the same text on all hosts that have the same certificate.
result<std::string> read_certificate_text(const std::filesystem::path& file);

/// Reads a node's certificate that OpenSSL holds already, such as a TLS peer's.
/// @returns errc::denied if it names no host, place or role: it is not a node's.
result<certificate> read_certificate(const x509_st& held);

} // namespace shoal::swarm
