#include "tools/shoal/arguments.hpp"

#include "tools/terminal/text.hpp"
#include "topology/place.hpp"
#include "web/json.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <filesystem>

namespace shoal::cli {

using terminal::printable;

argument_check is_image() {
  return [](const std::string& text) -> std::string {
    const auto checked = web::check_image_reference(text);
    return checked ? "" : checked.error().message;
  };
}

argument_check is_name() {
  return [](const std::string& text) -> std::string {
    if (topology::valid_name(text)) return "";
    return "'" + printable(text.substr(0, 64)) +
           "' is not a name: 1 to 128 letters, digits, '.', '_', '-' or '+', beginning with a "
           "letter or digit, without '..'";
  };
}

argument_check is_compression() {
  return [](const std::string& text) -> std::string {
    constexpr std::string_view prefix = "zstd:";
    if (text == "none") return "";
    int level = 0;
    const auto* end = text.data() + text.size();
    if (text.starts_with(prefix)) {
      const auto [stop, fault] = std::from_chars(text.data() + prefix.size(), end, level);
      if (fault == std::errc{} && stop == end && level >= 1 && level <= 19) return "";
    }
    return "'" + printable(text.substr(0, 64)) + "' is neither none nor zstd:1 to zstd:19";
  };
}

argument_check is_pack() {
  return [](const std::string& text) -> std::string {
    const auto hexadecimal = [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    };
    if (text.size() == 64 && std::all_of(text.begin(), text.end(), hexadecimal)) return "";
    return "a pack is named by 64 hexadecimal digits";
  };
}

void add_image_argument(CLI::App& command, std::string& image) {
  command.add_option("image", image, "which image, as NAME:VERSION")
      ->type_name("IMAGE")
      ->required()
      ->check(is_image());
}

void add_placement_options(CLI::App& command, std::string& strategy, std::string& spread,
                           const std::string& when) {
  takes_one_of(command.add_option("--strategy", strategy, when + "how hosts are compared"),
               {"random", "min_loaded", "shoal_friendly", "weighted"})
      ->capture_default_str();
  takes_one_of(
      command.add_option("--spread", spread, when + "deal evenly over these domains first"),
      {"rack", "cluster", "none"})
      ->capture_default_str();
}

result<std::string> absolute_path(const std::string& path) {
  if (path.empty()) return error{errc::invalid_argument, "the path of a file may not be empty"};
  std::error_code failed;
  auto whole = std::filesystem::absolute(path, failed);
  if (failed) return error{errc::failed, "cannot make " + path + " absolute: " + failed.message()};
  return whole.lexically_normal().string();
}

} // namespace shoal::cli
