// Which of a host's channels are TLS, and with which certificates: `bulk_tls`.
//
// Threads: a value.
#pragma once

#include "swarm/torrent/metadata.hpp"
#include "swarm/torrent/swarm_session.hpp"

#include <string>

namespace shoal::swarm {

class channel_security {
public:
  /// Reads the authority's certificate, unless nothing is to be encrypted.
  /// @returns the fault of a file that is missing or not what it should be.
  static result<channel_security> load(const swarm_session_config& config);

  /// Whether holders in other sites are met in a channel of their own.
  [[nodiscard]] bool has_twins() const noexcept { return mode_ == bulk_tls::sites; }
  /// Whether the channel's connections are TLS.
  [[nodiscard]] bool secures(channel_kind kind) const noexcept {
    return mode_ == bulk_tls::all || (has_twins() && crosses_sites(kind));
  }
  /// What `metadata.hpp` wants: the PEM certificate of the authority, or nothing.
  [[nodiscard]] const std::string& authority(channel_kind kind) const noexcept {
    return secures(kind) ? authority_ : plain_;
  }
  [[nodiscard]] const std::string& certificate_file() const noexcept { return certificate_file_; }
  [[nodiscard]] const std::string& key_file() const noexcept { return key_file_; }

  /// The channel in which this host takes from a holder.
  [[nodiscard]] channel_kind channel_to_holder(const topology::place& self,
                                               const topology::place& peer) const;
  /// The port of `peer` for that channel; zero when it has none, so that it cannot be dialled.
  [[nodiscard]] std::uint16_t port(const swarm_peer& peer, channel_kind kind) const noexcept {
    return secures(kind) ? peer.tls_port : peer.port;
  }

private:
  [[nodiscard]] static bool crosses_sites(channel_kind kind) noexcept {
    return kind == channel_kind::far_source || kind == channel_kind::sites;
  }

  bulk_tls mode_ = bulk_tls::off;
  std::string plain_, authority_, certificate_file_, key_file_;
};

} // namespace shoal::swarm
