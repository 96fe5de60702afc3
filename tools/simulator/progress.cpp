#include "tools/simulator/progress.hpp"

#include <cmath>
#include <utility>

namespace shoal::simulator {

namespace {

/// More often nobody could read it.
constexpr auto redraw_interval = std::chrono::milliseconds{100};

std::string duration(double seconds) {
  const auto whole = static_cast<long>(std::ceil(seconds));
  if (whole < 100) return std::to_string(whole) + " s";
  return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
}

} // namespace

std::string progress_line(const std::string& label, std::size_t done, std::size_t total,
                          double elapsed_s, std::size_t columns) {
  const double share = total > 0 ? static_cast<double>(done) / static_cast<double>(total) : 1;
  auto line = label + " " + terminal::bar(share) + "  " + std::to_string(done) + " of " +
              std::to_string(total);
  if (done > 0 && done < total) {
    line += "  ETA " + duration(elapsed_s / share - elapsed_s);
  }
  return line.substr(0, terminal::room_of(columns));
}

progress::progress(std::string label, bool wanted)
    : label_{std::move(label)}, shown_{wanted && terminal::stderr_is_terminal()} {}

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

void progress::draw() {
  if (!shown_) return;
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
  line_.show(progress_line(label_, done_, total_, elapsed.count(), terminal::stderr_columns()));
}

} // namespace shoal::simulator
