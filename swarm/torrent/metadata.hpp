// Packs as BitTorrent v2 metadata (BEP 52), forged from the descriptor without reading any data.
//
// Threads: pure functions. Errors: a descriptor was checked before; one libtorrent refuses is our
// bug.
#pragma once

#include "swarm/pack.hpp"
#include "swarm/torrent/libtorrent_headers.hpp"
#include "topology/border_owner.hpp"

#include <array>
#include <memory>
#include <string>

namespace shoal::swarm {

/// The swarms of one pack (see `swarm_session.hpp`), in the order nearest last. Where only what
/// crosses a site border is encrypted, `source` has an encrypted twin for holders in other sites.
enum class channel_kind : std::uint8_t { far_source, source, sites, clusters, racks, inner };
inline constexpr std::array all_channels{channel_kind::far_source, channel_kind::source,
                                         channel_kind::sites,      channel_kind::clusters,
                                         channel_kind::racks,      channel_kind::inner};
/// The swarms among fetchers.
inline constexpr std::array fetcher_channels{channel_kind::sites, channel_kind::clusters,
                                             channel_kind::racks, channel_kind::inner};

/// The route that a channel serves.
[[nodiscard]] constexpr topology::piece_route route_of(channel_kind kind) noexcept {
  switch (kind) {
  case channel_kind::sites: return topology::piece_route::sites;
  case channel_kind::clusters: return topology::piece_route::clusters;
  case channel_kind::racks: return topology::piece_route::racks;
  case channel_kind::inner: return topology::piece_route::inner;
  case channel_kind::far_source:
  case channel_kind::source: break;
  }
  return topology::piece_route::source;
}

/// The channel that serves a route, the plain one of two.
[[nodiscard]] constexpr channel_kind channel_for(topology::piece_route route) noexcept {
  switch (route) {
  case topology::piece_route::sites: return channel_kind::sites;
  case topology::piece_route::clusters: return channel_kind::clusters;
  case topology::piece_route::racks: return channel_kind::racks;
  case topology::piece_route::inner: return channel_kind::inner;
  case topology::piece_route::source: break;
  }
  return channel_kind::source;
}

/// The `.torrent` of one channel. `source` is a plain v2 torrent; the others carry one key more in
/// the info dictionary ("shoal channel"), so that their info-hash is another while pieces and root
/// are the same.
/// @param authority PEM certificate that peers must be signed by, which makes the channel an SSL
///        torrent of libtorrent ("ssl-cert" in the info dictionary: another authority is another
///        swarm); empty for a plain one.
std::string metadata_bytes(const pack_descriptor& pack, channel_kind kind,
                           const std::string& authority);

/// The same, parsed.
std::shared_ptr<lt::torrent_info> make_metadata(const pack_descriptor& pack, channel_kind kind,
                                                const std::string& authority);

/// The channel's info-hash as handshakes and libtorrent's disk interface carry it: v2, cut to 20
/// bytes.
lt::sha1_hash wire_hash(const pack_descriptor& pack, channel_kind kind,
                        const std::string& authority);

} // namespace shoal::swarm
