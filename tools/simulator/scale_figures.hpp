// What `shoal-sim scale` measured, as CSV and as plots of how each figure grows with the hosts.
//
// Threads: pure functions over values.
#pragma once

#include "tools/simulator/scale.hpp"
#include "tools/simulator/vdn/figures.hpp"

#include <string>
#include <vector>

namespace shoal::simulator {

/// One size of network.
struct scale_row {
  std::uint32_t hosts = 0;
  scale_outcome outcome;
  /// What simulating it took: on the clock, and of processor time.
  double wall_s = 0, cpu_s = 0;
  /// The most memory that the program had until then.
  double memory_bytes = 0;
};

/// Index messages of one host, received and sent together.
double messages_per_host(const scale_row& row, const scale_phase& phase);

/// Messages in the busiest second of any index of that level (topology::level_index).
unsigned long long peak(const scale_phase& phase, std::size_t level);

/// One line a size and workload, with a header.
std::string scale_csv(const std::vector<scale_row>& rows);

/// The busiest second of the busiest index of each level.
std::string scale_index_plot(const std::vector<scale_row>& rows);

/// scale.csv and one plot a quantity.
std::vector<figure_file> scale_figures(const std::vector<scale_row>& rows);

} // namespace shoal::simulator
