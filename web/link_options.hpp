// What a node's link can be told: its certificate, where it listens, its limits and patience.
//
// Threads: values. Errors: `validate` names the option.
#pragma once

#include "actors/link_transport.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

namespace shoal::web {

/// How much a line of the log matters.
enum class log_level : std::uint8_t { debug, info, warning, error };

/// Where the link's lines of log go. Called from the link's thread; must not block.
using log_function = std::function<void(log_level, std::string)>;

/// Everything is set before the link starts and does not change.
struct link_options {
  /// This node's certificate and key, and the cluster's authority (PEM). All three are required:
  /// there is no unauthenticated link.
  std::filesystem::path certificate_file;
  std::filesystem::path key_file;
  std::filesystem::path authority_file;

  /// The numeric address to listen at; empty for a node that only dials. `::` serves IPv4 too.
  std::string listen_address;
  /// 0 lets the kernel choose; `link_runtime::port` says what it chose.
  std::uint16_t listen_port = 0;
  /// The numeric address dialled links come from; empty lets the kernel choose.
  std::string source_address;

  /// The largest frame that is sent or taken; a peer that sends a larger one loses its link.
  std::size_t message_bytes_max = std::size_t{1} << 20;
  /// What may wait for a slow reader before its link is closed. More survives longer hiccups.
  std::size_t send_queue_bytes_max = std::size_t{8} << 20;

  /// From accepting (or having connected) to an open link: TLS and the WebSocket upgrade.
  std::chrono::milliseconds handshake_timeout{5'000};
  /// Resolving and TCP connect, over all addresses of a name together.
  std::chrono::milliseconds connect_timeout{3'000};
  /// How often either side says that it is there, whatever else it sends.
  std::chrono::milliseconds ping_interval{5'000};
  /// A peer silent for this long is taken for dead. Longer survives hiccups, shorter reroutes
  /// sooner.
  std::chrono::milliseconds idle_timeout{15'000};

  /// Links and half-open connections together; further ones are turned away.
  std::size_t connections_max = 16'384;
  /// Connections without an identity yet; a further one pushes out the oldest of the address that
  /// has the most.
  std::size_t half_open_max = 1'024;
  /// The same for one address, so that one machine cannot use them all.
  std::size_t half_open_per_address_max = 256;

  /// Whether an authenticated peer may open a link here; empty admits every node of the cluster.
  /// The refusal's message is told to the peer. Called from the link's thread; must not block.
  std::function<result<void>(const actors::peer_identity&)> admit;
  /// Empty discards the log.
  log_function log;
};

/// Whether the options make sense together. @returns errc::invalid_argument naming the option.
result<void> validate(const link_options& options);

} // namespace shoal::web
