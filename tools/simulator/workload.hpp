// Traces after what VDN published of six data centres' traffic (VDN §II; README for each constant).
//
// A month consists of campaigns: somebody starts some instances one after the other, in bursts of
// the same image. Image popularity, lifetimes, and how many campaigns of which size there are, are
// the same every month (stratified); when, in what order and of which image are random.
//
// Threads: pure functions. Errors: `validate` names the field.
#pragma once

#include "tools/simulator/trace.hpp"
#include "topology/result.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shoal::simulator {

/// A point of an inverse distribution function.
struct lifetime_knot {
  double share = 0;
  double seconds = 0;
};

/// A distribution with density ~ x^-(exponent+1) between two ends.
struct truncated_pareto {
  double exponent = 1;
  double low = 1;
  double high = 2;

  /// The value below which the share `u` of draws lies. @pre 0 <= `u` <= 1.
  [[nodiscard]] double quantile(double u) const;
};

/// One data centre's traffic.
struct traffic {
  std::string data_centre;
  /// VDN Table I.
  std::uint32_t images = 0;
  double requests_per_day = 0;
  /// Share of the campaigns that are one request; the others draw their size.
  double single_share = 0;
  /// Requests in a campaign, rounded down.
  truncated_pareto campaign_size;
  /// Between two requests of a campaign.
  truncated_pareto gap_seconds;
  /// How likely a campaign's next request is of the same image as the one before.
  double same_image_share = 1;
  /// Where its other images come from: this share of all requests, in order of popularity, around
  /// its first image. Popular images stay among themselves; a campaign of unpopular ones, each
  /// wanted a few times a month, is of many images.
  double band_share = 1;
  /// 0: campaigns of all sizes want the same images; higher: the larger, the more popular.
  double burst_popularity = 0;
  /// Image i gets a share of the requests in proportion to (i + 1)^-exponent.
  double popularity_exponent = 1.4;
  /// Share of the three most popular images' requests that timers start, every two hours.
  double scheduled_share = 0;
  /// From share 0 to share 1; linear in the share and the logarithm of time between knots.
  std::vector<lifetime_knot> lifetimes;
};

/// Seconds of the evaluation's month: May 1 to 31, 2011, which began on a Sunday.
constexpr double month_seconds = 31 * 86'400.0;

/// S1 to S6 of the paper.
std::span<const traffic> vdn_data_centres();
/// By name; null if there is none.
const traffic* vdn_data_centre(std::string_view name);

/// @returns errc::invalid_argument naming the field and what was expected.
result<void> validate(const traffic& checked);

/// A trace of `duration_seconds`. The same for the same arguments on every platform; times and
/// lifetimes are whole milliseconds, so that the last bit of a platform's logarithm does not count.
/// @pre `validate(of)`.
trace generate_trace(const traffic& of, std::uint64_t seed,
                     double duration_seconds = month_seconds);

} // namespace shoal::simulator
