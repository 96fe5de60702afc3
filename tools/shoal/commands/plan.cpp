#include "tools/shoal/arguments.hpp"
#include "tools/shoal/commands/commands.hpp"
#include "tools/shoal/daemon.hpp"
#include "tools/shoal/table.hpp"
#include "tools/shoald/quantity.hpp"
#include "web/http_client.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <array>
#include <memory>

namespace shoal::cli {

using nlohmann::json;

namespace {

constexpr std::array source_names{"own_store", "own_rack", "own_site", "other_sites", "nowhere"};
constexpr std::size_t shown_digits = 16;

/// The sources beside the other fields, as `shoal get` prints them.
json flattened(json document) {
  const auto sources = object_in(document, "sources");
  document.erase("sources");
  for (const auto* name : source_names)
    document[name] = number_in(sources, name);
  return document;
}

std::vector<std::string> row(const std::string& name, const json& line, std::string pieces) {
  std::vector<std::string> cells{name, std::move(pieces)};
  for (const auto* source : source_names)
    cells.push_back(format_size(number_in(line, source)));
  return cells;
}

void show(const session& to, const json& plan) {
  table out{{{"PACK"},
             {"PIECES", alignment::right},
             {"OWN STORE", alignment::right},
             {"OWN RACK", alignment::right},
             {"OWN SITE", alignment::right},
             {"OTHER SITES", alignment::right},
             {"NOWHERE", alignment::right}}};
  for (const auto& line : list_in(plan, "packs")) {
    out.add(row(text_in(line, "pack").substr(0, shown_digits), line,
                std::to_string(number_in(line, "pieces_missing")) + " of " +
                    std::to_string(number_in(line, "pieces_needed"))));
  }
  out.add(row("all", plan, ""));
  to.print(sheet({{"image", text_in(plan, "image")},
                  {"needed", format_size(number_in(plan, "needed_bytes"))}}) +
           "\n" + out.text());
}

result<void> plan(const session& to, const std::string& image) {
  const auto answer = daemon{to}.get("/api/v1/plan?image=" + web::percent_encoded(image));
  if (!answer) return answer.error();
  auto flat = flattened(*answer);
  auto packs = json::array();
  for (const auto& line : list_in(flat, "packs"))
    packs.push_back(flattened(line));
  flat["packs"] = std::move(packs);
  if (to.wants_json()) {
    to.print_json(flat);
  } else {
    show(to, flat);
  }
  if (number_in(flat, "nowhere") > 0) {
    to.remark("some bytes are on no host that is reachable now; a get would wait for them");
  }
  return {};
}

} // namespace

void add_plan(CLI::App& app, session& to) {
  auto* command = app.add_subcommand("plan", "Show what a get would move from where");
  const auto image = std::make_shared<std::string>();
  add_image_argument(*command, *image);
  command->footer("Nothing is moved. PIECES: missing here, of those needed.\n\n"
                  "Examples:\n"
                  "  shoal plan web:2\n"
                  "  shoal plan web:2 -o json");
  command->callback([&to, image] { to.action = [&to, image] { return plan(to, *image); }; });
}

} // namespace shoal::cli
