// libtorrent's settings for a network we know: members only, TCP only, nothing to discover.
//
// Threads: pure functions. The figures behind each value: README, Decisions.
#pragma once

#include "swarm/torrent/libtorrent_headers.hpp"
#include "swarm/torrent/swarm_session.hpp"

namespace shoal::swarm {

lt::settings_pack make_settings(const swarm_session_config& config);

/// What libtorrent is to be told where both the configuration and the host's user set a ceiling for
/// downloads; zero is none, in either and in the answer.
int download_limit(const swarm_session_config& config, std::uint64_t bytes_per_second_max);

} // namespace shoal::swarm
