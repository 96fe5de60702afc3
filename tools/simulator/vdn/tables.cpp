#include "tools/simulator/vdn/tables.hpp"

#include "tools/simulator/parallel.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <map>
#include <tuple>

namespace shoal::simulator {

namespace {

/// The runs a cell is made of: one a seed.
using case_key = std::tuple<std::string_view, std::uint32_t, std::string_view>;

case_key key_of(const paper_cell& cell) { return {cell.data_centre, cell.image_mb, cell.scheme}; }

/// A run's two percentiles, all that is kept of it.
struct run_percentiles {
  double p50_s = 0;
  double p90_s = 0;
};

run_percentiles percentiles_of(const case_key& key, std::uint64_t seed,
                               const experiment& settings) {
  auto run = settings;
  run.data_centre = std::get<0>(key);
  run.image_mb = std::get<1>(key);
  run.config.scheme = *scheme_of(std::get<2>(key));
  run.seed = seed;
  const auto times = run_experiment(run).times_s();
  return {percentile_of(times, 50), percentile_of(times, 90)};
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, value < 10 ? "%.2f" : value < 1000 ? "%.1f" : "%.0f", value);
  return text;
}

std::string padded(std::string text, std::size_t columns) {
  if (text.size() < columns) text.insert(0, columns - text.size(), ' ');
  return text;
}

const table_cell* baseline_of(std::span<const table_cell> cells, const table_cell& cell) {
  for (const auto& other : cells) {
    const auto& a = other.paper;
    const auto& b = cell.paper;
    if (a.scheme == "baseline" && a.table == b.table && a.data_centre == b.data_centre &&
        a.image_mb == b.image_mb && a.percentile == b.percentile)
      return &other;
  }
  return nullptr;
}

double speedup(double baseline_s, double scheme_s) { return (baseline_s - scheme_s) / scheme_s; }

std::string text_row(std::span<const table_cell> cells, const table_cell& cell) {
  const auto& paper = cell.paper;
  auto row =
      std::string{paper.data_centre} + padded(std::to_string(paper.image_mb), 8) + "  " +
      std::string{paper.scheme} + std::string(9 - paper.scheme.size(), ' ') +
      std::to_string(paper.percentile) + "th" + padded(number(paper.seconds), 9) +
      padded(number(cell.simulated.median), 9) +
      padded("[" + number(cell.simulated.low) + ", " + number(cell.simulated.high) + "]", 19) +
      padded(number(cell.ratio()), 8);
  const auto* base = baseline_of(cells, cell);
  if (base != nullptr && base != &cell) {
    row += padded(number(speedup(base->paper.seconds, paper.seconds)), 9) +
           padded(number(speedup(base->simulated.median, cell.simulated.median)), 9);
  }
  return row + "\n";
}

} // namespace

std::vector<table_cell> simulate_tables(std::span<const std::string> names,
                                        std::span<const std::uint64_t> seeds,
                                        const experiment& settings, unsigned jobs,
                                        progress& shown) {
  std::vector<table_cell> cells;
  std::map<case_key, std::vector<run_percentiles>> runs;
  for (const auto& name : names) {
    for (const auto& cell : paper_table(name)) {
      cells.push_back({cell, {}});
      runs[key_of(cell)].resize(seeds.size());
    }
  }
  struct work {
    case_key key;
    std::size_t seed = 0;
  };
  std::vector<work> order;
  for (const auto& [key, unused] : runs) {
    for (std::size_t seed = 0; seed < seeds.size(); ++seed)
      order.push_back({key, seed});
  }
  // The longest first, so that no core is left with one at the end.
  std::stable_sort(order.begin(), order.end(), [](const work& a, const work& b) {
    return std::get<1>(a.key) > std::get<1>(b.key);
  });
  for_each_in_parallel(order.size(), jobs, shown, [&](std::size_t i) {
    const auto& [key, seed] = order[i];
    runs.at(key)[seed] = percentiles_of(key, seeds[seed], settings);
  });
  for (auto& cell : cells) {
    std::vector<double> values;
    for (const auto& run : runs.at(key_of(cell.paper)))
      values.push_back(cell.paper.percentile == 50 ? run.p50_s : run.p90_s);
    cell.simulated = median_interval(values);
  }
  return cells;
}

nlohmann::ordered_json to_json(std::span<const table_cell> cells) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& cell : cells) {
    list.push_back({{"table", cell.paper.table},
                    {"data_centre", cell.paper.data_centre},
                    {"image_mb", cell.paper.image_mb},
                    {"scheme", cell.paper.scheme},
                    {"percentile", cell.paper.percentile},
                    {"paper_s", cell.paper.seconds},
                    {"simulated_s", cell.simulated.median},
                    {"low_s", cell.simulated.low},
                    {"high_s", cell.simulated.high}});
  }
  return list;
}

std::string to_csv(std::span<const table_cell> cells) {
  std::string out = "table,data_centre,image_mb,scheme,percentile,paper_s,simulated_s,low_s,"
                    "high_s\n";
  for (const auto& object : to_json(cells)) {
    const char* separator = "";
    for (const auto& field : object) {
      out += separator + (field.is_string() ? field.get<std::string>() : field.dump());
      separator = ",";
    }
    out += "\n";
  }
  return out;
}

std::string to_text(std::span<const table_cell> cells) {
  std::string out;
  std::string_view table;
  for (const auto& cell : cells) {
    if (cell.paper.table != table) {
      if (!table.empty()) out += "\n";
      table = cell.paper.table;
      out += "Table " + std::string{table} +
             ": provision time (s), median over the seeds and its 95 % interval\n"
             "      MB  scheme   pct    paper simulated           interval   ratio  speedup: "
             "paper, simulated\n";
    }
    out += text_row(cells, cell);
  }
  return out;
}

} // namespace shoal::simulator
