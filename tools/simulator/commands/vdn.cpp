#include "tools/simulator/commands/commands.hpp"
#include "tools/simulator/seeds.hpp"
#include "tools/simulator/vdn/figures.hpp"
#include "tools/simulator/vdn/tables.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <memory>

namespace shoal::simulator {

namespace {

struct vdn_options {
  std::vector<std::string> tables;
  std::vector<int> figures;
  std::string seeds = "1..20";
  std::string output = ".";
};

result<void> run_tables(const session& to, const vdn_options& options,
                        std::span<const std::uint64_t> seeds) {
  progress shown{"vdn tables", to.wants_progress()};
  const auto cells = simulate_tables(options.tables, seeds, {}, to.jobs, shown);
  if (to.wants_json()) {
    to.print_json(to_json(cells));
  } else {
    to.print(to.wants_csv() ? to_csv(cells) : to_text(cells));
  }
  return {};
}

result<void> run_figures(const session& to, const vdn_options& options,
                         std::span<const std::uint64_t> seeds) {
  for (const int number : options.figures) {
    progress shown{"vdn figure " + std::to_string(number), to.wants_progress()};
    const auto files = simulate_figure(number, seeds, to.jobs, shown);
    if (auto written = write_figures(options.output, files); !written) return written;
    for (const auto& file : files)
      to.remark("wrote " + options.output + "/" + file.name);
  }
  return {};
}

result<void> run_vdn(const session& to, const vdn_options& options) {
  const auto seeds = parse_seeds(options.seeds);
  if (!seeds) return seeds.error();
  if (options.tables.empty() && options.figures.empty()) {
    return error{errc::invalid_argument,
                 "nothing to do: give --tables or --figures (see shoal-sim vdn --help)"};
  }
  if (!options.tables.empty()) {
    if (auto done = run_tables(to, options, *seeds); !done) return done;
  }
  return run_figures(to, options, *seeds);
}

} // namespace

void add_vdn(CLI::App& app, session& to) {
  auto* command = app.add_subcommand("vdn", "Reproduce VDN's evaluation (INFOCOM 2012)");
  const auto options = std::make_shared<vdn_options>();
  command->add_option("--tables", options->tables, "which tables: II,III,IV")
      ->type_name("LIST")
      ->delimiter(',')
      ->check(CLI::IsMember({"II", "III", "IV"}));
  command->add_option("--figures", options->figures, "which figures: 10,11,12,13")
      ->type_name("LIST")
      ->delimiter(',')
      ->check(CLI::Range(10, 13));
  command->add_option("--output", options->output, "the folder for the figures' CSV and SVG files")
      ->type_name("FOLDER")
      ->capture_default_str();
  command->add_option("--seeds", options->seeds, "months to draw: 7, 1..20 or 1..8,20")
      ->type_name("SEEDS")
      ->capture_default_str();
  command->footer("Every number is the median over the seeds, with the interval in which the true\n"
                  "median lies with 95 % confidence; the paper's number is beside it.\n\n"
                  "Examples:\n"
                  "  shoal-sim vdn --tables II,III,IV --seeds 1..20\n"
                  "  shoal-sim vdn --tables II --seeds 1..20 -o json\n"
                  "  shoal-sim vdn --figures 10,13 --seeds 1..5 --output /tmp/figures");
  command->callback(
      [&to, options] { to.action = [&to, options] { return run_vdn(to, *options); }; });
}

} // namespace shoal::simulator
