#include "tools/shoal/arguments.hpp"
#include "tools/shoal/commands/commands.hpp"
#include "tools/shoal/daemon.hpp"
#include "tools/shoal/job_watch.hpp"
#include "tools/shoal/table.hpp"
#include "tools/shoald/quantity.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <memory>

namespace shoal::cli {

using nlohmann::json;

namespace {

struct prestage_flags {
  std::string image;
  std::vector<std::string> hosts;
  std::uint32_t count = 0;
  bool all = false;
  std::string strategy = "shoal_friendly";
  std::string spread = "none";
  std::string within;
  std::string limit;
  std::uint32_t at_once = 0;
  std::string patience = "1h";
  bool wait = false;
};

json order_of(const prestage_flags& given) {
  const auto patience = std::chrono::duration_cast<std::chrono::seconds>(
      *parse_duration(given.patience));
  json order = {{"image", given.image},
                {"at_once", given.at_once},
                {"patience_seconds", static_cast<std::uint64_t>(patience.count())}};
  if (!given.hosts.empty()) order["hosts"] = given.hosts;
  if (given.count > 0) {
    order["count"] = given.count;
    order["strategy"] = given.strategy;
    order["spread"] = given.spread;
  }
  if (given.all) order["all"] = true;
  if (!given.within.empty()) order["within"] = given.within;
  if (!given.limit.empty()) order["host_bytes_per_second_max"] = *parse_rate(given.limit);
  return order;
}

json result_of(const json& job, const std::string& image) {
  return {{"image", image},
          {"job", number_in(job, "id")},
          {"state", text_in(job, "state")},
          {"done_bytes", number_in(job, "done_bytes")},
          {"total_bytes", number_in(job, "total_bytes")},
          {"seconds", real_in(job, "seconds")},
          {"hosts", list_in(job, "hosts")}};
}

void show(const session& to, const json& done) {
  table out{{{"HOST"},
             {"STATE"},
             {"DONE", alignment::right},
             {"OF", alignment::right},
             {"REMARK"}}};
  for (const auto& host : list_in(done, "hosts")) {
    out.add({text_in(host, "host"), text_in(host, "state"),
             format_size(number_in(host, "done_bytes")),
             format_size(number_in(host, "total_bytes")),
             text_in(object_in(host, "error"), "message")});
  }
  if (!out.empty()) to.print(out.text());
}

result<void> prestage(const session& to, const prestage_flags& given) {
  constexpr auto* target = "/api/v1/prestages";
  if (!given.wait) return start_job(to, target, order_of(given));
  const auto id = submit_job(to, target, order_of(given));
  if (!id) return id.error();
  const auto followed = follow_job(to, *id, given.image, true);
  // Which hosts have the image is worth knowing whatever became of the others.
  const auto job = followed ? followed : daemon{to}.get("/api/v1/jobs/" + std::to_string(*id));
  if (job && (followed || followed.error().code != errc::unreachable)) {
    const auto done = result_of(*job, given.image);
    if (to.wants_json()) {
      to.print_json(done);
    } else if (!to.quiet) {
      show(to, done);
    }
  }
  if (!followed) return followed.error();
  return {};
}

template <class Parse>
argument_check parses(Parse parse) {
  return [parse](const std::string& text) {
    const auto read = parse(text);
    return read ? std::string{} : printable(read.error().message);
  };
}

void add_options(CLI::App& command, prestage_flags& given) {
  add_image_argument(command, given.image);
  auto* which = command.add_option_group("which hosts");
  which->add_option("--hosts", given.hosts, "these")->type_name("HOST,...")->delimiter(',');
  which->add_option("-n,--count", given.count, "so many, chosen as by shoal place")
      ->type_name("N")
      ->check(CLI::Range(1, 5000));
  which->add_flag("--all", given.all, "every host that is online");
  which->require_option(1);
  command.add_option("--within,--rack", given.within,
                     "with --count or --all: in this rack, cluster or site only")
      ->type_name("PLACE");
  add_placement_options(command, given.strategy, given.spread, "with --count: ");
  command.add_option("--limit", given.limit,
                     "each host's downloads stay below this while nothing else is fetched there")
      ->type_name("RATE")
      ->check(parses([](const std::string& text) { return parse_rate(text); }));
  command.add_option("--at-once", given.at_once, "hosts that fetch at the same time at most")
      ->type_name("K");
  command.add_option("--patience", given.patience, "how long a host may be away")
      ->type_name("DURATION")
      ->capture_default_str()
      ->check(parses([](const std::string& text) { return parse_duration(text); }));
  command.add_flag("--wait", given.wait, "follow the job to its end and show each host");
}

} // namespace

void add_prestage(CLI::App& app, session& to) {
  auto* command = app.add_subcommand("prestage", "Fill other hosts' stores with an image ahead");
  const auto given = std::make_shared<prestage_flags>();
  add_options(*command, *given);
  command->footer(
      "Runs in the background as a job of this daemon; its number is printed. Hosts that begin\n"
      "together share what they fetch, so that each rack imports one copy. A host that is away\n"
      "goes on when it comes back. Exits with 3 if some hosts could not take the image.\n\n"
      "Examples:\n"
      "  shoal prestage web:1 --all\n"
      "  shoal prestage web:1 --all --rack site/cluster/rack1 --limit 200Mbit/s --wait\n"
      "  shoal prestage web:1 --count 8 --spread rack --at-once 4\n"
      "  shoal prestage web:1 --hosts h1,h2 --wait -o json\n"
      "  shoal jobs 12 --wait;  shoal jobs 12 --cancel");
  command->callback([&to, given] { to.action = [&to, given] { return prestage(to, *given); }; });
}

} // namespace shoal::cli
