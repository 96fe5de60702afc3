// Lines of comma-separated fields without quotes, read one at a time, and errors that name the
// source, the line and the field.
//
// Threads: one owner. Errors: values; a line longer than `line_bytes_max` is refused, so that a
// file that is no text cannot fill the memory.
#pragma once

#include "topology/result.hpp"

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace shoal::simulator {

/// Reads lines and splits them.
class csv_lines {
public:
  static constexpr std::size_t line_bytes_max = 65'536;

  /// `from` outlives the reader; `source` is copied.
  csv_lines(std::istream& from, std::string_view source) : from_{from}, source_{source} {}

  /// Goes to the next line that is neither empty nor begins with #; a carriage return at its end is
  /// dropped. @returns false at the end and after a fault.
  bool next();
  /// Of the current line; valid until `next`.
  [[nodiscard]] const std::vector<std::string_view>& fields() const { return fields_; }
  [[nodiscard]] std::string_view line() const { return line_; }
  /// From 1, counting every line.
  [[nodiscard]] std::uint64_t number() const { return number_; }
  /// Why `next` stopped before the end.
  [[nodiscard]] std::optional<error> fault() const { return fault_; }

  /// errc::invalid_argument about the current line (or the fault that ended reading). Whatever bytes
  /// it shows are printable.
  [[nodiscard]] error wrong(std::string_view field, std::string_view expected) const;
  /// The same about field `index`. @pre the line has that field.
  [[nodiscard]] error wrong(std::size_t index, std::string_view field,
                            std::string_view expected) const;
  /// A whole number from 0 to `max` in field `index`. @pre the line has that field.
  [[nodiscard]] result<std::uint64_t> whole(std::size_t index, std::string_view field,
                                            std::uint64_t max) const;
  /// A finite number, 0 or more.
  [[nodiscard]] result<double> positive(std::size_t index, std::string_view field) const;

private:
  bool end_with(errc code, const std::string& why);
  [[nodiscard]] error refusal(std::string_view field, std::string_view expected,
                              const std::string& found) const;

  std::istream& from_;
  std::string source_;
  std::vector<char> room_ = std::vector<char>(line_bytes_max + 1);
  std::string line_;
  std::vector<std::string_view> fields_;
  std::uint64_t number_ = 0;
  bool ended_ = false;
  std::optional<error> fault_;
};

/// The shortest text that reads as the same number.
std::string shortest(double value);

} // namespace shoal::simulator
