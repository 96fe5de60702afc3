// How far a job is, on stderr: one line redrawn on a terminal, plain lines elsewhere.
//
// Threads: the main one. Errors: none; what cannot be shown is not shown.
#pragma once

#include "tools/terminal/live_line.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>

namespace shoal::cli {

/// One moment of a job.
struct progress_state {
  std::string phase;
  std::uint64_t done_bytes = 0;
  /// Zero while not known.
  std::uint64_t total_bytes = 0;
};

/// Bytes per second over the last few seconds.
class rate_meter {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// A count that shrinks (another phase began) starts the measurement anew.
  void add(time_point now, std::uint64_t bytes);
  [[nodiscard]] double bytes_per_second() const;

private:
  std::deque<std::pair<time_point, std::uint64_t>> samples_;
};

/// The line for a terminal of that many columns, without colours:
/// `web:2 fetching [######------]  42 %  120 MiB of 286 MiB  98.1 MiB/s  ETA 2.1 s`.
/// What does not fit is left out, from the right.
std::string progress_line(const std::string& label, const progress_state& state,
                          double bytes_per_second, std::size_t columns);

/// Shows one job until destroyed.
class progress {
public:
  /// How it is shown.
  enum class style : std::uint8_t { none, plain, bar };

  progress(std::string label, style shown) : label_{std::move(label)}, style_{shown} {}

  void update(const progress_state& state);
  /// Takes the bar off the terminal, so that other text can go there.
  void clear() { line_.erase(); }

private:
  void print_plain(const progress_state& state, rate_meter::time_point now);

  std::string label_;
  style style_;
  rate_meter rate_;
  terminal::live_line line_;
  std::string last_phase_;
  rate_meter::time_point last_plain_;
};

/// A bar where stderr is a terminal, plain lines elsewhere, nothing when not wanted.
progress::style progress_style(bool wanted);

} // namespace shoal::cli
