#include "tools/simulator/commands/commands.hpp"
#include "tools/simulator/progress.hpp"
#include "tools/simulator/scale_figures.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <numeric>

namespace shoal::simulator {

namespace {

constexpr const char* notes =
    "40 hosts a rack, 25 racks a cluster, 10 clusters a site: 100,000 hosts are 2,500 racks, 100\n"
    "clusters, 10 sites. `popular`: all of them ask for one image; `mix`: each asks for one of many.\n"
    "Messages are the index's, received and sent counted apart for each node; peak_per_second is\n"
    "the worst second of the worst node, both together. With several numbers of hosts -o json is\n"
    "an array; name them ascending, since memory is the most the program ever had.\n\n"
    "Examples:\n"
    "  shoal-sim scale --hosts 100000 -o json\n"
    "  shoal-sim scale --hosts 1000,3000,10000,30000,100000 --output figures";

struct scale_options {
  scale_setting setting;
  std::vector<std::uint32_t> hosts{100'000};
  double size_gb = 1;
  std::string plot;
  std::string output;
};

constexpr std::array level_names{"host", "rack", "cluster", "site", "world"};

/// The processor time that this process used.
double cpu_time_s() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& one) {
    return static_cast<double>(one.tv_sec) + static_cast<double>(one.tv_usec) * 1e-6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

/// The most memory that this process ever had.
double peak_memory_bytes() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_maxrss) * 1024;
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
          {"cpu_s", row.cpu_s},
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
  if (to.wants_csv()) return to.print(scale_csv(rows));
  to.print("  hosts  workload   last s  bound s  msgs/host  worst second: rack cluster   site  world"
           "  lookup s   cpu s  memory\n");
  for (const auto& row : rows) {
    for (const bool popular : {true, false}) {
      const auto& phase = popular ? row.outcome.popular : row.outcome.mix;
      char line[240];
      std::snprintf(line, sizeof line,
                    "%7u  %-8s %8.2f %8.2f %10.1f %19llu %7llu %6llu %6llu %9.3f %7.1f %4.0f MiB\n",
                    row.hosts, popular ? "popular" : "mix", phase.last_s, phase.bound_s,
                    messages_per_host(row, phase), peak(phase, 1), peak(phase, 2), peak(phase, 3),
                    peak(phase, 4),
                    phase.lookup_max_s, row.cpu_s, row.memory_bytes / (1 << 20));
      to.print(line);
    }
  }
}

result<void> plot(const std::string& path, const std::vector<scale_row>& rows) {
  std::ofstream file{path};
  file << scale_index_plot(rows);
  file.close();
  if (!file) return {errc::failed, "cannot write the plot " + path};
  return {};
}

scale_row run_row(scale_setting setting, progress& shown) {
  const auto begin = std::chrono::steady_clock::now();
  const auto cpu_before_s = cpu_time_s();
  scale_row row{.hosts = setting.hosts,
                .outcome = run_scale(setting, [&](std::size_t hosts) { shown.advance(hosts); })};
  row.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  row.cpu_s = cpu_time_s() - cpu_before_s;
  row.memory_bytes = peak_memory_bytes();
  return row;
}

result<void> run_command(const session& to, const scale_options& options) {
  std::vector<scale_row> rows;
  progress shown{"scale", to.wants_progress()};
  // Each host is done twice: with the popular image and with its image of the mix.
  shown.begin(2 * std::accumulate(options.hosts.begin(), options.hosts.end(), std::size_t{0}));
  for (const auto hosts : options.hosts) {
    auto setting = options.setting;
    setting.hosts = hosts;
    setting.image_bytes = static_cast<std::uint64_t>(options.size_gb * 1e9);
    if (!shown.shown()) to.remark("simulating " + std::to_string(hosts) + " hosts");
    rows.push_back(run_row(setting, shown));
  }
  shown.end();
  print_rows(to, rows);
  if (!options.output.empty()) {
    const auto files = scale_figures(rows);
    if (auto written = write_figures(options.output, files); !written) return written;
    for (const auto& file : files)
      to.remark("wrote " + options.output + "/" + file.name);
  }
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
  command->add_option("--plot", options->plot, "only the busiest index over hosts")
      ->type_name("FILE.svg");
  command->add_option("--output", options->output, "CSV and plots of how each figure grows")
      ->type_name("FOLDER");
  command->footer(notes);
  command->callback([&to, options] {
    to.action = [&to, options] { return run_command(to, *options); };
  });
}

} // namespace shoal::simulator
