#include "tools/shoal/application.hpp"

#include "tools/shoal/arguments.hpp"
#include "tools/shoal/commands/commands.hpp"
#include "tools/shoal/interrupt.hpp"
#include "tools/shoald/quantity.hpp"

#include <CLI/CLI.hpp>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <unistd.h>

namespace shoal::cli {

namespace {

constexpr const char* default_socket = "/run/shoal/shoald.sock";
constexpr const char* footer =
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done in part, 4 not found, 5 corrupt bytes,\n"
    "6 denied, 7 unreachable or timed out, 8 no space, 9 no permission, 10 conflict, 75 busy,\n"
    "130 interrupted.\n\n"
    "Examples:\n"
    "  shoal publish debian12.qcow2 --name base --version 1\n"
    "  shoal images\n"
    "  shoal get base:1 --to /srv/vm/base.raw\n"
    "  shoal get --help";

std::string socket_from_environment() {
  const char* named = std::getenv("SHOAL_SOCKET");
  return named != nullptr && *named != '\0' ? named : default_socket;
}

void add_global_options(CLI::App& app, session& to) {
  to.socket = socket_from_environment();
  app.add_option("--socket", to.socket,
                 "the daemon's socket (default $SHOAL_SOCKET or /run/shoal/shoald.sock)")
      ->type_name("FILE");
  app.add_option_function<std::string>(
         "-o,--output",
         [&to](const std::string& form) {
           to.output = form == "json" ? output_form::json : output_form::table;
         },
         "form of the result")
      ->type_name("table|json")
      ->check(is_one_of({"table", "json"}));
  app.add_flag("-q,--quiet", to.quiet, "no progress, no remarks; lists show names only");
  app.add_flag("--no-progress", to.no_progress, "no progress on stderr");
  app.add_option_function<std::string>(
         "--timeout",
         [&to](const std::string& text) {
           to.deadline = session::clock::now() + *parse_duration(text);
         },
         "give up, and cancel the job, after this long: 30s, 10m")
      ->type_name("DURATION")
      ->check([](const std::string& text) {
        const auto parsed = parse_duration(text);
        return parsed ? std::string{} : parsed.error().message;
      });
}

int report(const error& fault) {
  std::fprintf(stderr, "%s %s\n", styled("shoal:", "1;31", STDERR_FILENO).c_str(),
               printable(fault.message).c_str());
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
    std::string command = "shoal";
    for (const auto* given : app.get_subcommands())
      command += " " + given->get_name();
    return report(
        {errc::invalid_argument, std::string{fault.what()} + " (see " + command + " --help)"});
  }
}

} // namespace

void build(CLI::App& app, session& to) {
  app.footer(footer);
  add_global_options(app, to);
  add_publish(app, to);
  add_images(app, to);
  add_get(app, to);
  add_plan(app, to);
  add_place(app, to);
  add_prestage(app, to);
  add_verify(app, to);
  add_remove(app, to);
  add_hosts(app, to);
  add_status(app, to);
  add_jobs(app, to);
  add_cache(app, to);
  add_torrent(app, to);
  add_ca(app, to);
  add_completion(app, to);
  add_version(app, to);
  app.require_subcommand(1);
  for (auto* command : app.get_subcommands([](CLI::App*) { return true; })) {
    // Global options may stand after the command too.
    command->fallthrough();
    command->footer(command->get_footer() +
                    "\n\nAlso: -o table|json, -q, --no-progress, --timeout, --socket; see "
                    "shoal --help.");
  }
}

int run(int argc, char** argv) {
  // A reader that goes away (`| head`) is not a fault of ours.
  std::signal(SIGPIPE, SIG_DFL);
  session to;
  CLI::App app{"Shoal: disk images onto many hosts. Asks the daemon shoald on this machine.",
               "shoal"};
  build(app, to);
  if (const auto ended = parse(app, argc, argv)) return *ended;
  catch_interrupts();
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

} // namespace shoal::cli
