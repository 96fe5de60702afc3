#include "tools/terminal/live_line.hpp"

#include <algorithm>
#include <cstdio>
#include <sys/ioctl.h>
#include <unistd.h>

namespace shoal::terminal {

namespace {

constexpr std::size_t bar_columns = 24;
constexpr std::size_t percent_columns = 5;
constexpr std::size_t default_columns = 80;

} // namespace

std::string bar(double share) {
  share = std::clamp(share, 0.0, 1.0);
  const auto full = static_cast<std::size_t>(share * bar_columns);
  const auto percent = std::to_string(static_cast<int>(share * 100)) + " %";
  return "[" + std::string(full, '#') + std::string(bar_columns - full, '-') + "] " +
         std::string(percent_columns - percent.size(), ' ') + percent;
}

std::size_t room_of(std::size_t columns) {
  // The last column stays free: some terminals wrap when it is written.
  return columns > 0 ? columns - 1 : 0;
}

std::size_t stderr_columns() {
  struct winsize size {};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return default_columns;
  return size.ws_col;
}

bool stderr_is_terminal() { return ::isatty(STDERR_FILENO) == 1; }

void live_line::show(const std::string& text) {
  std::fprintf(stderr, "\r%s\x1b[K", text.c_str());
  std::fflush(stderr);
  shown_ = true;
}

void live_line::erase() {
  if (!shown_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  shown_ = false;
}

} // namespace shoal::terminal
