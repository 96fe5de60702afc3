#include "tools/simulator/progress.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>

namespace shoal::simulator {

namespace {

constexpr std::size_t bar_columns = 24;
constexpr std::size_t default_columns = 80;
/// More often nobody could read it.
constexpr auto redraw_interval = std::chrono::milliseconds{100};

std::size_t terminal_columns() {
  struct winsize size {};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return default_columns;
  return size.ws_col;
}

std::string duration(double seconds) {
  const auto whole = static_cast<long>(std::ceil(seconds));
  if (whole < 100) return std::to_string(whole) + " s";
  return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
}

} // namespace

std::string progress_line(const std::string& label, std::size_t done, std::size_t total,
                          double elapsed_s, std::size_t columns) {
  const double share = total > 0 ? static_cast<double>(done) / static_cast<double>(total) : 1;
  const auto full = static_cast<std::size_t>(share * bar_columns);
  auto line = label + " [" + std::string(full, '#') + std::string(bar_columns - full, '-') + "]  " +
              std::to_string(static_cast<int>(share * 100)) + " %  " + std::to_string(done) +
              " of " + std::to_string(total);
  if (done > 0 && done < total) {
    line += "  ETA " + duration(elapsed_s / share - elapsed_s);
  }
  // The last column stays free: some terminals wrap when it is written.
  return line.substr(0, columns > 0 ? columns - 1 : 0);
}

progress::progress(std::string label, bool wanted)
    : label_{std::move(label)}, shown_{wanted && ::isatty(STDERR_FILENO) == 1} {}

void progress::begin(std::size_t total) {
  done_ = 0;
  total_ = total;
  start_ = std::chrono::steady_clock::now();
  draw();
}

void progress::advance(std::size_t count) {
  done_ += count;
  if (!shown_) return;
  const auto now = std::chrono::steady_clock::now();
  if (done_ < total_ && now - drawn_at_ < redraw_interval) return;
  drawn_at_ = now;
  draw();
}

void progress::end() {
  if (!drawn_) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
  drawn_ = false;
}

void progress::draw() {
  if (!shown_) return;
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
  const auto line = progress_line(label_, done_, total_, elapsed.count(), terminal_columns());
  std::fprintf(stderr, "\r%s\x1b[K", line.c_str());
  std::fflush(stderr);
  drawn_ = true;
}

} // namespace shoal::simulator
