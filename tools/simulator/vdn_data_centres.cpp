// The constants behind `vdn_data_centres`; README says where each came from.
#include "tools/simulator/workload.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

namespace shoal::simulator {

namespace {

constexpr double minute = 60, hour = 3'600, day = 86'400;

/// VDN Figure 3 and §II-B's medians and 90th percentiles; nothing outlives the four months.
const std::array<traffic, 6>& table() {
  static const std::array<traffic, 6> made{{
      {"S1", 125, 68.6, 0, {1.38, 1, 31}, {0.29, 3.94, 67'309}, 1, 1.52, 0,
       {{0, minute}, {.50, 8 * minute}, {.62, 13 * minute}, {.90, 10 * day}, {1, 124 * day}}},
      {"S2", 107, 44.0, 0, {1.38, 1, 31}, {0.29, 3.94, 67'309}, 1, 1.54, 0,
       {{0, minute}, {.50, 10 * minute}, {.62, 13 * minute}, {.90, 5 * day}, {1, 124 * day}}},
      {"S3", 213, 138.5, 0, {1.32, 1, 59}, {0.29, 1.55, 49}, 1, 1.42, 0,
       {{0, minute}, {.37, 13 * minute}, {.50, 90 * minute}, {.90, 14 * day}, {1, 124 * day}}},
      {"S4", 200, 114.3, 0.09, {1.54, 1, 838}, {0.59, 0.30, 799}, 1, 1.42, 0,
       {{0, minute}, {.37, 13 * minute}, {.50, 90 * minute}, {.90, 22 * day}, {1, 124 * day}}},
      {"S5", 207, 115.5, 0, {1.39, 1, 1'241}, {0.61, 2.11, 5'206}, 1, 1.41, 0,
       {{0, minute}, {.28, 13 * minute}, {.33, 85 * minute}, {.50, 3 * hour}, {.90, 21 * day},
        {1, 124 * day}}},
      {"S6", 240, 125, 0.89, {0.79, 1, 1'295}, {0.26, 0.17, 2'038}, 1, 1.39, 0,
       {{0, minute}, {.38, 13 * minute}, {.50, 72 * minute}, {.90, 33 * day}, {1, 124 * day}}},
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
    if (i > 0 && (!(knots[i].share > knots[i - 1].share) ||
                  knots[i].seconds < knots[i - 1].seconds))
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
  if (!std::isfinite(of.popularity_exponent) || of.popularity_exponent < 0)
    return wrong(of, "popularity_exponent", "a number, 0 or more");
  if (!is_share(of.scheduled_share)) return wrong(of, "scheduled_share", "a share from 0 to 1");
  if (!is_sound(of.lifetimes))
    return wrong(of, "lifetimes", "rising times at rising shares, from share 0 to share 1");
  return {};
}

} // namespace shoal::simulator
