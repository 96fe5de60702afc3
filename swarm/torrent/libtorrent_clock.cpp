#include "swarm/torrent/libtorrent_clock.hpp"

#include <chrono>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <link.h>

namespace shoal::swarm {

namespace {

using namespace std::chrono;

/// Where libtorrent's code lies in memory.
struct code_range {
  std::uintptr_t begin = 0, end = 0;
  [[nodiscard]] bool holds(const void* address) const noexcept {
    const auto value = reinterpret_cast<std::uintptr_t>(address);
    return value >= begin && value < end;
  }
};

int find_libtorrent(dl_phdr_info* object, std::size_t, void* found) {
  if (!std::strstr(object->dlpi_name, "libtorrent-rasterbar")) return 0;
  auto& range = *static_cast<code_range*>(found);
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const auto& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
    range.begin = object->dlpi_addr + segment.p_vaddr;
    range.end = range.begin + segment.p_memsz;
  }
  return 1;
}

code_range find_libtorrent() noexcept {
  code_range found;
  dl_iterate_phdr(find_libtorrent, &found);
  return found;
}

const code_range& libtorrent_code() noexcept {
  static const auto range = find_libtorrent();
  return range;
}

nanoseconds read(clockid_t id) noexcept {
  timespec now{};
  clock_gettime(id, &now);
  return seconds{now.tv_sec} + nanoseconds{now.tv_nsec};
}

nanoseconds steady_time() noexcept {
  static const auto ahead = read(CLOCK_REALTIME) - read(CLOCK_MONOTONIC);
  return read(CLOCK_MONOTONIC) + ahead;
}

} // namespace

bool libtorrent_clock_is_steady() noexcept {
  return libtorrent_code().end != 0;
}

} // namespace shoal::swarm

// The one definition that the dynamic linker finds before GCC's own (same type, same meaning to all
// callers but libtorrent).
std::chrono::system_clock::time_point std::chrono::system_clock::now() noexcept {
  using namespace shoal::swarm;
  const bool asks_libtorrent = libtorrent_code().holds(__builtin_return_address(0));
  const auto time = asks_libtorrent ? steady_time() : read(CLOCK_REALTIME);
  return time_point{duration_cast<duration>(time)};
}
