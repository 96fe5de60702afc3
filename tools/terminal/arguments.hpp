// Checks of arguments that know nothing of images.
//
// Threads: values. Errors: a check returns the sentence to show, or empty text (CLI11's way).
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace CLI {
class Option;
}

namespace shoal::terminal {

/// A check for CLI11's `Option::check`.
using argument_check = std::function<std::string(const std::string&)>;

/// One of these words.
argument_check is_one_of(std::vector<std::string> words);

/// Makes the option take one of these words and no other, and its help and completion say so.
/// @returns it.
CLI::Option* takes_one_of(CLI::Option* option, const std::vector<std::string>& words);

} // namespace shoal::terminal
