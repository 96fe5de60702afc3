// Sizes, rates and durations as people write and read them: `50GiB`, `100MB/s`, `10m`.
//
// Threads: values. Errors: errc::invalid_argument, naming the text and what was expected.
#pragma once

#include "topology/result.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace shoal {

/// Bytes. A number with B, KiB, MiB, GiB, TiB, PiB (1024) or kB, KB, MB, GB, TB, PB (1000), or with
/// no unit; fractions are allowed with one (`1.5GiB`). A space before the unit is allowed.
result<std::uint64_t> parse_size(std::string_view text);

/// Bytes per second. A size and `/s` (`100MB/s`), or bits: `bit/s`, `kbit/s`, `Mbit/s`, `Gbit/s`
/// (1000). Zero needs no unit.
result<std::uint64_t> parse_rate(std::string_view text);

/// A number with ms, s, m or h; without a unit, seconds.
result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// `4.2 GiB`, `17 B`: at most four significant digits.
std::string format_size(std::uint64_t bytes);

/// `98.1 MiB/s`.
std::string format_rate(double bytes_per_second);

/// `0.4 s`, `12.3 s`, `4 m 10 s`, `2 h 5 m`.
std::string format_duration(double seconds);

} // namespace shoal
