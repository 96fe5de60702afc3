// The commands, one file each. Every function adds its command to `app`, with help and examples;
// when the user gives it, `to.action` is what it does.
//
// Threads: the main one. Errors: returned by the action.
#pragma once

#include "tools/shoal/session.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace CLI {
class App;
}

namespace shoal::cli {

void add_publish(CLI::App& app, session& to);
void add_images(CLI::App& app, session& to);
void add_get(CLI::App& app, session& to);
void add_plan(CLI::App& app, session& to);
void add_place(CLI::App& app, session& to);
void add_prestage(CLI::App& app, session& to);
void add_verify(CLI::App& app, session& to);
void add_remove(CLI::App& app, session& to);
void add_hosts(CLI::App& app, session& to);
void add_status(CLI::App& app, session& to);
void add_cache(CLI::App& app, session& to);
void add_jobs(CLI::App& app, session& to);
void add_torrent(CLI::App& app, session& to);
void add_ca(CLI::App& app, session& to);
void add_completion(CLI::App& app, session& to);
void add_version(CLI::App& app, session& to);

/// The shell's completion script for the tree under `app`: `bash`, `zsh` or `fish`.
std::string completion_script(const CLI::App& app, const std::string& shell);

} // namespace shoal::cli
