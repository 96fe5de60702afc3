#include "tools/shoald/notify.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>

namespace shoal::daemon {

namespace {

/// A positive number in the environment.
std::optional<std::uint64_t> number_in(const char* variable) {
  const char* text = std::getenv(variable);
  if (!text) return std::nullopt;
  std::uint64_t number = 0;
  const char* end = text + std::strlen(text);
  const auto [stop, fault] = std::from_chars(text, end, number);
  if (fault != std::errc{} || stop != end || number == 0) return std::nullopt;
  return number;
}

} // namespace

void notify(const std::string& state) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  if (!path || std::strlen(path) < 2 || std::strlen(path) >= sizeof address.sun_path) return;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path, std::strlen(path));
  // A leading @ stands for the abstract namespace.
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
  const int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return;
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(path));
  static_cast<void>(sendto(descriptor, state.data(), state.size(), MSG_NOSIGNAL,
                           reinterpret_cast<const sockaddr*>(&address), length));
  close(descriptor);
}

std::chrono::milliseconds watchdog_interval() {
  constexpr std::chrono::milliseconds none{0};
  const auto microseconds = number_in("WATCHDOG_USEC");
  if (!microseconds) return none;
  // Set when the variables were meant for another process, from which we inherited them.
  const auto pid = number_in("WATCHDOG_PID");
  if (pid && *pid != static_cast<std::uint64_t>(getpid())) return none;
  // A third of it: one late answer is not yet silence.
  return std::max(std::chrono::milliseconds{1}, std::chrono::milliseconds{*microseconds / 3000});
}

} // namespace shoal::daemon
