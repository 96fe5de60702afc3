#include "tools/simulator/vdn/sweep.hpp"

#include "tools/simulator/parallel.hpp"

#include <algorithm>
#include <numeric>

namespace shoal::simulator {

namespace {

/// What counts as near the bound.
constexpr double near_bound_ratio = 1.3;

} // namespace

run_summary summary_of(const run_outcome& outcome, std::uint64_t seed, std::size_t requests) {
  const auto times = outcome.times_s();
  std::vector<double> ratios;
  std::vector<double> bounds;
  for (const auto& one : outcome.provisions) {
    if (one.bound_s <= 0) continue;
    ratios.push_back(one.time_s / one.bound_s);
    bounds.push_back(one.bound_s);
  }
  const auto near = std::count_if(ratios.begin(), ratios.end(),
                                  [](double ratio) { return ratio <= near_bound_ratio; });
  const double sum = std::accumulate(times.begin(), times.end(), 0.0);
  return {.seed = seed,
          .requests = requests,
          .skipped = outcome.skipped,
          .p10_s = percentile_of(times, 10),
          .p50_s = percentile_of(times, 50),
          .p90_s = percentile_of(times, 90),
          .p99_s = percentile_of(times, 99),
          .mean_s = times.empty() ? 0 : sum / static_cast<double>(times.size()),
          .bound_p50_s = percentile_of(bounds, 50),
          .bound_p90_s = percentile_of(bounds, 90),
          .bound_ratio_p50 = percentile_of(ratios, 50),
          .bound_ratio_p90 = percentile_of(ratios, 90),
          .bound_ratio_p99 = percentile_of(ratios, 99),
          .within_bound_share =
              ratios.empty() ? 0 : static_cast<double>(near) / static_cast<double>(ratios.size()),
          .bytes = outcome.bytes(),
          .prestaged_bytes = outcome.prestaged_bytes,
          .overhead = outcome.overhead};
}

median_estimate sweep_point::of(double run_summary::*field) const {
  std::vector<double> values;
  for (const auto& one : seeds)
    values.push_back(one.*field);
  return median_interval(values);
}

void simulate(std::span<sweep_point> points, std::span<const std::uint64_t> seeds, unsigned jobs,
              progress& shown) {
  struct work {
    sweep_point* point = nullptr;
    std::size_t seed = 0;
  };
  std::vector<work> order;
  for (auto& point : points) {
    point.seeds.resize(seeds.size());
    for (std::size_t i = 0; i < seeds.size(); ++i)
      order.push_back({&point, i});
  }
  // The longest first, so that no core is left with one at the end.
  std::stable_sort(order.begin(), order.end(), [](const work& a, const work& b) {
    return a.point->run.image_mb > b.point->run.image_mb;
  });
  for_each_in_parallel(order.size(), jobs, shown, [&](std::size_t i) {
    auto run = order[i].point->run;
    run.seed = seeds[order[i].seed];
    const auto load = load_of(run);
    order[i].point->seeds[order[i].seed] =
        summary_of(run_experiment(run, load), run.seed, load.requests.size());
  });
}

} // namespace shoal::simulator
