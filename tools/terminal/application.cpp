#include "tools/terminal/application.hpp"

#include "tools/terminal/arguments.hpp"
#include "tools/terminal/text.hpp"

#include <CLI/CLI.hpp>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <optional>
#include <unistd.h>

namespace shoal::terminal {

namespace {

output_form form_named(const std::string& name) {
  if (name == "json") return output_form::json;
  return name == "csv" ? output_form::csv : output_form::table;
}

int report(const CLI::App& app, const error& fault) {
  std::fprintf(stderr, "%s %s\n", styled(app.get_name() + ":", "1;31", STDERR_FILENO).c_str(),
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
    std::string command = app.get_name();
    for (const auto* given : app.get_subcommands())
      command += " " + given->get_name();
    return report(
        app, {errc::invalid_argument, std::string{fault.what()} + " (see " + command + " --help)"});
  }
}

} // namespace

void add_output_options(CLI::App& app, session& to, const std::vector<std::string>& forms) {
  const auto set_form = [&to](const std::string& form) { to.output = form_named(form); };
  takes_one_of(app.add_option_function<std::string>("-o,--output", set_form, "form of the result"),
               forms);
  app.add_flag("-q,--quiet", to.quiet, "no progress, no remarks");
  app.add_flag("--no-progress", to.no_progress, "no progress on stderr");
}

void finish_commands(CLI::App& app, const std::string& globals) {
  app.require_subcommand(1);
  for (auto* command : app.get_subcommands([](CLI::App*) { return true; })) {
    command->fallthrough();
    command->footer(command->get_footer() + "\n\nAlso: " + globals + "; see " + app.get_name() +
                    " --help.");
  }
}

int run(CLI::App& app, int argc, char** argv, const std::function<result<void>()>& action) {
  // A reader that goes away (`| head`) is not a fault of ours.
  std::signal(SIGPIPE, SIG_DFL);
  if (const auto ended = parse(app, argc, argv)) return *ended;
  try {
    if (const auto done = action(); !done) return report(app, done.error());
  } catch (const std::exception& fault) {
    return report(app,
                  {errc::failed, std::string{"something unexpected happened: "} + fault.what()});
  }
  errno = 0;
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    return report(app,
                  {errc::failed, std::string{"cannot write the result: "} + std::strerror(errno)});
  }
  return 0;
}

} // namespace shoal::terminal
