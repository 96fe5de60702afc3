#include "tools/simulator/cern.hpp"
#include "tools/simulator/commands/commands.hpp"
#include "tools/simulator/interval.hpp"
#include "tools/simulator/parallel.hpp"
#include "tools/simulator/seeds.hpp"
#include "tools/simulator/svg_plot.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <memory>

namespace shoal::simulator {

namespace {

constexpr const char* notes =
    "W2 to W4 of the papers' notes: 10 GB to 400 hosts. scp-wave's own page says 450 hosts in less\n"
    "than an hour, CERN less than 30 minutes by tree and BitTorrent.\n"
    "The bound is what the server's or a host's link, or its disk, needs for one copy, headers\n"
    "included. Columns are means over the seeds, in seconds, the last host's with 95 % intervals.\n\n"
    "Examples:\n"
    "  shoal-sim cern\n"
    "  shoal-sim cern --disk 55 --seeds 1..5 --plot cern.svg\n"
    "  shoal-sim cern --hosts 100 --schemes torrent,shoal -o json";

struct cern_options {
  cern_setting setting;
  double size_gb = 10;
  double rate_mbit = 1000;
  double rack_rate_mbit = 0;
  double disk_mb = 0;
  std::string seeds = "1..3";
  std::vector<std::string> schemes;
  std::string plot;
};

struct cern_row {
  cern_scheme scheme;
  interval last, median, mean;
  /// Of the first seed.
  std::vector<double> finished_s;
};

cern_row row_of(cern_scheme scheme, std::vector<std::vector<double>> runs) {
  std::vector<double> last, median, mean;
  for (const auto& finished : runs) {
    last.push_back(finished.back());
    median.push_back(finished[finished.size() / 2]);
    mean.push_back(mean_interval(finished).mean);
  }
  return {scheme, mean_interval(last), mean_interval(median), mean_interval(mean),
          std::move(runs.front())};
}

result<void> plot(const cern_options& options, const std::vector<cern_row>& rows) {
  line_plot drawn;
  char title[96];
  std::snprintf(title, sizeof title, "%g GB to %u hosts", options.size_gb, options.setting.hosts);
  drawn.title = title;
  drawn.x = {.label = "seconds", .logarithmic = true};
  drawn.y = {.label = "hosts that have the image", .from = 0};
  for (const auto& row : rows) {
    plot_series series{.name = std::string{to_string(row.scheme)}, .steps = true};
    series.points.push_back({row.finished_s.front(), 0});
    for (std::size_t i = 0; i < row.finished_s.size(); ++i)
      series.points.push_back({row.finished_s[i], static_cast<double>(i + 1)});
    drawn.series.push_back(std::move(series));
  }
  const auto bound = cern_bound_s(options.setting);
  drawn.series.push_back({.name = "bound",
                          .points = {{bound, 0}, {bound, 1.0 * options.setting.hosts}},
                          .dashed = true});
  std::ofstream file{options.plot};
  file << svg(drawn);
  file.close();
  if (!file) return {errc::failed, "cannot write the plot " + options.plot};
  return {};
}

void print_rows(const session& to, const cern_options& options, const std::vector<cern_row>& rows) {
  const auto bound = cern_bound_s(options.setting);
  if (to.wants_json()) {
    auto document = nlohmann::ordered_json::array();
    for (const auto& row : rows) {
      document.push_back({{"scheme", to_string(row.scheme)},
                          {"hosts", options.setting.hosts},
                          {"image_bytes", options.setting.image_bytes},
                          {"rate_mbit", options.rate_mbit},
                          {"disk_mb_per_s", options.disk_mb},
                          {"bound_s", bound},
                          {"last_s", row.last.mean},
                          {"last_low_s", row.last.low},
                          {"last_high_s", row.last.high},
                          {"median_s", row.median.mean},
                          {"mean_s", row.mean.mean},
                          {"last_over_bound", row.last.mean / bound}});
    }
    return to.print_json(document);
  }
  const bool csv = to.wants_csv();
  to.print(csv ? "scheme,last_s,last_low_s,last_high_s,median_s,mean_s,bound_s,last_over_bound\n"
               : "scheme         last      (95 %)            median      mean     bound  last/bound\n");
  for (const auto& row : rows) {
    char line[160];
    std::snprintf(line, sizeof line,
                  csv ? "%s,%.3f,%.3f,%.3f,%.3f,%.3f,%.3f,%.4f\n"
                      : "%-10s %8.1f  (%.1f to %.1f)  %8.1f  %8.1f  %8.1f  %10.2f\n",
                  std::string{to_string(row.scheme)}.c_str(), row.last.mean, row.last.low,
                  row.last.high, row.median.mean, row.mean.mean, bound, row.last.mean / bound);
    to.print(line);
  }
}

result<void> run_command(const session& to, cern_options options) {
  auto& setting = options.setting;
  setting.image_bytes = static_cast<std::uint64_t>(options.size_gb * 1e9);
  setting.host_bytes_per_second = megabits(options.rate_mbit);
  setting.rack_bytes_per_second = megabits(options.rack_rate_mbit);
  setting.disk_bytes_per_second = options.disk_mb * 1e6;
  if (setting.racks > setting.hosts) {
    return {errc::invalid_argument, "--racks is more than --hosts: a rack would be empty"};
  }
  const auto seeds = parse_seeds(options.seeds);
  if (!seeds) return seeds.error();
  std::vector<cern_scheme> schemes;
  for (const auto scheme : cern_schemes) {
    const auto& named = options.schemes;
    if (named.empty() || std::find(named.begin(), named.end(), to_string(scheme)) != named.end()) {
      schemes.push_back(scheme);
    }
  }
  progress shown{"cern", to.wants_progress()};
  const auto runs = map_in_parallel<std::vector<double>>(
      schemes.size() * seeds->size(), to.jobs, shown, [&](std::size_t i) {
        return run_cern(setting, schemes[i / seeds->size()], (*seeds)[i % seeds->size()]);
      });
  shown.end();
  std::vector<cern_row> rows;
  for (std::size_t i = 0; i < schemes.size(); ++i) {
    const auto begin = runs.begin() + static_cast<std::ptrdiff_t>(i * seeds->size());
    rows.push_back(row_of(schemes[i], {begin, begin + static_cast<std::ptrdiff_t>(seeds->size())}));
  }
  print_rows(to, options, rows);
  return options.plot.empty() ? result<void>{} : plot(options, rows);
}

} // namespace

void add_cern(CLI::App& app, session& to) {
  auto* command = app.add_subcommand("cern", "one image to hundreds of hosts, in four ways");
  const auto options = std::make_shared<cern_options>();
  command->add_option("--hosts", options->setting.hosts, "that get the image")
      ->check(CLI::Range(1, 2000))
      ->capture_default_str();
  command->add_option("--size", options->size_gb, "of the image, GB")
      ->check(CLI::Range(0.01, 1000.0))
      ->capture_default_str();
  command->add_option("--rate", options->rate_mbit, "of hosts' links, Mbit/s")
      ->check(CLI::Range(1.0, 1e6))
      ->capture_default_str();
  command->add_option("--racks", options->setting.racks, "in which they stand")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->add_option("--rack-rate", options->rack_rate_mbit, "of racks' uplinks; 0: no limit")
      ->check(CLI::Range(0.0, 1e7))
      ->capture_default_str();
  command->add_option("--disk", options->disk_mb, "what disks write, MB/s; 0: no limit")
      ->check(CLI::Range(0.0, 1e5))
      ->capture_default_str();
  command->add_option("--schemes", options->schemes, "of sequential, wave, torrent, shoal (all)")
      ->delimiter(',')
      ->check(CLI::IsMember({"sequential", "wave", "torrent", "shoal"}));
  command->add_option("--seeds", options->seeds, "7, 1..20 or 1..8,20")->capture_default_str();
  command->add_option("--plot", options->plot, "hosts done over time")->type_name("FILE.svg");
  command->footer(notes);
  command->callback([&to, options] {
    to.action = [&to, options] { return run_command(to, *options); };
  });
}

} // namespace shoal::simulator
