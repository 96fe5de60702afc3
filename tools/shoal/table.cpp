#include "tools/shoal/table.hpp"

#include "tools/terminal/text.hpp"
#include "topology/assert.hpp"

#include <algorithm>
#include <unistd.h>

namespace shoal::cli {

using terminal::printable;
using terminal::styled;

namespace {

constexpr const char* gap = "  ";
constexpr const char* bold = "1";

std::string padded(const std::string& text, std::size_t width, alignment align, bool last) {
  const auto taken = display_width(text);
  const std::string space(width > taken ? width - taken : 0, ' ');
  if (align == alignment::right) return space + text;
  return last ? text : text + space;
}

} // namespace

std::size_t display_width(const std::string& text) {
  std::size_t width = 0;
  for (const char c : text) {
    // Continuation bytes of UTF-8 take no column of their own.
    if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) ++width;
  }
  return width;
}

void table::add(std::vector<std::string> cells) {
  SHOAL_ASSERT(cells.size() == columns_.size());
  for (auto& cell : cells)
    cell = cell.empty() ? "-" : printable(cell);
  rows_.push_back(std::move(cells));
}

std::string table::line(const std::vector<std::string>& cells,
                        const std::vector<std::size_t>& widths) const {
  std::string out;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) out += gap;
    out += padded(cells[i], widths[i], columns_[i].align, i + 1 == cells.size());
  }
  return out;
}

std::string table::text() const {
  std::vector<std::size_t> widths;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    auto width = display_width(columns_[i].name);
    for (const auto& row : rows_)
      width = std::max(width, display_width(row[i]));
    widths.push_back(width);
    names.push_back(columns_[i].name);
  }
  std::string out = styled(line(names, widths), bold, STDOUT_FILENO) + "\n";
  for (const auto& row : rows_)
    out += line(row, widths) + "\n";
  return out;
}

std::string sheet(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::size_t width = 0;
  for (const auto& [name, value] : fields)
    width = std::max(width, display_width(name));
  std::string out;
  for (const auto& [name, value] : fields) {
    out += padded(name, width, alignment::left, false) + gap +
           (value.empty() ? "-" : printable(value)) + "\n";
  }
  return out;
}

} // namespace shoal::cli
