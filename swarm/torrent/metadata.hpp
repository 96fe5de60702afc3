// Packs as BitTorrent v2 metadata (BEP 52), forged from the descriptor without reading any data.
//
// Threads: pure functions. Errors: a descriptor was checked before; one libtorrent refuses is our
// bug.
#pragma once

#include "swarm/pack.hpp"
#include "swarm/torrent/libtorrent_headers.hpp"

#include <array>
#include <memory>
#include <string>

namespace shoal::swarm {

/// The swarms of one pack (see `swarm_session.hpp`), in the order nearest last. Where only what
/// crosses a site border is encrypted, `source` and `outer` have an encrypted twin each for peers of
/// other sites.
enum class channel_kind : std::uint8_t { far_source, source, far_outer, outer, inner };
inline constexpr std::array all_channels{channel_kind::far_source, channel_kind::source,
                                         channel_kind::far_outer, channel_kind::outer,
                                         channel_kind::inner};
/// The swarms among fetchers.
inline constexpr std::array fetcher_channels{channel_kind::far_outer, channel_kind::outer,
                                             channel_kind::inner};

/// What a channel is for, whether encrypted or not: `source`, `outer` or `inner`.
[[nodiscard]] constexpr channel_kind role_of(channel_kind kind) noexcept {
  if (kind == channel_kind::far_source) return channel_kind::source;
  if (kind == channel_kind::far_outer) return channel_kind::outer;
  return kind;
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
