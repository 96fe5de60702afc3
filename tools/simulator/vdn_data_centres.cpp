// The constants behind `vdn_data_centres`; README says where each came from.
#include "tools/simulator/workload.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

namespace shoal::simulator {

namespace {

constexpr double minute = 60, hour = 3'600, day = 86'400;

/// Lifetimes through the published quantiles (VDN Figure 3 and §II-B's medians and 90th
/// percentiles); nothing lives less than a minute or outlives the four months.
std::vector<lifetime_knot> lifetimes_through(std::vector<lifetime_knot> published) {
  published.insert(published.begin(), {0, minute});
  published.push_back({1, 124 * day});
  return published;
}

const std::array<traffic, 6>& table() {
  static const std::array<traffic, 6> made{{
      {.data_centre = "S1",
       .images = 125,
       .requests_per_day = 70.7,
       .single_share = 0.35,
       .campaign_size = {1.71, 1, 424},
       .gap_seconds = {0.50, 11.3, 266},
       .same_image_share = 0.828,
       .band_share = 0.072,
       .burst_popularity = 0.31,
       .popularity_exponent = 1.548,
       .scheduled_share = 0.342,
       .lifetimes = lifetimes_through({{.50, 8 * minute}, {.62, 13 * minute}, {.90, 10 * day}})},
      {.data_centre = "S2",
       .images = 107,
       .requests_per_day = 43.6,
       .single_share = 0.60,
       .campaign_size = {0.91, 1, 64},
       .gap_seconds = {0.60, 11.1, 83'930},
       .same_image_share = 0.918,
       .band_share = 0.710,
       .burst_popularity = 0.85,
       .popularity_exponent = 1.633,
       .scheduled_share = 0.728,
       .lifetimes = lifetimes_through({{.50, 10 * minute}, {.62, 13 * minute}, {.90, 5 * day}})},
      {.data_centre = "S3",
       .images = 213,
       .requests_per_day = 142.7,
       .single_share = 0,
       .campaign_size = {1.32, 1, 59},
       .gap_seconds = {0.389, 1.22, 63.9},
       .same_image_share = 1,
       .band_share = 1,
       .burst_popularity = 0.053,
       .popularity_exponent = 1.361,
       .scheduled_share = 0,
       .lifetimes = lifetimes_through({{.37, 13 * minute}, {.50, 90 * minute}, {.90, 14 * day}})},
      {.data_centre = "S4",
       .images = 200,
       .requests_per_day = 114.1,
       .single_share = 0.833,
       .campaign_size = {0.481, 1, 77.8},
       .gap_seconds = {0.381, 0.231, 1'460},
       .same_image_share = 0.981,
       .band_share = 0.101,
       .burst_popularity = 0.957,
       .popularity_exponent = 1.449,
       .scheduled_share = 0,
       .lifetimes = lifetimes_through({{.37, 13 * minute}, {.50, 90 * minute}, {.90, 22 * day}})},
      {.data_centre = "S5",
       .images = 207,
       .requests_per_day = 111.3,
       .single_share = 0,
       .campaign_size = {1.16, 1, 282.9},
       .gap_seconds = {0.526, 2.18, 3'224},
       .same_image_share = 0.995,
       .band_share = 0.480,
       .burst_popularity = 0.226,
       .popularity_exponent = 1.459,
       .scheduled_share = 0,
       .lifetimes = lifetimes_through(
           {{.28, 13 * minute}, {.33, 85 * minute}, {.50, 3 * hour}, {.90, 21 * day}})},
      {.data_centre = "S6",
       .images = 240,
       .requests_per_day = 110.2,
       .single_share = 0.89,
       .campaign_size = {0.79, 1, 1'200},
       .gap_seconds = {0.252, 0.15, 1'620},
       .same_image_share = 0.995,
       .band_share = 0.076,
       .burst_popularity = 0.22,
       .popularity_exponent = 1.401,
       .scheduled_share = 0,
       .lifetimes = lifetimes_through({{.38, 13 * minute}, {.50, 72 * minute}, {.90, 33 * day}})},
  }};
  return made;
}

error wrong(const traffic& of, const std::string& field, const std::string& expected) {
  return {errc::invalid_argument,
          "traffic of '" + of.data_centre + "': " + field + ": expected " + expected};
}

bool is_share(double value) { return value >= 0 && value <= 1; }

bool is_sound(const truncated_pareto& of) {
  return of.exponent > 0 && of.low > 0 && of.high > of.low && std::isfinite(of.exponent) &&
         std::isfinite(of.high);
}

bool is_sound(const std::vector<lifetime_knot>& knots) {
  if (knots.size() < 2 || knots.front().share != 0 || knots.back().share != 1) return false;
  for (std::size_t i = 0; i < knots.size(); ++i) {
    if (!(knots[i].seconds > 0) || !std::isfinite(knots[i].seconds)) return false;
    if (i > 0 &&
        (!(knots[i].share > knots[i - 1].share) || knots[i].seconds < knots[i - 1].seconds))
      return false;
  }
  return true;
}

} // namespace

std::span<const traffic> vdn_data_centres() { return table(); }

const traffic* vdn_data_centre(std::string_view name) {
  const auto found = std::ranges::find(table(), name, &traffic::data_centre);
  return found == table().end() ? nullptr : &*found;
}

result<void> validate(const traffic& of) {
  if (of.images == 0 || of.images > 1'000'000) return wrong(of, "images", "1 to 1000000");
  if (!(of.requests_per_day > 0) || of.requests_per_day > 10'000'000)
    return wrong(of, "requests_per_day", "more than 0, at most 10000000");
  if (!is_share(of.single_share)) return wrong(of, "single_share", "a share from 0 to 1");
  if (!is_sound(of.campaign_size) || of.campaign_size.low < 1 || of.campaign_size.high > 1e9)
    return wrong(of, "campaign_size", "an exponent above 0 and 1 <= low < high <= 10^9");
  if (!is_sound(of.gap_seconds))
    return wrong(of, "gap_seconds", "an exponent above 0 and 0 < low < high");
  if (!is_share(of.same_image_share)) return wrong(of, "same_image_share", "a share from 0 to 1");
  if (!is_share(of.band_share)) return wrong(of, "band_share", "a share from 0 to 1");
  if (!(of.burst_popularity >= 0) || of.burst_popularity > 3)
    return wrong(of, "burst_popularity", "a number from 0 to 3");
  if (!std::isfinite(of.popularity_exponent) || of.popularity_exponent < 0)
    return wrong(of, "popularity_exponent", "a number, 0 or more");
  if (!is_share(of.scheduled_share)) return wrong(of, "scheduled_share", "a share from 0 to 1");
  if (!is_sound(of.lifetimes))
    return wrong(of, "lifetimes", "rising times at rising shares, from share 0 to share 1");
  return {};
}

} // namespace shoal::simulator
