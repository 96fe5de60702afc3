// VDN's Tables II to IV, simulated, beside the paper's numbers.
//
// Threads: `simulate_tables` computes on several and answers in a fixed order.
#pragma once

#include "tools/simulator/progress.hpp"
#include "tools/simulator/vdn/experiment.hpp"
#include "tools/simulator/vdn/paper_numbers.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace shoal::simulator {

/// One number of a table, and what the simulation gives for it over the seeds.
struct table_cell {
  paper_cell paper;
  median_estimate simulated;

  /// How often the paper's number the simulated one is.
  [[nodiscard]] double ratio() const { return simulated.median / paper.seconds; }
};

/// Every cell of these tables, in the paper's order. @param settings all but what a cell decides:
/// data centre, image size, scheme and seed.
std::vector<table_cell> simulate_tables(std::span<const std::string> names,
                                        std::span<const std::uint64_t> seeds,
                                        const experiment& settings, unsigned jobs, progress& shown);

/// One object a cell: `table, data_centre, image_mb, scheme, percentile, paper_s, simulated_s,
/// low_s, high_s`. A promise to scripts: fields may be added, never changed.
nlohmann::ordered_json to_json(std::span<const table_cell> cells);
/// The same as lines of comma-separated values with a header.
std::string to_csv(std::span<const table_cell> cells);
/// For people: each table with the paper's number, the simulated one, its interval, the ratio, and
/// the speedups over the baseline, (t_b - t_s) / t_s, of the paper and simulated.
std::string to_text(std::span<const table_cell> cells);

} // namespace shoal::simulator
