#include "tools/simulator/application.hpp"

#include "tools/simulator/commands/commands.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <optional>

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
  app.add_option_function<std::string>(
         "-o",
         [&to](const std::string& form) {
           to.output = form == "json"  ? output_form::json
                       : form == "csv" ? output_form::csv
                                       : output_form::table;
         },
         "form of the result")
      ->type_name("table|json|csv")
      ->check(CLI::IsMember({"table", "json", "csv"}));
  app.add_flag("-q,--quiet", to.quiet, "no progress, no remarks");
  app.add_flag("--no-progress", to.no_progress, "no progress bar on stderr");
  app.add_option("-j,--jobs", to.jobs, "threads that compute (default: one a core)")
      ->type_name("N")
      ->check(CLI::Range(1, 1024));
}

int report(const error& fault) {
  std::fprintf(stderr, "shoal-sim: %s\n", fault.message.c_str());
  return exit_code(fault.code);
}

/// Reads the command line. @returns an exit code when that was all there was to do.
std::optional<int> parse(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::CallForHelp& asked) {
    return app.exit(asked);
  } catch (const CLI::CallForAllHelp& asked) {
    return app.exit(asked);
  } catch (const CLI::ParseError& fault) {
    std::string command = "shoal-sim";
    for (const auto* given : app.get_subcommands())
      command += " " + given->get_name();
    return report(
        {errc::invalid_argument, std::string{fault.what()} + " (see " + command + " --help)"});
  }
}

} // namespace

void session::print(const std::string& text) const {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void session::print_json(const nlohmann::ordered_json& document) const {
  print(document.dump(2) + "\n");
}

void session::remark(const std::string& sentence) const {
  if (!quiet) std::fprintf(stderr, "shoal-sim: %s\n", sentence.c_str());
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
  app.require_subcommand(1);
  for (auto* command : app.get_subcommands([](CLI::App*) { return true; })) {
    // Global options may stand after the command too.
    command->fallthrough();
    command->footer(command->get_footer() +
                    "\n\nAlso: -o table|json|csv, -q, --no-progress, -j; see shoal-sim --help.");
  }
}

int run(int argc, char** argv) {
  // A reader that goes away (`| head`) is not a fault of ours.
  std::signal(SIGPIPE, SIG_DFL);
  session to;
  CLI::App app{"Shoal's simulator: the daemon's own policies under simulated time.", "shoal-sim"};
  build(app, to);
  if (const auto ended = parse(app, argc, argv)) return *ended;
  try {
    if (const auto done = to.action(); !done) return report(done.error());
  } catch (const std::exception& fault) {
    return report({errc::failed, std::string{"something unexpected happened: "} + fault.what()});
  }
  errno = 0;
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    return report({errc::failed, std::string{"cannot write the result: "} + std::strerror(errno)});
  }
  return 0;
}

} // namespace shoal::simulator
