#include "tools/shoal/commands/commands.hpp"
#include "tools/shoal/daemon.hpp"
#include "tools/shoal/table.hpp"
#include "tools/shoald/quantity.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace shoal::cli {

using nlohmann::json;

namespace {

constexpr std::size_t shown_digits = 16;

std::string transfers_of(const json& status) {
  table out{{{"PACK"},
             {"DOES"},
             {"PIECES", alignment::right},
             {"RECEIVED", alignment::right},
             {"SENT", alignment::right},
             {"PEERS", alignment::right}}};
  for (const auto& line : list_in(status, "transfers")) {
    const bool fetching = flag_in(line, "fetching");
    out.add({text_in(line, "pack").substr(0, shown_digits), fetching ? "fetch" : "serve",
             fetching ? std::to_string(number_in(line, "pieces_done")) + " of " +
                            std::to_string(number_in(line, "pieces_wanted"))
                      : "",
             format_size(number_in(line, "received_bytes")),
             format_size(number_in(line, "sent_bytes")),
             std::to_string(number_in(line, "peer_count"))});
  }
  return out.empty() ? "" : "\n" + out.text();
}

/// The domains this host is the index of, in one line.
std::string domains_of(const json& status) {
  std::string out;
  for (const auto& domain : list_in(object_in(status, "index"), "domains")) {
    if (domain.is_string()) out += (out.empty() ? "" : ", ") + domain.get<std::string>();
  }
  return out.empty() ? "-" : out;
}

void show(const session& to, const json& status) {
  const auto self = object_in(status, "self");
  const auto quota = number_in(self, "quota_bytes");
  std::size_t running = 0;
  const auto jobs = list_in(status, "jobs");
  for (const auto& job : jobs)
    running += text_in(job, "state") == "running" ? 1 : 0;
  to.print(sheet({{"host", text_in(self, "name")},
                  {"place", text_in(self, "place")},
                  {"state", text_in(status, "state")},
                  {"gis", text_in(status, "gis")},
                  {"rack index", text_in(status, "rack_index")},
                  {"index of", domains_of(status)},
                  {"held", format_size(number_in(self, "held_bytes")) +
                               (quota == 0 ? "" : " of " + format_size(quota))},
                  {"packs", std::to_string(number_in(status, "pack_count"))},
                  {"received", format_size(number_in(status, "received_bytes"))},
                  {"sent", format_size(number_in(status, "sent_bytes"))},
                  {"jobs", std::to_string(running) + " running, " +
                               std::to_string(jobs.size() - running) + " ended"},
                  {"uptime", format_duration(real_in(status, "uptime_seconds"))},
                  {"version", text_in(self, "version")}}) +
           transfers_of(status));
}

result<void> status(const session& to) {
  const auto answer = daemon{to}.get("/api/v1/status");
  if (!answer) return answer.error();
  if (to.wants_json()) {
    to.print_json(*answer);
    return {};
  }
  if (!to.quiet) show(to, *answer);
  for (const auto& warning : list_in(*answer, "warnings")) {
    if (warning.is_string()) to.remark("warning: " + warning.get<std::string>());
  }
  return {};
}

} // namespace

void add_status(CLI::App& app, session& to) {
  auto* command = app.add_subcommand("status", "Show this host: state, store, transfers");
  command->footer("Examples:\n"
                  "  shoal status\n"
                  "  shoal status -o json | jq .self.held_bytes\n"
                  "  shoal status -q && echo alive");
  command->callback([&to] { to.action = [&to] { return status(to); }; });
}

} // namespace shoal::cli
