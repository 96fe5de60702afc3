#include "tools/simulator/trace_statistics.hpp"

#include "tools/simulator/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace shoal::simulator {

namespace {

double quantile_or_zero(const std::vector<double>& sample, double p) {
  return sample.empty() ? 0 : quantile(sample, p);
}

/// Image numbers, most used first.
std::vector<std::uint32_t> by_popularity(const std::vector<std::uint32_t>& counts) {
  std::vector<std::uint32_t> order(counts.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, [&](auto a, auto b) { return counts[a] > counts[b]; });
  return order;
}

double median_gap(const trace& of, std::uint32_t image) {
  std::vector<double> gaps;
  double before = -1;
  for (const auto& one : of.requests) {
    if (one.image != image) continue;
    if (before >= 0) gaps.push_back(one.time_seconds - before);
    before = one.time_seconds;
  }
  return quantile_or_zero(gaps, 0.5);
}

std::vector<live_sample> sample_hourly(const trace& of) {
  // By time: an instance begins or ends.
  struct change {
    double at;
    std::uint32_t image;
    int by;
  };
  std::vector<change> changes;
  for (const auto& one : of.requests) {
    changes.push_back({one.time_seconds, one.image, 1});
    changes.push_back({one.time_seconds + one.lifetime_seconds, one.image, -1});
  }
  std::ranges::stable_sort(changes, {}, &change::at);
  std::vector<int> live(of.images, 0);
  std::vector<live_sample> samples;
  live_sample now;
  std::size_t next = 0;
  for (double hour = 3'600; hour <= of.duration_seconds; hour += 3'600) {
    for (; next < changes.size() && changes[next].at <= hour; ++next) {
      auto& of_image = live[changes[next].image];
      now.images -= of_image > 0;
      of_image += changes[next].by;
      now.images += of_image > 0;
      now.instances += static_cast<std::uint32_t>(changes[next].by);
    }
    now.time_seconds = hour;
    samples.push_back(now);
  }
  return samples;
}

/// Lifetimes of all, of the fifths of the images most and least used.
void add_lifetimes(const trace& of, const std::vector<std::uint32_t>& order, trace_statistics& to) {
  std::vector<std::size_t> rank(of.images);
  for (std::size_t i = 0; i < order.size(); ++i)
    rank[order[i]] = i;
  std::vector<double> all, popular, unpopular;
  for (const auto& one : of.requests) {
    all.push_back(one.lifetime_seconds);
    if (rank[one.image] * 5 < of.images) popular.push_back(one.lifetime_seconds);
    if (rank[one.image] * 5 >= std::size_t{4} * of.images)
      unpopular.push_back(one.lifetime_seconds);
  }
  if (all.empty()) return;
  to.lifetime_median_seconds = quantile(all, 0.5);
  to.lifetime_90th_seconds = quantile(all, 0.9);
  to.below_13_minutes_share =
      static_cast<double>(std::ranges::count_if(all, [](double t) { return t < 780; })) /
      static_cast<double>(all.size());
  to.popular_lifetime_median_seconds = quantile_or_zero(popular, 0.5);
  to.unpopular_lifetime_median_seconds = quantile_or_zero(unpopular, 0.5);
}

} // namespace

std::uint32_t trace_statistics::live_instances_max() const {
  std::uint32_t most = 0;
  for (const auto& sample : live)
    most = std::max(most, sample.instances);
  return most;
}

double trace_statistics::live_ratio_max() const {
  double most = 0;
  for (const auto& sample : live)
    if (sample.images > 0) most = std::max(most, 1.0 * sample.instances / sample.images);
  return most;
}

trace_statistics statistics_of(const trace& of) {
  trace_statistics counted;
  counted.requests = of.requests.size();
  if (of.requests.empty() || of.images == 0) return counted;
  counted.requests_per_day =
      static_cast<double>(counted.requests) / std::max(of.duration_seconds, 1.0) * 86'400;
  std::vector<std::uint32_t> counts(of.images, 0);
  for (const auto& one : of.requests)
    ++counts[one.image];
  const auto order = by_popularity(counts);
  counted.images_used = of.images - static_cast<std::uint32_t>(std::ranges::count(counts, 0u));
  const auto tenth = static_cast<std::size_t>(std::ceil(0.1 * of.images));
  std::uint64_t popular = 0;
  for (std::size_t i = 0; i < tenth; ++i)
    popular += counts[order[i]];
  counted.popular_tenth_share =
      static_cast<double>(popular) / static_cast<double>(counted.requests);
  const auto from_top = static_cast<std::size_t>(std::round(0.02 * (of.images - 1)));
  counted.arrival_gap_98th_seconds = median_gap(of, order[from_top]);
  add_lifetimes(of, order, counted);
  counted.live = sample_hourly(of);
  return counted;
}

} // namespace shoal::simulator
