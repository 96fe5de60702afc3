#include "tools/shoal/commands/commands.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace shoal::cli {

void add_version(CLI::App& app, session& to) {
  auto* command = app.add_subcommand("version", "Print this program's version");
  command->footer("Examples:\n"
                  "  shoal version\n"
                  "  shoal version -o json");
  command->callback([&to] {
    to.action = [&to]() -> result<void> {
      if (to.wants_json()) {
        to.print_json({{"version", SHOAL_VERSION}});
      } else {
        to.print("shoal " SHOAL_VERSION "\n");
      }
      return {};
    };
  });
}

} // namespace shoal::cli
