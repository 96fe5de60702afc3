#include "tools/simulator/csv_fields.hpp"

#include "tools/simulator/printable.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <istream>

namespace shoal::simulator {

namespace {

/// As much of a text as an error message has room for.
std::string shown(std::string_view text) {
  constexpr std::size_t room = 40;
  return "'" + printable(text.substr(0, room), false) + (text.size() > room ? "...'" : "'");
}

} // namespace

bool csv_lines::next() {
  fields_.clear();
  while (!ended_) {
    ++number_;
    from_.getline(room_.data(), static_cast<std::streamsize>(room_.size()));
    ended_ = !from_.good();
    if (from_.bad()) return end_with(errc::failed, "it could not be read");
    const auto read = static_cast<std::size_t>(from_.gcount());
    if (from_.fail() && !from_.eof())
      return end_with(errc::invalid_argument, "expected at most 65536 bytes");
    line_.assign(room_.data(), ended_ || read == 0 ? read : read - 1);
    if (!line_.empty() && line_.back() == '\r') line_.pop_back();
    if (line_.empty() || line_.front() == '#') continue;
    std::string_view left = line_;
    for (auto comma = left.find(','); comma != left.npos; comma = left.find(',')) {
      fields_.push_back(left.substr(0, comma));
      left.remove_prefix(comma + 1);
    }
    fields_.push_back(left);
    return true;
  }
  line_.clear();
  return false;
}

bool csv_lines::end_with(errc code, const std::string& why) {
  fault_ = {code, source_ + ": line " + std::to_string(number_) + ": " + why};
  line_.clear();
  return false;
}

error csv_lines::wrong(std::string_view field, std::string_view expected) const {
  return refusal(field, expected,
                 line_.empty() ? std::string{"the end of the file"} : shown(line_));
}

error csv_lines::wrong(std::size_t index, std::string_view field, std::string_view expected) const {
  return refusal(field, expected, shown(fields_.at(index)));
}

error csv_lines::refusal(std::string_view field, std::string_view expected,
                         const std::string& found) const {
  if (fault_) return *fault_;
  return {errc::invalid_argument, source_ + ": line " + std::to_string(number_) + ": " +
                                      std::string{field} + ": expected " + std::string{expected} +
                                      "; found " + found};
}

result<std::uint64_t> csv_lines::whole(std::size_t index, std::string_view field,
                                       std::uint64_t max) const {
  const auto text = fields_.at(index);
  std::uint64_t value = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, fault] = std::from_chars(text.data(), end, value);
  if (fault != std::errc{} || rest != end || value > max)
    return wrong(index, field, "a whole number from 0 to " + std::to_string(max));
  return value;
}

result<double> csv_lines::positive(std::size_t index, std::string_view field) const {
  const auto text = fields_.at(index);
  double value = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, fault] = std::from_chars(text.data(), end, value);
  if (fault != std::errc{} || rest != end || !std::isfinite(value) || value < 0)
    return wrong(index, field, "a finite number, 0 or more");
  return value;
}

std::string shortest(double value) {
  std::array<char, 64> room{};
  const auto [end, fault] = std::to_chars(room.data(), room.data() + room.size(), value);
  return fault == std::errc{} ? std::string(room.data(), end) : std::string{"nan"};
}

} // namespace shoal::simulator
