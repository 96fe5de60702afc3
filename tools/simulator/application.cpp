#include "tools/simulator/application.hpp"

#include "tools/simulator/commands/commands.hpp"
#include "tools/terminal/application.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace shoal::simulator {

namespace {

constexpr const char* footer =
    "Exit codes: 0 done, 1 failed, 2 wrong usage or malformed input, 4 not found, 9 no "
    "permission.\n"
    "The same seeds give the same bytes, however many cores compute them.\n\n"
    "Examples:\n"
    "  shoal-sim vdn --tables II,III,IV --seeds 1..20\n"
    "  shoal-sim vdn --tables III --seeds 1..20 -o json\n"
    "  shoal-sim run tools/simulator/scenarios/vdn-s6.toml -o csv";

void add_global_options(CLI::App& app, session& to) {
  terminal::add_output_options(app, to, {"table", "json", "csv"});
  app.add_option("-j,--jobs", to.jobs, "threads that compute (default: one a core)")
      ->type_name("N")
      ->check(CLI::Range(1, 1024));
}

} // namespace

void session::print_json(const nlohmann::ordered_json& document) const {
  print(document.dump(2) + "\n");
}

void build(CLI::App& app, session& to) {
  app.footer(footer);
  add_global_options(app, to);
  add_vdn(app, to);
  add_beyond(app, to);
  add_run(app, to);
  add_cern(app, to);
  add_scale(app, to);
  add_swarm(app, to);
  terminal::finish_commands(app, "-o table|json|csv, -q, --no-progress, -j");
}

int run(int argc, char** argv) {
  session to;
  CLI::App app{"Shoal's simulator: the daemon's own policies under simulated time.", to.program};
  build(app, to);
  return terminal::run(app, argc, argv, [&to] { return to.action(); });
}

} // namespace shoal::simulator
