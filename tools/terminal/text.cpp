#include "tools/terminal/text.hpp"

#include <cstdlib>
#include <unistd.h>

namespace shoal::terminal {

bool colours_on(int descriptor) {
  const char* refused = std::getenv("NO_COLOR");
  if (refused != nullptr && *refused != '\0') return false;
  const char* terminal = std::getenv("TERM");
  if (terminal != nullptr && std::string{terminal} == "dumb") return false;
  return ::isatty(descriptor) == 1;
}

std::string styled(const std::string& text, const char* style, int descriptor) {
  if (!colours_on(descriptor)) return text;
  return std::string{"\x1b["} + style + "m" + text + "\x1b[0m";
}

std::string printable(const std::string& text) {
  std::string out = text;
  for (auto& c : out) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) c = '?';
  }
  return out;
}

} // namespace shoal::terminal
