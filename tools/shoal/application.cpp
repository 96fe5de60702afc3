#include "tools/shoal/application.hpp"

#include "tools/shoal/commands/commands.hpp"
#include "tools/shoal/interrupt.hpp"
#include "tools/shoald/quantity.hpp"
#include "tools/terminal/application.hpp"

#include <CLI/CLI.hpp>

#include <cstdlib>

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
  terminal::add_output_options(app, to, {"table", "json"});
  app.get_option("--quiet")->description("no progress, no remarks; lists show names only");
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
  terminal::finish_commands(app, "-o table|json, -q, --no-progress, --timeout, --socket");
}

int run(int argc, char** argv) {
  session to;
  CLI::App app{"Shoal: disk images onto many hosts. Asks the daemon shoald on this machine.",
               to.program};
  build(app, to);
  return terminal::run(app, argc, argv, [&to] {
    catch_interrupts();
    return to.action();
  });
}

} // namespace shoal::cli
