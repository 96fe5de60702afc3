#include "tools/simulator/commands/commands.hpp"
#include "tools/simulator/seeds.hpp"
#include "tools/simulator/vdn/tables.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <memory>

namespace shoal::simulator {

namespace {

struct vdn_options {
  std::vector<std::string> tables;
  std::string seeds = "1..20";
};

result<void> run_tables(const session& to, const vdn_options& options) {
  const auto seeds = parse_seeds(options.seeds);
  if (!seeds) return seeds.error();
  progress shown{"vdn tables", to.wants_progress()};
  const auto cells = simulate_tables(options.tables, *seeds, {}, to.jobs, shown);
  if (to.wants_json()) {
    to.print_json(to_json(cells));
  } else if (to.wants_csv()) {
    to.print(to_csv(cells));
  } else {
    to.print(to_text(cells));
  }
  return {};
}

} // namespace

void add_vdn(CLI::App& app, session& to) {
  auto* command = app.add_subcommand("vdn", "Reproduce VDN's evaluation (INFOCOM 2012)");
  const auto options = std::make_shared<vdn_options>();
  command->add_option("--tables", options->tables, "which tables: II,III,IV")
      ->type_name("LIST")
      ->delimiter(',')
      ->check(CLI::IsMember({"II", "III", "IV"}));
  command->add_option("--seeds", options->seeds, "months to draw: 7, 1..20 or 1..8,20")
      ->type_name("SEEDS")
      ->capture_default_str();
  command->footer("Every number is the median over the seeds, with the interval in which the true\n"
                  "median lies with 95 % confidence; the paper's number is beside it.\n\n"
                  "Examples:\n"
                  "  shoal-sim vdn --tables II,III,IV --seeds 1..20\n"
                  "  shoal-sim vdn --tables II --seeds 1..20 -o json");
  command->callback([&to, options] {
    to.action = [&to, options]() -> result<void> {
      if (options->tables.empty())
        return error{errc::invalid_argument, "nothing to do: give --tables (see shoal-sim vdn "
                                             "--help)"};
      return run_tables(to, *options);
    };
  });
}

} // namespace shoal::simulator
