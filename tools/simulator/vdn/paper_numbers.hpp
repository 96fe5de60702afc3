// What VDN's authors measured (INFOCOM 2012, Tables II to IV; PAPERS V29-V31).
//
// Threads: constants.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace shoal::simulator {

/// One number of a table.
struct paper_cell {
  std::string_view table;
  std::string_view data_centre;
  std::uint32_t image_mb = 0;
  /// `baseline`, `local` or `topo` (the paper's "VDN").
  std::string_view scheme;
  /// 50 or 90.
  std::uint32_t percentile = 0;
  double seconds = 0;
};

/// All cells of `II`, `III` or `IV`, in the paper's order; none for another name.
std::span<const paper_cell> paper_table(std::string_view name);

} // namespace shoal::simulator
