#include "swarm/store/pin_record.hpp"

#include <algorithm>
#include <charconv>
#include <span>

namespace shoal::swarm {

namespace {

constexpr std::string_view first_line = "shoal pins 1\n";
constexpr std::string_view checksum_label = "sha256 ";
constexpr std::size_t owner_bytes_max = 256;
constexpr std::size_t hex_digits = 64;

std::string checksum_line(std::string_view text, sha256_function sha256) {
  const pack_id sum{sha256(std::as_bytes(std::span{text}))};
  return std::string{checksum_label} + sum.hex() + '\n';
}

error corrupt(std::string_view what) { return {errc::corrupt, "pins: " + std::string{what}}; }

} // namespace

bool valid_pin_owner(std::string_view owner) {
  return !owner.empty() && owner.size() <= owner_bytes_max &&
         std::ranges::none_of(owner, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

std::string encode_pins(const pin_counts& pins, sha256_function sha256) {
  std::string text{first_line};
  for (const auto& [owner, count] : pins) text += std::to_string(count) + ' ' + owner + '\n';
  return text + checksum_line(text, sha256);
}

result<pin_counts> decode_pins(std::string_view text, sha256_function sha256) {
  const auto checksum_length = checksum_label.size() + hex_digits + 1;
  if (text.size() < first_line.size() + checksum_length) return corrupt("too short");
  auto rest = text.substr(0, text.size() - checksum_length);
  if (checksum_line(rest, sha256) != text.substr(rest.size())) {
    return corrupt("the checksum does not fit");
  }
  if (!rest.starts_with(first_line)) return corrupt("it does not begin with shoal pins 1");
  rest.remove_prefix(first_line.size());
  pin_counts pins;
  while (!rest.empty()) {
    const auto end = rest.find('\n');
    if (end == std::string_view::npos) return corrupt("the last line is not ended");
    const auto line = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    std::uint32_t count = 0;
    const auto [stop, fault] = std::from_chars(line.data(), line.data() + line.size(), count);
    const auto digits = static_cast<std::size_t>(stop - line.data());
    if (fault != std::errc{} || count == 0 || digits >= line.size() || line[digits] != ' ') {
      return corrupt("a line does not begin with a number");
    }
    const auto owner = line.substr(digits + 1);
    if (!valid_pin_owner(owner)) return corrupt("an owner with control characters");
    if (!pins.emplace(owner, count).second) return corrupt("an owner listed twice");
  }
  return pins;
}

} // namespace shoal::swarm
