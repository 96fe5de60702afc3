#include "tools/shoal/commands/commands.hpp"
#include "tools/shoal/daemon.hpp"
#include "tools/shoal/table.hpp"
#include "tools/shoald/quantity.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace shoal::cli {

namespace {

std::string joined(const nlohmann::json& words) {
  std::string out;
  for (const auto& word : words) {
    if (word.is_string()) out += (out.empty() ? "" : ",") + word.get<std::string>();
  }
  return out;
}

result<void> hosts(const session& to) {
  const auto list = daemon{to}.get("/api/v1/hosts");
  if (!list) return list.error();
  if (to.wants_json()) {
    to.print_json(*list);
    return {};
  }
  table out{{{"HOST"},
             {"PLACE"},
             {"STATE"},
             {"ADDRESS"},
             {"HELD", alignment::right},
             {"QUOTA", alignment::right},
             {"ROLES"},
             {"VERSION"}}};
  for (const auto& host : *list) {
    if (to.quiet) to.print(printable(text_in(host, "name")) + "\n");
    const auto quota = number_in(host, "quota_bytes");
    out.add({text_in(host, "name"), text_in(host, "place"),
             flag_in(host, "online") ? "online" : "offline", text_in(host, "address"),
             format_size(number_in(host, "held_bytes")), quota == 0 ? "none" : format_size(quota),
             joined(list_in(host, "roles")), text_in(host, "version")});
  }
  if (!to.quiet) to.print(out.text());
  return {};
}

} // namespace

void add_hosts(CLI::App& app, session& to) {
  auto* command = app.add_subcommand("hosts", "List the hosts of the swarm");
  command->footer("Examples:\n"
                  "  shoal hosts\n"
                  "  shoal hosts -o json | jq -r '.[] | select(.online | not) | .name'");
  command->callback([&to] { to.action = [&to] { return hosts(to); }; });
}

} // namespace shoal::cli
