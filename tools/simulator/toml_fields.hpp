// Fields of a TOML table by name, each with its range, and every unknown one refused.
//
// Threads: one owner. Errors: the first fault is kept (`fault`): `FILE:LINE: FIELD: what was
// expected`.
#pragma once

#include "topology/result.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>

// toml++ 3.3 asserts that no table begins as in `[=`, where without its assertion it goes on to say what is
// wrong. A file that anybody wrote must not end the program.
#define TOML_ASSERT(condition) static_cast<void>(0)
#include <toml++/toml.h>

namespace shoal::simulator {

/// Reads one table.
class toml_fields {
public:
  /// @param path the table's name with a dot behind; empty for the whole file.
  /// @param fault where the first fault goes; shared by the tables of one file.
  toml_fields(const toml::table& table, std::string path, std::string file,
              std::optional<error>& fault)
      : table_{table}, path_{std::move(path)}, file_{std::move(file)}, fault_{fault} {}

  /// Each reads a field into `to`, which keeps its value where the field is absent.
  void text(std::string_view name, std::string& to);
  /// Text that `take` understands; it answers what was expected, or nothing if all is well.
  void choice(std::string_view name,
              const std::function<std::optional<std::string>(const std::string&)>& take);
  /// Above `low`, or from it on with `inclusive`.
  void number(std::string_view name, double& to, double low, bool inclusive = false);
  void whole(std::string_view name, std::uint32_t& to, std::uint32_t low, std::uint32_t high);
  void flag(std::string_view name, bool& to);
  /// A table within; nothing where it is absent.
  std::optional<toml_fields> table(std::string_view name);
  /// Refuses what nobody asked for.
  void end();

  [[nodiscard]] bool has(std::string_view name) const { return table_.contains(name); }
  /// Notes a fault of that field, unless there was one before.
  void refuse(std::string_view name, const std::string& expected);

private:
  const toml::node* take(std::string_view name);

  const toml::table& table_;
  std::string path_;
  std::string file_;
  std::optional<error>& fault_;
  std::set<std::string, std::less<>> known_;
};

} // namespace shoal::simulator
