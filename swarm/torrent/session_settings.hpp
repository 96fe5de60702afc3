// libtorrent's settings for a network we know: members only, TCP only, nothing to discover.
//
// Threads: pure functions. The figures behind each value: README, Decisions.
#pragma once

#include "swarm/torrent/libtorrent_headers.hpp"
#include "swarm/torrent/swarm_session.hpp"

namespace shoal::swarm {

lt::settings_pack make_settings(const swarm_session_config& config);

} // namespace shoal::swarm
