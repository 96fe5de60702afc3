// A clock for libtorrent that only goes forward.
//
// Libtorrent measures time by `std::chrono::high_resolution_clock`, which is the system's clock with
// GCC's library. Set back by a day (a host's first contact with NTP), it makes libtorrent owe a day's
// worth of bandwidth and dial nobody for a day; set forward, every peer times out. The library cannot
// be told another clock, but it calls GCC's through the dynamic linker, which takes this program's
// definition first. Ours answers calls from libtorrent's code with the time that went by since the
// first call, and all other calls with the system's time, as before.
#pragma once

namespace shoal::swarm {

/// Whether libtorrent's calls are told apart: false where it is no shared library of its own. Also
/// makes programs that use this folder contain the definition. Any thread.
[[nodiscard]] bool libtorrent_clock_is_steady() noexcept;

} // namespace shoal::swarm
