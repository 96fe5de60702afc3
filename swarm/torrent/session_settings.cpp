#include "swarm/torrent/session_settings.hpp"

#include <algorithm>
#include <limits>

namespace shoal::swarm {

namespace {

constexpr int unlimited = -1;

int rate_limit(std::uint64_t bytes_per_second) {
  constexpr auto max = static_cast<std::uint64_t>(std::numeric_limits<int>::max());
  return static_cast<int>(std::min(bytes_per_second, max));
}

void turn_off_discovery(lt::settings_pack& pack) {
  for (const auto name :
       {lt::settings_pack::enable_dht, lt::settings_pack::enable_lsd,
        lt::settings_pack::enable_upnp, lt::settings_pack::enable_natpmp,
        lt::settings_pack::enable_outgoing_utp, lt::settings_pack::enable_incoming_utp}) {
    pack.set_bool(name, false);
  }
  pack.set_int(lt::settings_pack::in_enc_policy, lt::settings_pack::pe_disabled);
  pack.set_int(lt::settings_pack::out_enc_policy, lt::settings_pack::pe_disabled);
}

void connect_at_once(lt::settings_pack& pack) {
  // Finished hosts go on serving; without this libtorrent cuts connections between them.
  pack.set_bool(lt::settings_pack::close_redundant_connections, false);
  pack.set_bool(lt::settings_pack::allow_multiple_connections_per_ip, true);
  pack.set_int(lt::settings_pack::torrent_connect_boost, 255);
  pack.set_int(lt::settings_pack::connection_speed, 500);
  pack.set_bool(lt::settings_pack::smooth_connects, false);
  pack.set_int(lt::settings_pack::connections_limit, 4000);
  pack.set_int(lt::settings_pack::listen_queue_size, 1000);
  // The channels decide whom to dial and when; libtorrent's own patience only gets in the way.
  pack.set_int(lt::settings_pack::min_reconnect_time, 0);
  pack.set_int(lt::settings_pack::max_failcount, 10);
  pack.set_int(lt::settings_pack::peer_connect_timeout, 5);
  pack.set_int(lt::settings_pack::handshake_timeout, 5);
  pack.set_int(lt::settings_pack::peer_turnover, 0);
  pack.set_int(lt::settings_pack::choking_algorithm, lt::settings_pack::fixed_slots_choker);
  pack.set_int(lt::settings_pack::unchoke_slots_limit, unlimited);
  for (const auto name : {lt::settings_pack::active_downloads, lt::settings_pack::active_seeds,
                          lt::settings_pack::active_checking, lt::settings_pack::active_limit}) {
    pack.set_int(name, unlimited);
  }
}

void keep_queues_short(lt::settings_pack& pack) {
  // Only for peers that say nothing themselves; ours do (pack_transfer::request_queue).
  pack.set_int(lt::settings_pack::max_out_request_queue, 64);
  // Or a peer is asked for up to 8 MiB of neighbouring pieces at once, whatever its queue.
  pack.set_int(lt::settings_pack::whole_pieces_threshold, 0);
  pack.set_int(lt::settings_pack::request_queue_time, 1);
  pack.set_int(lt::settings_pack::max_allowed_in_request_queue, 4000);
  // 50 ms of what goes to a peer: announcements wait behind this.
  pack.set_int(lt::settings_pack::send_buffer_low_watermark, 32 * 1024);
  pack.set_int(lt::settings_pack::send_buffer_watermark_factor, 5);
  pack.set_int(lt::settings_pack::send_buffer_watermark, 1024 * 1024);
  // Announcements to those who have the piece are half of all packets.
  pack.set_bool(lt::settings_pack::send_redundant_have, false);
  pack.set_int(lt::settings_pack::suggest_mode, lt::settings_pack::no_piece_suggestions);
  // A peer that hangs gives its blocks back soon.
  pack.set_int(lt::settings_pack::piece_timeout, 4);
  pack.set_int(lt::settings_pack::request_timeout, 10);
}

} // namespace

int download_limit(const swarm_session_config& config, std::uint64_t bytes_per_second_max) {
  const auto configured = config.download_bytes_per_second_max;
  if (configured == 0) return rate_limit(bytes_per_second_max);
  if (bytes_per_second_max == 0) return rate_limit(configured);
  return rate_limit(std::min(configured, bytes_per_second_max));
}

lt::settings_pack make_settings(const swarm_session_config& config) {
  lt::settings_pack pack;
  turn_off_discovery(pack);
  connect_at_once(pack);
  keep_queues_short(pack);
  pack.set_str(lt::settings_pack::user_agent, "shoal");
  pack.set_str(lt::settings_pack::peer_fingerprint, "-SH0100-");
  const bool v6 = config.listen_address.find(':') != std::string::npos;
  const auto host = v6 ? "[" + config.listen_address + "]" : config.listen_address;
  std::string listen;
  if (config.tls != bulk_tls::all) listen = host + ":" + std::to_string(config.listen_port);
  // The "s" makes it TLS.
  if (config.tls == bulk_tls::sites) listen += ",";
  if (config.tls != bulk_tls::off) {
    listen += host + ":" + std::to_string(config.listen_tls_port) + "s";
  }
  pack.set_str(lt::settings_pack::listen_interfaces, listen);
  if (config.listen_address != "0.0.0.0" && config.listen_address != "::") {
    pack.set_str(lt::settings_pack::outgoing_interfaces, config.listen_address);
  }
  // A taken port is an error to report, not a reason to listen on the next one.
  pack.set_int(lt::settings_pack::max_retry_port_bind, 0);
  pack.set_bool(lt::settings_pack::listen_system_port_fallback, false);
  pack.set_int(lt::settings_pack::upload_rate_limit,
               rate_limit(config.upload_bytes_per_second_max));
  pack.set_int(lt::settings_pack::download_rate_limit,
               rate_limit(config.download_bytes_per_second_max));
  pack.set_int(lt::settings_pack::alert_mask, 0);
  return pack;
}

} // namespace shoal::swarm
