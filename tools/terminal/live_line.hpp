// The line of stderr that is redrawn in place while something is under way.
//
// Threads: one at a time. Errors: none; what cannot be shown is not shown.
#pragma once

#include <cstddef>
#include <string>

namespace shoal::terminal {

/// `[######----]  42 %`, as wide for every share. More than all is shown as all.
std::string bar(double share);

/// How many columns a line may take, so that no terminal wraps when it is `columns` wide.
std::size_t room_of(std::size_t columns);

/// The columns of the terminal stderr is; 80 where that cannot be asked.
std::size_t stderr_columns();

/// Whether stderr is a terminal, so that a line can be redrawn.
bool stderr_is_terminal();

/// A line that is on the terminal until erased or destroyed.
class live_line {
public:
  live_line() = default;
  live_line(const live_line&) = delete;
  live_line& operator=(const live_line&) = delete;
  ~live_line() { erase(); }

  /// Puts `text` in place of what was shown.
  void show(const std::string& text);
  /// Takes the line off the terminal, so that other text can go there.
  void erase();

private:
  bool shown_ = false;
};

} // namespace shoal::terminal
