#include "tools/terminal/session.hpp"

#include "tools/terminal/text.hpp"

#include <cstdio>

namespace shoal::terminal {

void session::print(const std::string& text) const {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void session::remark(const std::string& sentence) const {
  if (quiet) return;
  std::fprintf(stderr, "%s: %s\n", program.c_str(), printable(sentence).c_str());
}

} // namespace shoal::terminal
