#include "tools/simulator/scale_figures.hpp"

#include "tools/simulator/svg_plot.hpp"

#include <algorithm>
#include <cstdio>

namespace shoal::simulator {

namespace {

constexpr std::array level_names{"host", "rack", "cluster", "site", "world"};

line_plot empty_plot(std::string title, std::string y_label) {
  return {.title = std::move(title),
          .x = {.label = "hosts", .logarithmic = true},
          .y = {.label = std::move(y_label), .logarithmic = true},
          .series = {}};
}

template <class Value>
void add_curve(line_plot& to, const std::vector<scale_row>& rows, std::string name, Value value,
               bool dashed = false) {
  plot_series series{.name = std::move(name), .points = {}, .dashed = dashed};
  for (const auto& row : rows)
    series.points.push_back({static_cast<double>(row.hosts), static_cast<double>(value(row))});
  to.series.push_back(std::move(series));
}

std::size_t table_bytes(const scale_phase& phase, std::size_t level) {
  return phase.load[level].table_bytes_max;
}

std::size_t largest_table_bytes(const scale_phase& phase) {
  std::size_t largest = 0;
  for (std::size_t level = 0; level < phase.load.size(); ++level)
    largest = std::max(largest, table_bytes(phase, level));
  return largest;
}

std::string messages_plot(const std::vector<scale_row>& rows) {
  auto drawn = empty_plot("Index messages of one host", "messages per host, whole run");
  add_curve(drawn, rows, "popular image",
            [](const auto& row) { return messages_per_host(row, row.outcome.popular); });
  add_curve(drawn, rows, "Zipf mix",
            [](const auto& row) { return messages_per_host(row, row.outcome.mix); });
  drawn.y.from = 1;
  return svg(drawn);
}

std::string time_plot(const std::vector<scale_row>& rows) {
  auto drawn = empty_plot("From the first request to the last host", "simulated time, seconds");
  add_curve(drawn, rows, "popular image", [](const auto& row) { return row.outcome.popular.last_s; });
  add_curve(drawn, rows, "Zipf mix", [](const auto& row) { return row.outcome.mix.last_s; });
  add_curve(
      drawn, rows, "popular: bound", [](const auto& row) { return row.outcome.popular.bound_s; },
      true);
  add_curve(
      drawn, rows, "mix: bound", [](const auto& row) { return row.outcome.mix.bound_s; }, true);
  return svg(drawn);
}

std::string lookup_plot(const std::vector<scale_row>& rows) {
  auto drawn = empty_plot("The slowest lookup", "simulated time, milliseconds");
  add_curve(drawn, rows, "popular image",
            [](const auto& row) { return row.outcome.popular.lookup_max_s * 1000; });
  add_curve(drawn, rows, "Zipf mix",
            [](const auto& row) { return row.outcome.mix.lookup_max_s * 1000; });
  return svg(drawn);
}

std::string tables_plot(const std::vector<scale_row>& rows) {
  auto drawn = empty_plot("The largest table of an index, Zipf mix", "KiB");
  for (std::size_t level = 1; level < level_names.size(); ++level) {
    add_curve(drawn, rows, level_names[level], [level](const auto& row) {
      return static_cast<double>(table_bytes(row.outcome.mix, level)) / 1024;
    });
  }
  drawn.y.from = 0.1;
  return svg(drawn);
}

std::string cost_plot(const std::vector<scale_row>& rows) {
  auto drawn = empty_plot("What simulating both workloads takes", "seconds; MiB");
  add_curve(drawn, rows, "processor, s", [](const auto& row) { return row.cpu_s; });
  add_curve(drawn, rows, "memory, MiB", [](const auto& row) { return row.memory_bytes / (1 << 20); });
  return svg(drawn);
}

} // namespace

double messages_per_host(const scale_row& row, const scale_phase& phase) {
  return static_cast<double>(phase.load[0].messages) / row.hosts;
}

unsigned long long peak(const scale_phase& phase, std::size_t level) {
  return phase.load[level].peak_per_second;
}

std::string scale_csv(const std::vector<scale_row>& rows) {
  std::string text = "hosts,workload,last_s,bound_s,messages_per_host,rack_peak,cluster_peak,"
                     "site_peak,world_peak,table_bytes_max,lookup_max_s,wall_s,cpu_s,memory_bytes\n";
  for (const auto& row : rows) {
    for (const bool popular : {true, false}) {
      const auto& phase = popular ? row.outcome.popular : row.outcome.mix;
      char line[240];
      std::snprintf(line, sizeof line,
                    "%u,%s,%.3f,%.3f,%.2f,%llu,%llu,%llu,%llu,%zu,%.4f,%.2f,%.2f,%.0f\n", row.hosts,
                    popular ? "popular" : "mix", phase.last_s, phase.bound_s,
                    messages_per_host(row, phase), peak(phase, 1), peak(phase, 2), peak(phase, 3),
                    peak(phase, 4),
                    largest_table_bytes(phase), phase.lookup_max_s, row.wall_s, row.cpu_s,
                    row.memory_bytes);
      text += line;
    }
  }
  return text;
}

std::string scale_index_plot(const std::vector<scale_row>& rows) {
  auto drawn = empty_plot("The busiest index of each level", "messages in its worst second");
  for (std::size_t level = 1; level < level_names.size(); ++level) {
    const std::string name = level_names[level];
    add_curve(drawn, rows, name + ", popular",
              [level](const auto& row) { return row.outcome.popular.load[level].peak_per_second; });
  }
  for (std::size_t level = 1; level < level_names.size(); ++level) {
    const std::string name = level_names[level];
    add_curve(
        drawn, rows, name + ", mix",
        [level](const auto& row) { return row.outcome.mix.load[level].peak_per_second; }, true);
  }
  add_curve(drawn, rows, "limit: 10,000/s", [](const auto&) { return 10'000; }, true);
  return svg(drawn);
}

std::vector<figure_file> scale_figures(const std::vector<scale_row>& rows) {
  return {{"scale.csv", scale_csv(rows)},
          {"scale_messages.svg", messages_plot(rows)},
          {"scale_index.svg", scale_index_plot(rows)},
          {"scale_time.svg", time_plot(rows)},
          {"scale_lookup.svg", lookup_plot(rows)},
          {"scale_tables.svg", tables_plot(rows)},
          {"scale_cost.svg", cost_plot(rows)}};
}

} // namespace shoal::simulator
