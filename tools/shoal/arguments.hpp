// What several commands' arguments have in common: image names, paths, choices.
//
// Threads: values. Errors: a check returns the sentence to show, or empty text (CLI11's way).
#pragma once

#include "tools/terminal/arguments.hpp"
#include "topology/result.hpp"

#include <string>

namespace CLI {
class App;
}

namespace shoal::cli {

using terminal::argument_check;
using terminal::is_one_of;
using terminal::takes_one_of;

/// `NAME:VERSION`.
argument_check is_image();
/// A name of an image or a version.
argument_check is_name();
/// `none` or `zstd:1` to `zstd:19`.
argument_check is_compression();
/// 64 hexadecimal digits.
argument_check is_pack();

/// Adds the argument `image`, `NAME:VERSION`, which the command cannot do without.
void add_image_argument(CLI::App& command, std::string& image);
/// Adds `--strategy` and `--spread`. Their help begins with `when`, the case they count in.
void add_placement_options(CLI::App& command, std::string& strategy, std::string& spread,
                           const std::string& when);

/// The path from the root, because the daemon has another working directory.
/// @returns errc::invalid_argument for an empty path.
result<std::string> absolute_path(const std::string& path);

} // namespace shoal::cli
