#include "tools/simulator/cern.hpp"
#include "tools/simulator/commands/commands.hpp"
#include "tools/simulator/interval.hpp"
#include "tools/simulator/parallel.hpp"
#include "tools/simulator/seeds.hpp"
#include "tools/simulator/svg_plot.hpp"
#include "tools/simulator/vdn/figures.hpp"

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
    "included. Columns are means over the seeds, in seconds, the last host's with 95 % intervals.\n"
    "Shoal's pieces are larger than the daemon's: the work grows with pieces and hosts. See --piece;\n"
    "the README says how little it changes.\n\n"
    "Examples:\n"
    "  shoal-sim cern\n"
    "  shoal-sim cern --disk 55 --seeds 1..5 --output figures\n"
    "  shoal-sim cern --hosts 100 --schemes torrent,shoal -o json";

struct cern_options {
  cern_setting setting;
  double size_gb = 10;
  double rate_mbit = 1000;
  double rack_rate_mbit = 0;
  double disk_mb = 0;
  std::string seeds = "1..3";
  std::vector<std::string> schemes;
  /// Of Shoal's swarm, MiB.
  double piece_mib = 2;
  std::string plot;
  std::string output;
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

std::string hosts_plot(const cern_options& options, const std::vector<cern_row>& rows) {
  line_plot drawn;
  char title[96];
  std::snprintf(title, sizeof title, "%g GB to %u hosts", options.size_gb, options.setting.hosts);
  drawn.title = title;
  drawn.x = {.label = "seconds since the first request", .logarithmic = true};
  drawn.y = {.label = "hosts that have the image", .from = 0};
  for (const auto& row : rows) {
    char name[64];
    std::snprintf(name, sizeof name, "%s, %.0f s", std::string{to_string(row.scheme)}.c_str(),
                  row.finished_s.back());
    plot_series series{.name = name, .points = {}, .steps = true};
    series.points.push_back({row.finished_s.front(), 0});
    for (std::size_t i = 0; i < row.finished_s.size(); ++i)
      series.points.push_back({row.finished_s[i], static_cast<double>(i + 1)});
    drawn.series.push_back(std::move(series));
  }
  const auto bound = cern_bound_s(options.setting);
  char bound_name[64];
  std::snprintf(bound_name, sizeof bound_name, "bound, %.0f s", bound);
  drawn.series.push_back({.name = bound_name,
                          .points = {{bound, 0}, {bound, 1.0 * options.setting.hosts}},
                          .dashed = true});
  return svg(drawn);
}

result<void> plot(const cern_options& options, const std::vector<cern_row>& rows) {
  std::ofstream file{options.plot};
  file << hosts_plot(options, rows);
  file.close();
  if (!file) return {errc::failed, "cannot write the plot " + options.plot};
  return {};
}

std::string table(const char* format, const std::vector<cern_row>& rows, double bound) {
  std::string text;
  for (const auto& row : rows) {
    char line[160];
    std::snprintf(line, sizeof line, format, std::string{to_string(row.scheme)}.c_str(),
                  row.last.mean, row.last.low, row.last.high, row.median.mean, row.mean.mean, bound,
                  row.last.mean / bound);
    text += line;
  }
  return text;
}

std::string csv(const std::vector<cern_row>& rows, double bound) {
  return "scheme,last_s,last_low_s,last_high_s,median_s,mean_s,bound_s,last_over_bound\n" +
         table("%s,%.3f,%.3f,%.3f,%.3f,%.3f,%.3f,%.4f\n", rows, bound);
}

/// When each host had the image, by the first seed: what the plot shows.
std::string hosts_csv(const std::vector<cern_row>& rows) {
  std::string text = "scheme,hosts,seconds\n";
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.finished_s.size(); ++i) {
      char line[80];
      std::snprintf(line, sizeof line, "%s,%zu,%.3f\n", std::string{to_string(row.scheme)}.c_str(),
                    i + 1, row.finished_s[i]);
      text += line;
    }
  }
  return text;
}

result<void> write_folder(const session& to, const cern_options& options,
                          const std::vector<cern_row>& rows) {
  const std::vector<figure_file> files{{"cern.csv", csv(rows, cern_bound_s(options.setting))},
                                       {"cern_hosts.csv", hosts_csv(rows)},
                                       {"cern.svg", hosts_plot(options, rows)}};
  if (auto written = write_figures(options.output, files); !written) return written;
  for (const auto& file : files)
    to.remark("wrote " + options.output + "/" + file.name);
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
                          {"piece_mib", options.piece_mib},
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
  if (to.wants_csv()) return to.print(csv(rows, bound));
  to.print("scheme         last      (95 %)            median      mean     bound  last/bound\n");
  to.print(table("%-10s %8.1f  (%.1f to %.1f)  %8.1f  %8.1f  %8.1f  %10.2f\n", rows, bound));
  char line[160];
  std::snprintf(line, sizeof line, "shoal in pieces of %g MiB, torrent in chunks of %g MiB\n",
                options.piece_mib, options.setting.chunk_bytes / 1048576.0);
  to.print(line);
}

result<void> run_command(const session& to, cern_options options) {
  auto& setting = options.setting;
  setting.image_bytes = static_cast<std::uint64_t>(options.size_gb * 1e9);
  setting.host_bytes_per_second = megabits(options.rate_mbit);
  setting.rack_bytes_per_second = megabits(options.rack_rate_mbit);
  setting.disk_bytes_per_second = options.disk_mb * 1e6;
  setting.piece_bytes = static_cast<std::uint32_t>(options.piece_mib * 1024 * 1024);
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
  // The longest first: two of them last would leave cores idle.
  const auto scheme_of = [&](std::size_t i) { return schemes.size() - 1 - i / seeds->size(); };
  const auto runs = map_in_parallel<std::vector<double>>(
      schemes.size() * seeds->size(), to.jobs, shown, [&](std::size_t i) {
        return run_cern(setting, schemes[scheme_of(i)], (*seeds)[i % seeds->size()]);
      });
  shown.end();
  std::vector<cern_row> rows;
  for (std::size_t i = 0; i < schemes.size(); ++i) {
    const auto begin =
        runs.begin() + static_cast<std::ptrdiff_t>(scheme_of(i * seeds->size()) * seeds->size());
    rows.push_back(row_of(schemes[i], {begin, begin + static_cast<std::ptrdiff_t>(seeds->size())}));
  }
  print_rows(to, options, rows);
  if (!options.output.empty()) {
    if (auto written = write_folder(to, options, rows); !written) return written;
  }
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
  command->add_option("--piece", options->piece_mib, "of Shoal's swarm, MiB; the daemon's: 0.0625")
      ->check(CLI::Range(0.0625, 64.0))
      ->capture_default_str();
  command->add_option("--schemes", options->schemes, "of sequential, wave, torrent, shoal (all)")
      ->delimiter(',')
      ->check(CLI::IsMember({"sequential", "wave", "torrent", "shoal"}));
  command->add_option("--seeds", options->seeds, "7, 1..20 or 1..8,20")->capture_default_str();
  command->add_option("--plot", options->plot, "hosts done over time")->type_name("FILE.svg");
  command->add_option("--output", options->output, "the table as CSV, hosts done as CSV and plot")
      ->type_name("FOLDER");
  command->footer(notes);
  command->callback([&to, options] {
    to.action = [&to, options] { return run_command(to, *options); };
  });
}

} // namespace shoal::simulator
