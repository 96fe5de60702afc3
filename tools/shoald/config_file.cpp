// The TOML reader: the only place that sees toml++.
#include "tools/shoald/option_table.hpp"

// toml++ 3.3 asserts that no table begins as in `[=`, where without its assertion it goes on to say what is
// wrong. A file that anybody wrote must not end the program.
#define TOML_ASSERT(condition) static_cast<void>(0)
#include <toml++/toml.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace shoal::daemon {

namespace {

/// More is not a configuration.
constexpr std::size_t file_bytes_max = 1 << 20;

error at(const std::string& file, std::uint32_t line, const std::string& sentence) {
  return {errc::invalid_argument, file + ":" + std::to_string(line) + ": " + sentence};
}

result<raw_value> raw_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return raw_value{text->get()};
  if (const auto* number = node.as_integer()) return raw_value{number->get()};
  if (const auto* flag = node.as_boolean()) return raw_value{flag->get()};
  if (const auto* list = node.as_array()) {
    std::vector<std::string> texts;
    for (const auto& item : *list) {
      const auto* text = item.as_string();
      if (text == nullptr) return error{errc::invalid_argument, "expected a list of strings"};
      texts.push_back(text->get());
    }
    return raw_value{std::move(texts)};
  }
  return error{errc::invalid_argument, "expected a string, a number, a boolean or a list"};
}

const option* find_option(std::string_view key) {
  for (const auto& one : options()) {
    if (one.key == key) return &one;
  }
  return nullptr;
}

bool is_table(std::string_view name) {
  for (const auto& one : options()) {
    const auto dot = one.key.find('.');
    if (dot != std::string_view::npos && one.key.substr(0, dot) == name) return true;
  }
  return false;
}

/// The known key nearest in spelling, when it is near enough to be what was meant.
std::string suggestion(std::string_view wrong) {
  const auto last = wrong.substr(wrong.rfind('.') + 1);
  for (const auto& one : options()) {
    if (one.key.substr(one.key.rfind('.') + 1) == last) {
      return "; did you mean '" + std::string{one.key} + "'?";
    }
  }
  return {};
}

result<void> apply(const toml::table& table, const std::string& prefix, const std::string& file,
                   daemon_config& config) {
  for (const auto& [name, node] : table) {
    const auto key = prefix + std::string{name.str()};
    const auto line = static_cast<std::uint32_t>(name.source().begin.line);
    if (prefix.empty() && is_table(key)) {
      const auto* inner = node.as_table();
      if (inner == nullptr) return at(file, line, "'" + key + "' must be a table: [" + key + "]");
      if (auto applied = apply(*inner, key + ".", file, config); !applied) return applied;
      continue;
    }
    const auto* known = find_option(key);
    if (known == nullptr) {
      return at(file, line, "unknown key '" + key + "'" + suggestion(key));
    }
    auto value = raw_of(node);
    if (!value) return at(file, line, key + ": " + value.error().message);
    if (const auto set = known->set(config, *value); !set) {
      return at(file, line, key + ": " + set.error().message);
    }
    config.origins[key] = at(file, line, key).message;
  }
  return {};
}

} // namespace

result<void> read_toml(std::string_view text, const std::string& file, daemon_config& config) {
  config.origins[""] = file;
  try {
    return apply(toml::parse(text, file), "", file, config);
  } catch (const toml::parse_error& fault) {
    return at(file, static_cast<std::uint32_t>(fault.source().begin.line),
              std::string{fault.description()});
  }
}

result<void> read_toml_file(const std::string& file, daemon_config& config) {
  std::ifstream in{file, std::ios::binary};
  std::string text(file_bytes_max + 1, '\0');
  if (in) in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in.is_open() || in.bad()) {
    const int code = errno;
    const auto kind = code == ENOENT   ? errc::not_found
                      : code == EACCES ? errc::permission
                                       : errc::failed;
    return error{kind, "cannot read the configuration " + file + ": " + std::strerror(code)};
  }
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > file_bytes_max) {
    return error{errc::invalid_argument, file + " is larger than 1 MiB, which no configuration is"};
  }
  return read_toml(text, file, config);
}

} // namespace shoal::daemon
