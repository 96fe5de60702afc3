#include "tools/shoal/arguments.hpp"
#include "tools/shoal/commands/commands.hpp"
#include "tools/shoal/daemon.hpp"
#include "tools/shoal/table.hpp"
#include "tools/shoald/quantity.hpp"
#include "web/http_client.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <iostream>
#include <memory>
#include <unistd.h>

namespace shoal::cli {

namespace {

struct remove_flags {
  std::string image;
  bool yes = false;
};

result<void> confirm(const std::string& image) {
  if (::isatty(STDIN_FILENO) != 1) {
    return error{errc::invalid_argument,
                 "will not remove " + image + " without being sure; give -y"};
  }
  std::fprintf(stderr, "Remove %s from the catalogue, for every host? [y/N] ", image.c_str());
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "y" || answer == "Y" || answer == "yes") return {};
  return error{errc::cancelled, "nothing was removed"};
}

result<void> remove(const session& to, const remove_flags& given) {
  if (!given.yes) {
    if (const auto sure = confirm(given.image); !sure) return sure.error();
  }
  const auto removed = daemon{to}.remove("/api/v1/images/" + web::percent_encoded(given.image));
  if (!removed) return removed.error();
  if (to.wants_json()) {
    to.print_json(*removed);
  } else if (!to.quiet) {
    to.print(sheet({{"removed", text_in(*removed, "image")},
                    {"freed", format_size(number_in(*removed, "freed_bytes"))},
                    {"packs dropped", std::to_string(number_in(*removed, "freed_pack_count"))}}));
  }
  return {};
}

} // namespace

void add_remove(CLI::App& app, session& to) {
  auto* command = app.add_subcommand("rm", "Remove an image from the catalogue");
  const auto given = std::make_shared<remove_flags>();
  add_image_argument(*command, given->image);
  command->add_flag("-y,--yes", given->yes, "do not ask");
  command->footer("Bytes that no other image refers to are freed on every host.\n\n"
                  "Examples:\n"
                  "  shoal rm web:1\n"
                  "  shoal rm web:1 -y -o json");
  command->callback([&to, given] { to.action = [&to, given] { return remove(to, *given); }; });
}

} // namespace shoal::cli
