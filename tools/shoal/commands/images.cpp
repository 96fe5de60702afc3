#include "tools/shoal/commands/commands.hpp"
#include "tools/shoal/daemon.hpp"
#include "tools/shoal/table.hpp"
#include "tools/shoald/quantity.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace shoal::cli {

namespace {

result<void> images(const session& to) {
  const auto list = daemon{to}.get("/api/v1/images");
  if (!list) return list.error();
  if (to.wants_json()) {
    to.print_json(*list);
    return {};
  }
  table out{{{"IMAGE"},
             {"PARENT"},
             {"DISK", alignment::right},
             {"DATA", alignment::right},
             {"STORED", alignment::right},
             {"ADDED", alignment::right},
             {"HOLDERS", alignment::right},
             {"PUBLISHED"}}};
  for (const auto& image : *list) {
    if (to.quiet) to.print(printable(text_in(image, "image")) + "\n");
    out.add({text_in(image, "image"), text_in(image, "parent"),
             format_size(number_in(image, "virtual_bytes")),
             format_size(number_in(image, "data_bytes")),
             format_size(number_in(image, "referred_bytes")),
             format_size(number_in(image, "pack_bytes")),
             std::to_string(number_in(image, "holder_count")), text_in(image, "published_at")});
  }
  if (to.quiet) return {};
  if (out.empty()) {
    to.remark("no images yet; add one with 'shoal publish FILE --name NAME --version VERSION'");
  } else {
    to.print(out.text());
  }
  return {};
}

} // namespace

void add_images(CLI::App& app, session& to) {
  auto* command = app.add_subcommand("images", "List the images of the swarm");
  command->footer(
      "DISK is the size a guest sees, DATA what of it is not zeros, STORED the bytes of\n"
      "packs it refers to, ADDED the bytes it added when it was published.\n\n"
      "Examples:\n"
      "  shoal images\n"
      "  shoal images -q                 names only\n"
      "  shoal images -o json");
  command->callback([&to] { to.action = [&to] { return images(to); }; });
}

} // namespace shoal::cli
