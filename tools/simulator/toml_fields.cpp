#include "tools/simulator/toml_fields.hpp"

#include "tools/simulator/printable.hpp"

#include <cmath>

namespace shoal::simulator {

void toml_fields::refuse(std::string_view name, const std::string& expected) {
  if (fault_) return;
  const auto* node = table_.get(name);
  const auto line = node != nullptr ? node->source().begin.line : table_.source().begin.line;
  fault_ = error{errc::invalid_argument,
                 file_ + ":" + std::to_string(line) + ": " + path_ + printable(name, true) + ": " +
                     printable(expected, true)};
}

const toml::node* toml_fields::take(std::string_view name) {
  known_.emplace(name);
  return table_.get(name);
}

void toml_fields::text(std::string_view name, std::string& to) {
  const auto* node = take(name);
  if (node == nullptr) return;
  if (const auto* value = node->as_string()) {
    to = value->get();
  } else {
    refuse(name, "expected text in quotes");
  }
}

void toml_fields::choice(
    std::string_view name,
    const std::function<std::optional<std::string>(const std::string&)>& understand) {
  if (!has(name)) {
    known_.emplace(name);
    return;
  }
  std::string value;
  text(name, value);
  if (fault_) return;
  if (const auto expected = understand(value)) refuse(name, "'" + value + "': " + *expected);
}

void toml_fields::number(std::string_view name, double& to, double low, bool inclusive) {
  const auto* node = take(name);
  if (node == nullptr) return;
  const auto value = node->value<double>();
  char bound[32];
  std::snprintf(bound, sizeof bound, "%g", low);
  if (!node->is_number() || !value || !std::isfinite(*value) ||
      !(inclusive ? *value >= low : *value > low)) {
    refuse(name, std::string{"expected a number "} + (inclusive ? "from " : "above ") + bound +
                     (inclusive ? " on" : ""));
    return;
  }
  to = *value;
}

void toml_fields::whole(std::string_view name, std::uint32_t& to, std::uint32_t low,
                        std::uint32_t high) {
  const auto* node = take(name);
  if (node == nullptr) return;
  const auto* value = node->as_integer();
  if (value == nullptr || value->get() < low || value->get() > high) {
    refuse(name,
           "expected a whole number from " + std::to_string(low) + " to " + std::to_string(high));
    return;
  }
  to = static_cast<std::uint32_t>(value->get());
}

void toml_fields::flag(std::string_view name, bool& to) {
  const auto* node = take(name);
  if (node == nullptr) return;
  if (const auto* value = node->as_boolean()) {
    to = value->get();
  } else {
    refuse(name, "expected true or false");
  }
}

std::optional<toml_fields> toml_fields::table(std::string_view name) {
  const auto* node = take(name);
  if (node == nullptr) return std::nullopt;
  const auto* inner = node->as_table();
  if (inner == nullptr) {
    refuse(name, "expected a table: [" + path_ + std::string{name} + "]");
    return std::nullopt;
  }
  return toml_fields{*inner, path_ + std::string{name} + ".", file_, fault_};
}

void toml_fields::end() {
  for (const auto& [key, node] : table_) {
    if (known_.contains(key.str())) continue;
    std::string names;
    for (const auto& name : known_)
      names += (names.empty() ? "" : ", ") + name;
    refuse(key.str(), "unknown; expected one of " + names);
    return;
  }
}

} // namespace shoal::simulator
