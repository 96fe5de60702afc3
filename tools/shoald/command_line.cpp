#include "tools/shoald/command_line.hpp"

#include "tools/shoald/option_table.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <filesystem>
#include <map>

namespace shoal::daemon {

namespace {

/// What was given on the command line, before any file is read.
struct given_flags {
  std::string file;
  bool gis = false;
  bool init = false;
  bool check = false;
  bool version = false;
  std::map<const option*, std::vector<std::string>> values;
};

constexpr const char* footer = R"(Examples:
  shoald --gis --init
      Begin a swarm on this machine: makes its certificates and an empty catalogue, and prints
      the command for the next host.
  shoald --config /etc/shoal/shoald.toml
      Run with a configuration file.
  shoald --gis-addresses gis1:7440 --place paris/c1/r7 --store-quota 200GiB
      Run without a file.
  shoald --config shoald.toml --check
      Print the configuration that would be used, and end.

Every key of shoald.toml(5) is also a flag, and the flag wins.)";

std::string group_of(std::string_view key) {
  const auto dot = key.find('.');
  return dot == std::string_view::npos ? "Host" : "[" + std::string{key.substr(0, dot)} + "]";
}

void add_flags(CLI::App& app, given_flags& given) {
  app.add_option("--config", given.file, "configuration file (default /etc/shoal/shoald.toml)")
      ->type_name("FILE");
  app.add_flag("--gis", given.gis, "be a general index server: short for --gis-enabled true");
  app.add_flag("--init", given.init, "make what a first node needs, and say how to add the next");
  app.add_flag("--check", given.check, "print the effective configuration and end");
  app.add_flag("--version", given.version, "print the version and end");
  for (const auto& one : options()) {
    auto* flag = app.add_option(one.flag(), given.values[&one], std::string{one.help})
                     ->type_name(std::string{one.value_name})
                     ->group(group_of(one.key))
                     ->allow_extra_args(false);
    // A scalar given twice is a slip: say so instead of choosing.
    flag->expected(one.list ? -1 : 1);
    if (one.list) flag->take_all();
  }
}

result<void> apply(const given_flags& given, daemon_config& config) {
  for (const auto& one : options()) {
    const auto& values = given.values.at(&one);
    if (values.empty()) continue;
    const raw_value value = one.list ? raw_value{values} : raw_value{values.front()};
    if (const auto set = one.set(config, value); !set) {
      return error{errc::invalid_argument, one.flag() + ": " + set.error().message};
    }
    config.origins[std::string{one.key}] = one.flag();
  }
  if (given.gis) {
    config.gis.enabled = true;
    config.origins["gis.enabled"] = "--gis";
  }
  return {};
}

/// The file to read: the one named, or the default one when it is there.
std::string chosen_file(const given_flags& given, const std::string& fallback) {
  if (!given.file.empty()) return given.file;
  std::error_code ignored;
  return std::filesystem::exists(fallback, ignored) ? fallback : std::string{};
}

} // namespace

result<start_order> read_command_line(const std::vector<std::string>& arguments,
                                      const std::string& version,
                                      const std::string& fallback_file) {
  CLI::App app{"Shoal's daemon: keeps packs of disk images and shares them with other hosts.",
               "shoald"};
  app.footer(footer);
  given_flags given;
  add_flags(app, given);
  try {
    auto reversed = arguments;
    std::reverse(reversed.begin(), reversed.end());
    app.parse(reversed);
  } catch (const CLI::CallForHelp&) {
    start_order help;
    help.print = app.help();
    return help;
  } catch (const CLI::ParseError& fault) {
    return error{errc::invalid_argument, std::string{fault.what()} + " (see shoald --help)"};
  }
  start_order order;
  if (given.version) {
    order.print = "shoald " + version + "\n";
    return order;
  }
  order.init = given.init;
  order.check = given.check;
  order.file = chosen_file(given, fallback_file);
  std::error_code ignored;
  // A file that --init is to write need not be there yet.
  const bool to_write = order.init && !std::filesystem::exists(order.file, ignored);
  if (!order.file.empty() && !to_write) {
    if (const auto read = read_toml_file(order.file, order.config); !read) return read.error();
  }
  if (const auto applied = apply(given, order.config); !applied) return applied.error();
  complete(order.config);
  if (const auto valid = validate(order.config); !valid) return valid.error();
  return order;
}

} // namespace shoal::daemon
