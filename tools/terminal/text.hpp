// Text that goes to a terminal: nothing in it may steer the terminal, and only a terminal gets
// colours.
//
// Threads: values. Errors: none.
#pragma once

#include <string>

namespace shoal::terminal {

/// Whether escape sequences for colours may go to this descriptor: a terminal, and no $NO_COLOR.
bool colours_on(int descriptor);

/// `text` in an SGR style (`1` bold, `31` red, ...) if `descriptor` takes colours.
std::string styled(const std::string& text, const char* style, int descriptor);

/// `text` without control characters, so that nothing a peer named can steer the terminal.
std::string printable(const std::string& text);

} // namespace shoal::terminal
