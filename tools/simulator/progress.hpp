// How far a command is, on stderr: one line redrawn on a terminal, nothing elsewhere.
//
// Threads: one at a time. Errors: none.
#pragma once

#include "tools/terminal/live_line.hpp"

#include <chrono>
#include <cstddef>
#include <string>

namespace shoal::simulator {

/// `label [####----]  42 %  12 of 28  ETA 35 s`, without colours, at most `columns` wide.
std::string progress_line(const std::string& label, std::size_t done, std::size_t total,
                          double elapsed_s, std::size_t columns);

/// Counts pieces of work that are done, and shows them.
class progress {
public:
  /// With `wanted`, drawn where stderr is a terminal.
  progress(std::string label, bool wanted);

  /// So many pieces of work are ahead.
  void begin(std::size_t total);
  /// One more is done, or so many.
  void advance(std::size_t count = 1);
  /// Whether it is drawn at all.
  [[nodiscard]] bool shown() const noexcept { return shown_; }
  /// Takes the line off the terminal.
  void end() { line_.erase(); }

private:
  void draw();

  std::string label_;
  bool shown_ = false;
  terminal::live_line line_;
  std::size_t done_ = 0;
  std::size_t total_ = 0;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point drawn_at_;
};

} // namespace shoal::simulator
