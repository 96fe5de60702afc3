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

/// The swarms of one pack (see `swarm_session.hpp`), in the order nearest last.
enum class channel_kind : std::uint8_t { source, outer, inner };
inline constexpr std::array all_channels{channel_kind::source, channel_kind::outer,
                                         channel_kind::inner};

/// The `.torrent` of one channel. `source` is a plain v2 torrent; the others carry one key more in
/// the info dictionary ("shoal channel"), so that their info-hash is another while pieces and root
/// are the same.
std::string metadata_bytes(const pack_descriptor& pack, channel_kind kind);

/// The same, parsed.
std::shared_ptr<lt::torrent_info> make_metadata(const pack_descriptor& pack, channel_kind kind);

/// The channel's info-hash as handshakes and libtorrent's disk interface carry it: v2, cut to 20
/// bytes.
lt::sha1_hash wire_hash(const pack_descriptor& pack, channel_kind kind);

} // namespace shoal::swarm
