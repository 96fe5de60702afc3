#include "tools/shoal/session.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <cstdlib>
#include <unistd.h>

namespace shoal::cli {

void session::print_json(const nlohmann::json& document) const {
  print(document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

void session::print(const std::string& text) const {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void session::remark(const std::string& sentence) const {
  if (quiet) return;
  std::fprintf(stderr, "shoal: %s\n", printable(sentence).c_str());
}

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

} // namespace shoal::cli
