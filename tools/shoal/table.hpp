// Aligned text: lists with a header, and single things as `name  value` lines.
//
// Threads: values. Errors: none.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace shoal::cli {

enum class alignment : std::uint8_t { left, right };

struct column {
  std::string name;
  alignment align = alignment::left;
};

/// A list with a header line. Cells are made printable; the last column is never padded.
class table {
public:
  explicit table(std::vector<column> columns) : columns_{std::move(columns)} {}

  /// @pre as many cells as columns.
  void add(std::vector<std::string> cells);
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  /// The whole text; the header is bold when stdout takes colours.
  [[nodiscard]] std::string text() const;

private:
  [[nodiscard]] std::string line(const std::vector<std::string>& cells,
                                 const std::vector<std::size_t>& widths) const;

  std::vector<column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// One thing, a line a field, values aligned.
std::string sheet(const std::vector<std::pair<std::string, std::string>>& fields);

/// How many columns of a terminal UTF-8 text takes, wide characters aside.
std::size_t display_width(const std::string& text);

} // namespace shoal::cli
