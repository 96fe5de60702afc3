#include "tools/shoal/progress.hpp"

#include "tools/shoal/table.hpp"
#include "tools/shoald/quantity.hpp"
#include "tools/terminal/text.hpp"

#include <algorithm>
#include <cstdio>
#include <vector>

namespace shoal::cli {

using terminal::printable;

namespace {

constexpr std::chrono::seconds window{5};
/// Between two plain lines of one phase.
constexpr std::chrono::seconds plain_interval{5};

/// The parts of a line, most important first.
std::vector<std::string> parts_of(const progress_state& state, double bytes_per_second,
                                  bool with_bar) {
  std::vector<std::string> parts;
  if (state.total_bytes > 0) {
    const double share = std::min(1.0, static_cast<double>(state.done_bytes) /
                                           static_cast<double>(state.total_bytes));
    parts.push_back(with_bar ? terminal::bar(share)
                             : std::to_string(static_cast<int>(share * 100)) + " %");
    parts.push_back(format_size(state.done_bytes) + " of " + format_size(state.total_bytes));
  } else if (state.done_bytes > 0) {
    parts.push_back(format_size(state.done_bytes));
  }
  if (bytes_per_second > 0) {
    parts.push_back(format_rate(bytes_per_second));
    if (state.total_bytes > state.done_bytes) {
      const auto left = static_cast<double>(state.total_bytes - state.done_bytes);
      parts.push_back("ETA " + format_duration(left / bytes_per_second));
    }
  }
  return parts;
}

} // namespace

void rate_meter::add(time_point now, std::uint64_t bytes) {
  if (!samples_.empty() && bytes < samples_.back().second) samples_.clear();
  samples_.emplace_back(now, bytes);
  while (samples_.size() > 2 && now - samples_.front().first > window)
    samples_.pop_front();
}

double rate_meter::bytes_per_second() const {
  if (samples_.size() < 2) return 0;
  const std::chrono::duration<double> time = samples_.back().first - samples_.front().first;
  if (time.count() <= 0) return 0;
  return static_cast<double>(samples_.back().second - samples_.front().second) / time.count();
}

std::string progress_line(const std::string& label, const progress_state& state,
                          double bytes_per_second, std::size_t columns) {
  std::string out = printable(label + " " + state.phase);
  const auto room = terminal::room_of(columns);
  if (display_width(out) > room) return out.substr(0, room);
  for (const auto& part : parts_of(state, bytes_per_second, true)) {
    if (display_width(out) + 2 + display_width(part) > room) break;
    out += "  " + part;
  }
  return out;
}

progress::style progress_style(bool wanted) {
  if (!wanted) return progress::style::none;
  return terminal::stderr_is_terminal() ? progress::style::bar : progress::style::plain;
}

void progress::update(const progress_state& state) {
  const auto now = std::chrono::steady_clock::now();
  rate_.add(now, state.done_bytes);
  switch (style_) {
  case style::none: return;
  case style::plain: print_plain(state, now); return;
  case style::bar:
    line_.show(progress_line(label_, state, rate_.bytes_per_second(), terminal::stderr_columns()));
    return;
  }
}

void progress::print_plain(const progress_state& state, rate_meter::time_point now) {
  if (state.phase == last_phase_ && now - last_plain_ < plain_interval) return;
  last_phase_ = state.phase;
  last_plain_ = now;
  auto line = printable(label_ + ": " + state.phase);
  const char* separator = " ";
  for (const auto& part : parts_of(state, rate_.bytes_per_second(), false)) {
    line += separator + part;
    separator = ", ";
  }
  std::fprintf(stderr, "%s\n", line.c_str());
}

} // namespace shoal::cli
