#include "tools/terminal/arguments.hpp"

#include "tools/terminal/text.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <utility>

namespace shoal::terminal {

argument_check is_one_of(std::vector<std::string> words) {
  return [allowed = std::move(words)](const std::string& text) -> std::string {
    if (std::find(allowed.begin(), allowed.end(), text) != allowed.end()) return "";
    std::string list;
    for (const auto& word : allowed)
      list += (list.empty() ? "" : ", ") + word;
    return "'" + printable(text.substr(0, 64)) + "' is not one of: " + list;
  };
}

CLI::Option* takes_one_of(CLI::Option* option, const std::vector<std::string>& words) {
  std::string choice;
  for (const auto& word : words)
    choice += (choice.empty() ? "" : "|") + word;
  return option->type_name(choice)->check(is_one_of(words));
}

} // namespace shoal::terminal
