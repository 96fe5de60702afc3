#include "tools/shoald/quantity.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <limits>
#include <span>

namespace shoal {

namespace {

struct unit {
  std::string_view name;
  double factor;
};

constexpr std::array size_units{
    unit{"", 1},
    unit{"B", 1},
    unit{"KiB", 1024.0},
    unit{"MiB", 1024.0 * 1024},
    unit{"GiB", 1024.0 * 1024 * 1024},
    unit{"TiB", 1024.0 * 1024 * 1024 * 1024},
    unit{"PiB", 1024.0 * 1024 * 1024 * 1024 * 1024},
    unit{"kB", 1e3},
    unit{"KB", 1e3},
    unit{"MB", 1e6},
    unit{"GB", 1e9},
    unit{"TB", 1e12},
    unit{"PB", 1e15},
};

constexpr std::array bit_units{
    unit{"bit", 1.0 / 8},
    unit{"kbit", 1e3 / 8},
    unit{"Mbit", 1e6 / 8},
    unit{"Gbit", 1e9 / 8},
};

constexpr std::array duration_units{
    unit{"", 1e3}, unit{"ms", 1}, unit{"s", 1e3}, unit{"m", 60e3}, unit{"h", 3600e3},
};

/// Larger values would not survive their way through a double.
constexpr double value_max = 9007199254740992.0; // 2^53

error not_understood(std::string_view what, std::string_view text, std::string_view expected) {
  return {errc::invalid_argument, "'" + std::string{text.substr(0, 64)} + "' is not " +
                                      std::string{what} + "; expected " + std::string{expected}};
}

/// The number and its unit's factor multiplied; negative when not understood.
double scaled(std::string_view text, std::span<const unit> units) {
  // from_chars takes `inf`, `nan` and signs, which nobody means here.
  if (text.empty() || text.front() < '0' || text.front() > '9') return -1;
  double number = 0;
  const auto [stop, fault] =
      std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (fault != std::errc{}) return -1;
  auto rest = text.substr(static_cast<std::size_t>(stop - text.data()));
  if (rest.size() > 1 && rest.front() == ' ') rest.remove_prefix(1);
  for (const auto& candidate : units) {
    if (rest != candidate.name) continue;
    const double value = number * candidate.factor;
    // A fraction of a byte is a slip of the pen, unless a unit makes whole bytes of it.
    if (rest.empty() && candidate.factor == 1 && number != std::floor(number)) return -1;
    return value <= value_max ? value : -1;
  }
  return -1;
}

std::string with_unit(double value, std::string_view unit_name) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), value < 99.95 ? "%.1f %s" : "%.0f %s", value,
                std::string{unit_name}.c_str());
  return text.data();
}

} // namespace

result<std::uint64_t> parse_size(std::string_view text) {
  const double value = scaled(text, size_units);
  if (value < 0)
    return not_understood("a size", text,
                          "a number with B, KiB, MiB, GiB, TiB, kB, "
                          "MB, GB or TB, as in 50GiB");
  return static_cast<std::uint64_t>(std::llround(value));
}

result<std::uint64_t> parse_rate(std::string_view text) {
  if (text == "0") return std::uint64_t{0};
  constexpr std::string_view per_second = "/s";
  if (text.ends_with(per_second)) {
    const auto amount = text.substr(0, text.size() - per_second.size());
    double value = scaled(amount, bit_units);
    if (value < 0 && !amount.empty() && (amount.back() == 'B')) value = scaled(amount, size_units);
    if (value >= 0) return static_cast<std::uint64_t>(std::llround(value));
  }
  return not_understood("a rate", text,
                        "0 or a number with kB/s, MB/s, GB/s, MiB/s, Mbit/s or "
                        "Gbit/s, as in 100MB/s");
}

result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const double value = scaled(text, duration_units);
  if (value < 0) {
    return not_understood("a duration", text, "a number with ms, s, m or h, as in 30s");
  }
  return std::chrono::milliseconds{std::llround(value)};
}

std::string format_size(std::uint64_t bytes) {
  constexpr std::array names{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return std::to_string(bytes) + " B";
  double value = static_cast<double>(bytes) / 1024;
  std::size_t index = 0;
  // 1023.5 would be printed as 1024 of the smaller unit.
  while (value >= 1023.5 && index + 1 < names.size()) {
    value /= 1024;
    ++index;
  }
  return with_unit(value, names[index]);
}

std::string format_rate(double bytes_per_second) {
  if (!(bytes_per_second > 0)) return "0 B/s";
  constexpr double most = 1e18;
  return format_size(static_cast<std::uint64_t>(std::fmin(bytes_per_second, most))) + "/s";
}

std::string format_duration(double seconds) {
  if (!(seconds >= 0) || seconds > 1e9) return "-";
  if (seconds < 59.95) return with_unit(seconds, "s");
  const auto whole = static_cast<std::uint64_t>(std::llround(seconds));
  const auto minutes = whole / 60;
  if (minutes < 60) return std::to_string(minutes) + " m " + std::to_string(whole % 60) + " s";
  return std::to_string(minutes / 60) + " h " + std::to_string(minutes % 60) + " m";
}

} // namespace shoal
