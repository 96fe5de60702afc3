// What an operator set of the cache, as a file.
#include "swarm/store/store_cache.hpp"

#include <charconv>

namespace shoal::swarm {

namespace {

constexpr std::string_view first_line = "shoal cache 1";
constexpr std::string_view last_line = "end";
constexpr std::string_view quota_label = "quota_bytes ";
constexpr std::string_view policy_label = "policy ";

error corrupt(std::string_view what) { return {errc::corrupt, "cache: " + std::string{what}}; }

result<void> read_setting(std::string_view line, cache_override& into) {
  if (line.starts_with(policy_label)) {
    const auto kind = parse_cache_policy(line.substr(policy_label.size()));
    if (!kind) return corrupt(kind.error().message);
    into.policy = *kind;
    return {};
  }
  if (!line.starts_with(quota_label)) return corrupt("an unknown setting");
  const auto digits = line.substr(quota_label.size());
  std::uint64_t bytes = 0;
  const auto [stop, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), bytes);
  if (fault != std::errc{} || stop != digits.data() + digits.size()) {
    return corrupt("a quota that is no number");
  }
  into.quota_bytes = bytes;
  return {};
}

} // namespace

std::string encode_cache_override(const cache_override& set) {
  std::string text{first_line};
  text += '\n';
  if (set.quota_bytes) text += std::string{quota_label} + std::to_string(*set.quota_bytes) + '\n';
  if (set.policy) text += std::string{policy_label} + std::string{to_string(*set.policy)} + '\n';
  return text + std::string{last_line} + '\n';
}

result<cache_override> decode_cache_override(std::string_view text) {
  cache_override set;
  bool is_first = true;
  while (!text.empty()) {
    const auto end = text.find('\n');
    if (end == std::string_view::npos) return corrupt("the last line is not ended");
    const auto line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (std::exchange(is_first, false)) {
      if (line != first_line) return corrupt("it does not begin with shoal cache 1");
    } else if (line == last_line) {
      if (!text.empty()) return corrupt("something follows the end");
      return set;
    } else if (auto read = read_setting(line, set); !read) {
      return read.error();
    }
  }
  return corrupt("it does not end with a line that says so");
}

} // namespace shoal::swarm
