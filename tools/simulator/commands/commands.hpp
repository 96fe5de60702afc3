// The commands, one file each. Every function adds its command to `app`, with help and examples;
// when the user gives it, `to.action` is what it does.
//
// Threads: the main one. Errors: returned by the action.
#pragma once

#include "tools/simulator/session.hpp"

namespace CLI {
class App;
}

namespace shoal::simulator {

void add_beyond(CLI::App& app, session& to);
void add_cern(CLI::App& app, session& to);
void add_run(CLI::App& app, session& to);
void add_scale(CLI::App& app, session& to);
void add_swarm(CLI::App& app, session& to);
void add_vdn(CLI::App& app, session& to);

} // namespace shoal::simulator
