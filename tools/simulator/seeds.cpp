#include "tools/simulator/seeds.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

namespace shoal::simulator {

namespace {

constexpr std::size_t seeds_max = 10'000;

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, fault] = std::from_chars(text.data(), end, value);
  if (fault != std::errc{} || rest != end) return std::nullopt;
  return value;
}

error malformed(std::string_view text) {
  return {errc::invalid_argument, "seeds '" + std::string{text} +
                                      "': expected numbers and ranges, as 1..20 or 1..8,20 (at "
                                      "most 10000 seeds)"};
}

} // namespace

result<std::vector<std::uint64_t>> parse_seeds(std::string_view text) {
  std::vector<std::uint64_t> seeds;
  std::string_view left = text;
  for (bool more = true; more;) {
    const auto comma = left.find(',');
    const auto part = left.substr(0, comma);
    more = comma != std::string_view::npos;
    left = more ? left.substr(comma + 1) : std::string_view{};
    const auto dots = part.find("..");
    const auto first = number_of(part.substr(0, dots));
    const auto last = dots == std::string_view::npos ? first : number_of(part.substr(dots + 2));
    if (!first || !last || *last < *first || *last - *first >= seeds_max) return malformed(text);
    for (auto seed = *first;; ++seed) {
      if (std::find(seeds.begin(), seeds.end(), seed) == seeds.end()) seeds.push_back(seed);
      if (seed == *last) break;
    }
    if (seeds.size() > seeds_max) return malformed(text);
  }
  return seeds;
}

} // namespace shoal::simulator
