// A program with a tree of commands: the options each has, reading the command line, running the
// command that was given.
//
// Threads: the main one. Errors: end as a sentence on stderr and an exit code (`exit_code`).
#pragma once

#include "tools/terminal/session.hpp"

#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace shoal::terminal {

/// Adds `-o` with these forms (`table`, `json`, `csv`), `-q` and `--no-progress`; they set `to`.
void add_output_options(CLI::App& app, session& to, const std::vector<std::string>& forms);

/// Lets the options of `app` stand after a command too; the help of each command, all of which were
/// added, ends with `globals`, their names.
/// Exactly one command must be given.
void finish_commands(CLI::App& app, const std::string& globals);

/// The program: reads the command line, then runs `action`, then makes sure that all of the result
/// was written. Faults are reported in the name of `app`. @returns its exit code.
int run(CLI::App& app, int argc, char** argv, const std::function<result<void>()>& action);

} // namespace shoal::terminal
