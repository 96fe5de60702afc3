// The daemon's command line: where its configuration is, and every option of it as a flag.
//
// Threads: the main one, at start. Errors: errc::invalid_argument, as a sentence for stderr.
#pragma once

#include "tools/shoald/config.hpp"

#include <optional>
#include <string>

namespace shoal::daemon {

/// What the daemon was started to do.
struct start_order {
  /// File and flags together, completed and validated.
  daemon_config config;
  /// The file that was read; empty: none.
  std::string file;
  /// Make what a first node needs: authority, certificates, catalogue, configuration.
  bool init = false;
  /// Only print `effective_toml` and end.
  bool check = false;
  /// Something to print on stdout and end with 0: the help or the version.
  std::optional<std::string> print;
};

/// Where a configuration is looked for when `--config` names none; its absence is no fault.
inline constexpr const char* default_file = "/etc/shoal/shoald.toml";

/// Reads the command line (without the program's name), then the file, then the flags over it.
/// @param version what `--version` prints.
/// @param fallback_file see `default_file`; a parameter so that tests do not depend on the machine.
result<start_order> read_command_line(const std::vector<std::string>& arguments,
                                      const std::string& version,
                                      const std::string& fallback_file = default_file);

} // namespace shoal::daemon
