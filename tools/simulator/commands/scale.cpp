#include "tools/simulator/commands/commands.hpp"
#include "tools/simulator/scale.hpp"
#include "tools/simulator/svg_plot.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>

namespace shoal::simulator {

namespace {

constexpr const char* notes =
    "40 hosts a rack, 25 racks a cluster, 10 clusters a site: 100,000 hosts are 2,500 racks, 100\n"
    "clusters, 10 sites. `popular`: all of them ask for one image; `mix`: each asks for one of many.\n"
    "Messages are the index's, received and sent counted apart for each node; peak_per_second is\n"
    "the worst second of the worst node, both together. With several numbers of hosts -o json is\n"
    "an array.\n\n"
    "Examples:\n"
    "  shoal-sim scale --hosts 100000 -o json\n"
    "  shoal-sim scale --hosts 1000,3000,10000,30000,100000 -o csv --plot scale.svg";

struct scale_options {
  scale_setting setting;
  std::vector<std::uint32_t> hosts{100'000};
  double size_gb = 1;
  std::string plot;
};

struct scale_row {
  std::uint32_t hosts = 0;
  scale_outcome outcome;
  double wall_s = 0;
  double memory_bytes = 0;
};

constexpr std::array level_names{"host", "rack", "cluster", "site", "world"};

/// The most memory that this process ever had.
double peak_memory_bytes() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_maxrss) * 1024;
}

double messages_per_host(const scale_row& row, const scale_phase& phase) {
  return static_cast<double>(phase.load[0].messages) / row.hosts;
}

std::uint64_t index_peak(const scale_phase& phase) {
  std::uint64_t peak = 0;
  for (std::size_t level = 1; level < phase.load.size(); ++level)
    peak = std::max(peak, phase.load[level].peak_per_second);
  return peak;
}

nlohmann::ordered_json json_of(const scale_row& row, const scale_phase& phase) {
  auto levels = nlohmann::ordered_json::array();
  for (std::size_t level = 0; level < phase.load.size(); ++level) {
    const auto& load = phase.load[level];
    levels.push_back({{"level", level_names[level]},
                      {"nodes", load.nodes},
                      {"messages_per_node", load.nodes == 0 ? 0.0 : 1.0 * load.messages / load.nodes},
                      {"peak_per_second", load.peak_per_second},
                      {"table_bytes_max", load.table_bytes_max}});
  }
  return {{"last_s", phase.last_s},
          {"median_s", phase.median_s},
          {"bound_s", phase.bound_s},
          {"messages", phase.messages},
          {"message_bytes", phase.message_bytes},
          {"messages_per_host", messages_per_host(row, phase)},
          {"index_peak_per_second", index_peak(phase)},
          {"lookups", phase.lookups},
          {"lookups_unanswered", phase.unanswered},
          {"lookup_mean_s", phase.lookup_mean_s},
          {"lookup_max_s", phase.lookup_max_s},
          {"images_into_a_rack_max", phase.images_per_rack},
          {"images_into_a_cluster_max", phase.images_per_cluster},
          {"images_into_a_site_max", phase.images_per_site},
          {"levels", levels}};
}

nlohmann::ordered_json json_of(const scale_row& row) {
  return {{"hosts", row.hosts},
          {"racks", row.outcome.racks},
          {"clusters", row.outcome.clusters},
          {"sites", row.outcome.sites},
          {"wall_s", row.wall_s},
          {"memory_bytes", row.memory_bytes},
          {"events", row.outcome.events},
          {"popular", json_of(row, row.outcome.popular)},
          {"mix", json_of(row, row.outcome.mix)}};
}

void print_rows(const session& to, const std::vector<scale_row>& rows) {
  if (to.wants_json()) {
    if (rows.size() == 1) return to.print_json(json_of(rows.front()));
    auto document = nlohmann::ordered_json::array();
    for (const auto& row : rows)
      document.push_back(json_of(row));
    return to.print_json(document);
  }
  const bool csv = to.wants_csv();
  to.print(csv ? "hosts,workload,last_s,bound_s,messages_per_host,rack_peak,cluster_peak,site_peak,"
                 "world_peak,table_bytes_max,lookup_max_s,wall_s,memory_bytes\n"
               : "  hosts  workload   last s  bound s  msgs/host  worst second: rack cluster   site "
                 " world  lookup s  wall s  memory\n");
  for (const auto& row : rows) {
    for (const bool popular : {true, false}) {
      const auto& phase = popular ? row.outcome.popular : row.outcome.mix;
      std::size_t table = 0;
      for (const auto& load : phase.load)
        table = std::max(table, load.table_bytes_max);
      char line[240];
      const auto peak = [&](std::size_t level) {
        return static_cast<unsigned long long>(phase.load[level].peak_per_second);
      };
      const auto* name = popular ? "popular" : "mix";
      if (csv) {
        std::snprintf(line, sizeof line, "%u,%s,%.3f,%.3f,%.2f,%llu,%llu,%llu,%llu,%zu,%.4f,%.2f,%.0f\n",
                      row.hosts, name, phase.last_s, phase.bound_s, messages_per_host(row, phase),
                      peak(1), peak(2), peak(3), peak(4), table, phase.lookup_max_s, row.wall_s,
                      row.memory_bytes);
      } else {
        std::snprintf(line, sizeof line,
                      "%7u  %-8s %8.2f %8.2f %10.1f %19llu %7llu %6llu %6llu %9.3f %7.1f %4.0f MiB\n",
                      row.hosts, name, phase.last_s, phase.bound_s, messages_per_host(row, phase),
                      peak(1), peak(2), peak(3), peak(4), phase.lookup_max_s, row.wall_s,
                      row.memory_bytes / (1 << 20));
      }
      to.print(line);
    }
  }
}

result<void> plot(const std::string& path, const std::vector<scale_row>& rows) {
  line_plot drawn{.title = "The index as the network grows",
                  .x = {.label = "hosts", .logarithmic = true},
                  .y = {.label = "messages", .logarithmic = true}};
  const auto curve = [&](std::string name, auto value, bool dashed = false) {
    plot_series series{.name = std::move(name), .dashed = dashed};
    for (const auto& row : rows)
      series.points.push_back({static_cast<double>(row.hosts), static_cast<double>(value(row))});
    drawn.series.push_back(std::move(series));
  };
  curve("per host, popular", [](const auto& row) { return messages_per_host(row, row.outcome.popular); });
  curve("per host, mix", [](const auto& row) { return messages_per_host(row, row.outcome.mix); });
  for (std::size_t level = 1; level < level_names.size(); ++level) {
    curve(std::string{"worst second of a "} + level_names[level] + " index, popular",
          [level](const auto& row) { return row.outcome.popular.load[level].peak_per_second; });
  }
  curve("worst second of any index, mix", [](const auto& row) { return index_peak(row.outcome.mix); });
  curve("limit: 10,000 a second", [](const auto&) { return 10'000; }, true);
  std::ofstream file{path};
  file << svg(drawn);
  file.close();
  if (!file) return {errc::failed, "cannot write the plot " + path};
  return {};
}

result<void> run_command(const session& to, const scale_options& options) {
  std::vector<scale_row> rows;
  for (const auto hosts : options.hosts) {
    auto setting = options.setting;
    setting.hosts = hosts;
    setting.image_bytes = static_cast<std::uint64_t>(options.size_gb * 1e9);
    to.remark("simulating " + std::to_string(hosts) + " hosts");
    const auto begin = std::chrono::steady_clock::now();
    scale_row row{.hosts = hosts, .outcome = run_scale(setting)};
    row.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    row.memory_bytes = peak_memory_bytes();
    rows.push_back(std::move(row));
  }
  print_rows(to, rows);
  return options.plot.empty() ? result<void>{} : plot(options.plot, rows);
}

} // namespace

void add_scale(CLI::App& app, session& to) {
  auto* command = app.add_subcommand("scale", "how index traffic, time and memory grow with hosts");
  const auto options = std::make_shared<scale_options>();
  command->add_option("--hosts", options->hosts, "one number or several with commas (100000)")
      ->delimiter(',')
      ->check(CLI::Range(2, 1'000'000))
      ->type_name("N[,N...]");
  command->add_option("--size", options->size_gb, "of an image, GB")
      ->check(CLI::Range(0.001, 1000.0))
      ->capture_default_str();
  command->add_option("--images", options->setting.mix_images, "in the mix")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->add_option("--burst", options->setting.burst_s, "seconds within which all ask")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  command->add_option("--seed", options->setting.seed, "of the random numbers")->capture_default_str();
  command->add_option("--plot", options->plot, "messages over hosts")->type_name("FILE.svg");
  command->footer(notes);
  command->callback([&to, options] {
    to.action = [&to, options] { return run_command(to, *options); };
  });
}

} // namespace shoal::simulator
