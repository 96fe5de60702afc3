// The command line as a whole: its tree of commands, and running the one that was given.
//
// Threads: the main one. Errors: end as a sentence on stderr and an exit code (`exit_code`).
#pragma once

#include "tools/simulator/session.hpp"

namespace CLI {
class App;
}

namespace shoal::simulator {

/// Puts the global options and every command into `app`; commands work on `to`.
void build(CLI::App& app, session& to);

/// The program. @returns its exit code.
int run(int argc, char** argv);

} // namespace shoal::simulator
