// Every option of the daemon, once: its key in the file, its flag, its kind, how it is set and
// shown. The TOML reader, the flags, `--check` and the tests of the man page all walk this table.
//
// Threads: values; the table is constant. Errors: a setter's sentence says what was expected.
#pragma once

#include "tools/shoald/config.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace shoal::daemon {

/// A value before it is understood. Flags give text only; setters of numbers and booleans take
/// both.
using raw_value = std::variant<std::string, std::int64_t, bool, std::vector<std::string>>;

struct option {
  /// `store.quota`.
  std::string_view key;
  /// What a man page calls the value: `SIZE`, `PATH`.
  std::string_view value_name;
  std::string_view help;
  std::function<result<void>(daemon_config&, const raw_value&)> set;
  /// The value as TOML.
  std::function<std::string(const daemon_config&)> show;
  /// Whether it may be given several times.
  bool list = false;

  /// `--store-quota`.
  [[nodiscard]] std::string flag() const;
};

/// In the order of the file: keys without a table first, then table by table.
std::span<const option> options();

} // namespace shoal::daemon
