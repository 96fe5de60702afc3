#include "tools/simulator/commands/commands.hpp"
#include "tools/simulator/scenario.hpp"
#include "tools/simulator/vdn/sweep.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <memory>

namespace shoal::simulator {

using nlohmann::ordered_json;

namespace {

ordered_json to_json(const run_summary& one) {
  return {{"seed", one.seed},
          {"requests", one.requests},
          {"skipped", one.skipped},
          {"p10_s", one.p10_s},
          {"p50_s", one.p50_s},
          {"p90_s", one.p90_s},
          {"p99_s", one.p99_s},
          {"mean_s", one.mean_s},
          {"bound_p50_s", one.bound_p50_s},
          {"bound_p90_s", one.bound_p90_s},
          {"bound_ratio_p50", one.bound_ratio_p50},
          {"bound_ratio_p90", one.bound_ratio_p90},
          {"bound_ratio_p99", one.bound_ratio_p99},
          {"within_bound_share", one.within_bound_share},
          {"own_host_bytes", one.bytes.own_host},
          {"rack_bytes", one.bytes.peers[0]},
          {"cluster_bytes", one.bytes.peers[1]},
          {"site_bytes", one.bytes.peers[2]},
          {"server_bytes", one.bytes.server},
          {"prestaged_bytes", one.prestaged_bytes},
          {"lookup_messages", one.overhead.lookup_messages},
          {"lookup_message_bytes", one.overhead.lookup_bytes},
          {"publish_messages", one.overhead.publish_messages},
          {"publish_message_bytes", one.overhead.publish_bytes}};
}

ordered_json to_json(const median_estimate& one) {
  return {{"median", one.median}, {"low", one.low}, {"high", one.high}};
}

ordered_json document_of(const scenario& what, const sweep_point& point) {
  auto seeds = ordered_json::array();
  for (const auto& one : point.seeds)
    seeds.push_back(to_json(one));
  return {{"scenario", what.name},
          {"data_centre", what.run.data_centre},
          {"scheme", std::string{to_string(what.run.config.scheme)}},
          {"image_mb", what.run.image_mb},
          {"p50_s", to_json(point.of(&run_summary::p50_s))},
          {"p90_s", to_json(point.of(&run_summary::p90_s))},
          {"mean_s", to_json(point.of(&run_summary::mean_s))},
          {"seeds", std::move(seeds)}};
}

std::string csv_of(const sweep_point& point) {
  std::string out;
  for (const auto& one : point.seeds) {
    const auto object = to_json(one);
    const char* separator = "";
    if (out.empty()) {
      for (const auto& [name, value] : object.items()) {
        out += separator + name;
        separator = ",";
      }
      out += "\n";
      separator = "";
    }
    for (const auto& value : object) {
      out += separator + value.dump();
      separator = ",";
    }
    out += "\n";
  }
  return out;
}

std::string text_of(const scenario& what, const sweep_point& point) {
  std::string out = what.name + "\n";
  for (const auto& [name, field] :
       {std::pair{"10th percentile", &run_summary::p10_s}, std::pair{"median", &run_summary::p50_s},
        std::pair{"90th percentile", &run_summary::p90_s},
        std::pair{"99th percentile", &run_summary::p99_s},
        std::pair{"mean", &run_summary::mean_s}}) {
    const auto value = point.of(field);
    char line[120];
    std::snprintf(line, sizeof line, "%-16s %10.2f s  [%.2f, %.2f]\n", name, value.median,
                  value.low, value.high);
    out += line;
  }
  if (what.run.config.mode == link_mode::physical) {
    const auto bound = point.of(&run_summary::bound_p90_s);
    const auto half = point.of(&run_summary::bound_ratio_p50);
    const auto most = point.of(&run_summary::bound_ratio_p90);
    const auto near = point.of(&run_summary::within_bound_share);
    char line[200];
    std::snprintf(
        line, sizeof line,
        "bound            90th percentile %.2f s; time over bound: median %.3f, 90th %.3f; "
        "%.1f %% within 1.3\n",
        bound.median, half.median, most.median, near.median * 100);
    out += line;
  }
  provision_bytes bytes;
  std::uint64_t skipped = 0;
  std::uint64_t requests = 0;
  for (const auto& one : point.seeds) {
    bytes += one.bytes;
    skipped += one.skipped;
    requests += one.requests;
  }
  const auto share = [&](std::uint64_t part) {
    return 100.0 * static_cast<double>(part) /
           static_cast<double>(std::max<std::uint64_t>(1, bytes.total()));
  };
  char line[200];
  std::snprintf(line, sizeof line,
                "bytes from       own host %.1f %%, rack %.1f %%, cluster %.1f %%, site %.1f %%, "
                "server %.1f %%\nwithout a slot   %llu of %llu requests\n",
                share(bytes.own_host), share(bytes.peers[0]), share(bytes.peers[1]),
                share(bytes.peers[2]), share(bytes.server),
                static_cast<unsigned long long>(skipped),
                static_cast<unsigned long long>(requests));
  return out + line;
}

result<void> run_scenario(const session& to, const std::string& file) {
  const auto what = read_scenario_file(file);
  if (!what) return what.error();
  sweep_point point{what->run, {}};
  progress shown{"run", to.wants_progress()};
  simulate({&point, 1}, what->seeds, to.jobs, shown);
  if (to.wants_json()) {
    to.print_json(document_of(*what, point));
  } else {
    to.print(to.wants_csv() ? csv_of(point) : text_of(*what, point));
  }
  return {};
}

} // namespace

void add_run(CLI::App& app, session& to) {
  auto* command = app.add_subcommand("run", "Simulate what a scenario file describes");
  const auto file = std::make_shared<std::string>();
  command->add_option("scenario", *file, "the file (TOML)")->type_name("FILE")->required();
  command->footer("Examples in tools/simulator/scenarios/; their fields are described in\n"
                  "tools/simulator/README.md.\n\n"
                  "Examples:\n"
                  "  shoal-sim run tools/simulator/scenarios/vdn-s6.toml\n"
                  "  shoal-sim run my.toml -o csv");
  command->callback([&to, file] { to.action = [&to, file] { return run_scenario(to, *file); }; });
}

} // namespace shoal::simulator
