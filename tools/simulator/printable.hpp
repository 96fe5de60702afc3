// Text of files as error messages show it: the file may be anything, and the message goes to a terminal.
//
// Threads: pure. Errors: none.
#pragma once

#include <string>
#include <string_view>

namespace shoal::simulator {

/// Control characters as \xNN, and, unless the text is known to be UTF-8, all that is not ASCII.
inline std::string printable(std::string_view text, bool is_utf8) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool shown = byte >= ' ' && byte != 0x7f && (byte < 0x80 || is_utf8);
    if (shown) out += c;
    else (out += "\\x").append({digits[byte >> 4], digits[byte & 15]});
  }
  return out;
}

} // namespace shoal::simulator
