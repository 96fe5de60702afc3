#include "tools/simulator/vdn/figures.hpp"

#include "tools/simulator/svg_plot.hpp"
#include "tools/simulator/vdn/sweep.hpp"
#include "topology/assert.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <numeric>

namespace shoal::simulator {

namespace {

constexpr std::array data_centres{"S1", "S2", "S3", "S4", "S5", "S6"};
constexpr std::array<const char*, 2> example_data_centres{"S1", "S6"};
constexpr std::array<scheme, 3> time_schemes{scheme::baseline, scheme::local, scheme::topo};

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

std::string fields(const median_estimate& one) {
  return number(one.median) + "," + number(one.low) + "," + number(one.high);
}

std::string time_fields(const sweep_point& point) {
  return fields(point.of(&run_summary::p50_s)) + "," + fields(point.of(&run_summary::p90_s));
}

constexpr const char* time_header = "p50_s,p50_low_s,p50_high_s,p90_s,p90_low_s,p90_high_s";

/// Figure 10: provision time by image size, a panel a data centre; the 90th as black lines.
std::vector<figure_file> sizes(std::span<const std::uint64_t> seeds, unsigned jobs,
                               progress& shown) {
  constexpr std::array<std::uint32_t, 3> image_sizes_mb{128, 512, 4096};
  std::vector<sweep_point> points;
  for (const auto* data_centre : example_data_centres) {
    for (const auto which : time_schemes) {
      for (const auto size : image_sizes_mb)
        points.push_back(
            {{.data_centre = data_centre, .image_mb = size, .config = {.scheme = which}}, {}});
    }
  }
  simulate(points, seeds, jobs, shown);
  std::string csv = std::string{"data_centre,scheme,image_mb,"} + time_header + "\n";
  std::vector<figure_file> files;
  std::size_t next = 0;
  for (const auto* data_centre : example_data_centres) {
    bar_plot plot{.title = std::string{"Fig 10: "} + data_centre,
                  .categories = {"128 MB", "512 MB", "4 GB"},
                  .y = {.label = "provision time (s)", .logarithmic = true},
                  .mark_name = "90th percentile"};
    for (const auto which : time_schemes) {
      bar_series series{.name = std::string{to_string(which)} + ", median"};
      for (const auto size : image_sizes_mb) {
        const auto& point = points[next++];
        series.values.push_back(point.of(&run_summary::p50_s).median);
        series.marks.push_back(point.of(&run_summary::p90_s).median);
        csv += std::string{data_centre} + "," + std::string{to_string(which)} + "," +
               std::to_string(size) + "," + time_fields(point) + "\n";
      }
      plot.series.push_back(std::move(series));
    }
    files.push_back({std::string{"figure-10-"} + data_centre + ".svg", svg(plot)});
  }
  files.push_back({"figure-10.csv", std::move(csv)});
  return files;
}

double mean_of(const sweep_point& point, double (*value)(const index_overhead&)) {
  double sum = 0;
  for (const auto& one : point.seeds)
    sum += value(one.overhead);
  return sum / static_cast<double>(point.seeds.size());
}

/// What Figure 11 counts, for messages and for their cost; lookups and publishes apart too.
struct overhead_measure {
  const char* name;
  const char* label;
  double (*value)(const index_overhead&);
};

constexpr std::array<overhead_measure, 6> overhead_measures{{
    {"messages", "messages a month",
     [](const index_overhead& of) {
       return static_cast<double>(of.lookup_messages + of.publish_messages);
     }},
    {"cost", "communication cost a month",
     [](const index_overhead& of) { return of.lookup_cost + of.publish_cost; }},
    {"lookup-messages", "lookup messages a month",
     [](const index_overhead& of) { return static_cast<double>(of.lookup_messages); }},
    {"publish-messages", "publish messages a month",
     [](const index_overhead& of) { return static_cast<double>(of.publish_messages); }},
    {"lookup-cost", "cost of lookups a month",
     [](const index_overhead& of) { return of.lookup_cost; }},
    {"publish-cost", "cost of publishing a month",
     [](const index_overhead& of) { return of.publish_cost; }},
}};

/// Figure 11: messages and their cost, a group a data centre.
std::vector<figure_file> overheads(std::span<const std::uint64_t> seeds, unsigned jobs,
                                   progress& shown) {
  constexpr std::array<scheme, 3> schemes{scheme::topo, scheme::flat, scheme::naive};
  std::vector<sweep_point> points;
  for (const auto which : schemes) {
    for (const auto* data_centre : data_centres)
      points.push_back({{.data_centre = data_centre, .config = {.scheme = which}}, {}});
  }
  simulate(points, seeds, jobs, shown);
  std::string csv = "scheme,data_centre";
  for (const auto& measure : overhead_measures)
    csv += std::string{","} + measure.name;
  csv += "\n";
  for (const auto& point : points) {
    csv += std::string{to_string(point.run.config.scheme)} + "," + point.run.data_centre;
    for (const auto& measure : overhead_measures)
      csv += "," + number(mean_of(point, measure.value));
    csv += "\n";
  }
  std::vector<figure_file> files{{"figure-11.csv", std::move(csv)}};
  for (const auto& measure : overhead_measures) {
    bar_plot plot{.title = std::string{"Fig 11: "} + measure.label + ", 512 MB images",
                  .categories = {data_centres.begin(), data_centres.end()},
                  .y = {.label = measure.label, .logarithmic = true}};
    for (std::size_t i = 0; i < schemes.size(); ++i) {
      bar_series series{.name = std::string{to_string(schemes[i])}};
      for (std::size_t j = 0; j < data_centres.size(); ++j)
        series.values.push_back(mean_of(points[i * data_centres.size() + j], measure.value));
      plot.series.push_back(std::move(series));
    }
    files.push_back({std::string{"figure-11-"} + measure.name + ".svg", svg(plot)});
  }
  return files;
}

/// Figure 12: 4 GB images under growing load, with all links and with a fifth of them.
std::vector<figure_file> loads(std::span<const std::uint64_t> seeds, unsigned jobs,
                               progress& shown) {
  constexpr std::array<double, 4> load_factors{1, 2, 4, 8};
  constexpr std::array<double, 2> bandwidths{1, 0.2};
  std::vector<sweep_point> points;
  for (const auto* data_centre : example_data_centres) {
    for (const double bandwidth : bandwidths) {
      for (const auto which : time_schemes) {
        for (const double load : load_factors)
          points.push_back({{.data_centre = data_centre,
                             .image_mb = 4096,
                             .config = {.scheme = which},
                             .load_factor = load,
                             .bandwidth_factor = bandwidth},
                            {}});
      }
    }
  }
  simulate(points, seeds, jobs, shown);
  std::string csv =
      std::string{"data_centre,bandwidth_factor,scheme,load_factor,"} + time_header + "\n";
  std::vector<figure_file> files;
  for (std::size_t at = 0; at < points.size();) {
    const auto& first = points[at].run;
    const bool low = first.bandwidth_factor < 1;
    const auto panel = first.data_centre + (low ? "-lowBW" : "");
    line_plot median{.title = "Fig 12: " + panel + ", 4 GB, median",
                     .x = {.label = "load (times the trace's)"},
                     .y = {.label = "provision time (s)", .logarithmic = true}};
    auto ninetieth = median;
    ninetieth.title = "Fig 12: " + panel + ", 4 GB, 90th percentile";
    for (const auto which : time_schemes) {
      plot_series p50{.name = std::string{to_string(which)}};
      auto p90 = p50;
      for (const double load : load_factors) {
        const auto& point = points[at++];
        p50.points.push_back({load, point.of(&run_summary::p50_s).median});
        p90.points.push_back({load, point.of(&run_summary::p90_s).median});
        csv += first.data_centre + "," + number(point.run.bandwidth_factor) + "," + p50.name + "," +
               number(load) + "," + time_fields(point) + "\n";
      }
      median.series.push_back(std::move(p50));
      ninetieth.series.push_back(std::move(p90));
    }
    files.push_back({"figure-12-" + panel + "-50th.svg", svg(median)});
    files.push_back({"figure-12-" + panel + "-90th.svg", svg(ninetieth)});
  }
  files.push_back({"figure-12.csv", std::move(csv)});
  return files;
}

/// Figure 13: placements and caches at S6.
std::vector<figure_file> designs(std::span<const std::uint64_t> seeds, unsigned jobs,
                                 progress& shown) {
  struct cache_choice {
    const char* name;
    swarm::cache_policy_kind kind;
    double images;
  };
  using kind = swarm::cache_policy_kind;
  constexpr std::array<cache_choice, 4> caches{{{"live", kind::live, 0},
                                                {"1x", kind::fifo, 1},
                                                {"2x", kind::fifo, 2},
                                                {"4x", kind::fifo, 4}}};
  using placement = topology::placement_strategy;
  constexpr std::array<placement, 3> placements{placement::random, placement::min_loaded,
                                                placement::shoal_friendly};
  std::vector<sweep_point> points;
  for (const auto where : placements) {
    for (const auto& cache : caches)
      points.push_back(
          {{.config = {.placement = where, .cache = cache.kind, .cache_images = cache.images}},
           {}});
  }
  simulate(points, seeds, jobs, shown);
  std::string csv = std::string{"placement,cache,"} + time_header + "\n";
  bar_plot plot{.title = "Fig 13: S6, 512 MB, median",
                .categories = {"live", "1x", "2x", "4x"},
                .y = {.label = "provision time (s)"},
                .mark_name = "90th percentile"};
  for (std::size_t i = 0; i < placements.size(); ++i) {
    bar_series series{.name = std::string{topology::to_string(placements[i])}};
    for (std::size_t j = 0; j < caches.size(); ++j) {
      const auto& point = points[i * caches.size() + j];
      series.values.push_back(point.of(&run_summary::p50_s).median);
      series.marks.push_back(point.of(&run_summary::p90_s).median);
      csv += series.name + "," + caches[j].name + "," + time_fields(point) + "\n";
    }
    plot.series.push_back(std::move(series));
  }
  return {{"figure-13.svg", svg(plot)}, {"figure-13.csv", std::move(csv)}};
}

} // namespace

std::vector<figure_file> simulate_figure(int number, std::span<const std::uint64_t> seeds,
                                         unsigned jobs, progress& shown) {
  switch (number) {
  case 10: return sizes(seeds, jobs, shown);
  case 11: return overheads(seeds, jobs, shown);
  case 12: return loads(seeds, jobs, shown);
  case 13: return designs(seeds, jobs, shown);
  }
  SHOAL_ASSERT(false);
  return {};
}

result<void> write_figures(const std::string& folder, std::span<const figure_file> files) {
  std::error_code fault;
  std::filesystem::create_directories(folder, fault);
  if (fault) {
    return error{errc::failed, "cannot make the folder " + folder + ": " + fault.message()};
  }
  for (const auto& file : files) {
    const auto path = folder + "/" + file.name;
    std::ofstream out{path, std::ios::binary};
    out << file.text;
    out.close();
    if (!out) {
      const int code = errno;
      return error{code == EACCES ? errc::permission : errc::failed,
                   "cannot write " + path + ": " + std::strerror(code)};
    }
  }
  return {};
}

} // namespace shoal::simulator
