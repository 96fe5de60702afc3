// VDN's Figures 10 to 13, simulated: numbers as CSV, plots as SVG in the paper's axes.
//
// Threads: `simulate_figure` computes on several and answers in a fixed order.
#pragma once

#include "tools/simulator/progress.hpp"
#include "topology/result.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace shoal::simulator {

/// A file's name and text.
struct figure_file {
  std::string name;
  std::string text;
};

/// One CSV and one plot a panel. @param number 10 to 13.
std::vector<figure_file> simulate_figure(int number, std::span<const std::uint64_t> seeds,
                                         unsigned jobs, progress& shown);

/// Writes the files into the folder, which is made where it is missing.
/// @returns errc::failed or errc::permission naming the file.
result<void> write_figures(const std::string& folder, std::span<const figure_file> files);

} // namespace shoal::simulator
