#include "tools/simulator/workload.hpp"

#include "tools/simulator/random_numbers.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string>

namespace shoal::simulator {

namespace {

constexpr double day_seconds = 86'400;
/// VDN §II-D: "the interval is about two hours".
constexpr double timer_period_seconds = 7'200;
constexpr std::uint32_t timer_images = 3;
/// How much longer the least popular images' instances live: brings the median of the bottom fifth
/// to 42 hours over all data centres (VDN §II-B).
constexpr double unpopular_shift = 0.28;

/// One stream a purpose.
namespace stream {
constexpr std::uint64_t starts = 1, gaps = 2, images = 3, timers = 4, lifetimes = 5;
} // namespace stream

/// How busy people are at a moment of the month (PAPERS §2.2). Day 0 is a Sunday.
double busyness(double seconds) {
  const auto day = static_cast<int>(seconds / day_seconds) % 7;
  const auto from_two = (std::fmod(seconds, day_seconds) / 3'600 - 14) / 4;
  return (0.35 + 0.65 * std::exp(-from_two * from_two / 2)) * (day == 0 || day == 6 ? 0.4 : 1);
}

/// Moments in proportion to how busy people are.
class calendar {
public:
  explicit calendar(double duration_seconds) : step_{duration_seconds / steps}, sums_{0} {
    for (int i = 0; i < steps; ++i)
      sums_.push_back(sums_.back() + busyness((i + 0.5) * step_));
  }

  /// The moment before which the share `u` of all starts lies.
  [[nodiscard]] double quantile(double u) const {
    const auto wanted = u * sums_.back();
    const auto after = std::ranges::upper_bound(sums_, wanted);
    const auto i = std::min<std::ptrdiff_t>(after - sums_.begin(), steps) - 1;
    const auto at = static_cast<std::size_t>(i);
    return step_ * (static_cast<double>(i) + (wanted - sums_[at]) / (sums_[at + 1] - sums_[at]));
  }

private:
  static constexpr int steps = 4'464;
  double step_;
  std::vector<double> sums_;
};

/// Whole numbers in proportion to the weights that sum up to `total` (largest remainder).
std::vector<std::uint32_t> quotas_of(const traffic& of, std::uint32_t total) {
  std::vector<double> weights(of.images);
  for (std::uint32_t i = 0; i < of.images; ++i)
    weights[i] = std::pow(i + 1.0, -of.popularity_exponent);
  const auto sum = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<std::uint32_t> quotas(of.images);
  std::vector<std::uint32_t> order(of.images);
  std::uint32_t given = 0;
  for (std::uint32_t i = 0; i < of.images; ++i) {
    weights[i] *= total / sum;
    quotas[i] = static_cast<std::uint32_t>(weights[i]);
    weights[i] -= quotas[i];
    given += quotas[i];
    order[i] = i;
  }
  std::ranges::stable_sort(order, [&](auto a, auto b) { return weights[a] > weights[b]; });
  for (std::uint32_t i = 0; given < total; ++i, ++given)
    ++quotas[order[i % of.images]];
  return quotas;
}

/// The sizes of a month's campaigns, largest first: the same every month.
std::vector<std::uint32_t> campaign_sizes(const traffic& of, std::uint32_t requests) {
  constexpr int grid = 20'000;
  double mean = 0;
  for (int i = 0; i < grid; ++i)
    mean += std::floor(of.campaign_size.quantile((i + 0.5) / grid)) / grid;
  mean = of.single_share + (1 - of.single_share) * mean;
  const auto campaigns = std::max(1.0, std::round(requests / mean));
  const auto drawn = static_cast<std::uint32_t>(std::round((1 - of.single_share) * campaigns));
  std::vector<std::uint32_t> made;
  std::uint32_t left = requests;
  for (std::uint32_t i = drawn; i-- > 0 && left > 0;) {
    const auto size = std::floor(of.campaign_size.quantile((i + 0.5) / drawn));
    made.push_back(std::clamp(static_cast<std::uint32_t>(size), 1u, left));
    left -= made.back();
  }
  made.insert(made.end(), left, 1);
  return made;
}

/// When each campaign starts. The few largest are spread over the month, as are the next few, and
/// so on, so that no month has all of its large ones on one day.
std::vector<double> campaign_starts(std::size_t count, const calendar& dates,
                                    random_numbers& random) {
  std::vector<double> moments;
  for (std::size_t group = 1; moments.size() < count; group *= 2) {
    for (const auto u : random.stratified(std::min(group, count - moments.size())))
      moments.push_back(dates.quantile(u));
  }
  return moments;
}

/// Images drawn without putting back: at the end each was drawn as often as its quota says.
class image_urn {
public:
  explicit image_urn(std::vector<std::uint32_t> quotas)
      : quotas_{std::move(quotas)}, left_{std::accumulate(quotas_.begin(), quotas_.end(), 0u)} {}

  [[nodiscard]] bool has(std::uint32_t image) const { return quotas_[image] > 0; }
  void take(std::uint32_t image) {
    --quotas_[image];
    --left_;
  }
  /// The image at share `u` of all that is left, in order of popularity. @pre not empty, `u` < 1.
  [[nodiscard]] std::uint32_t at_share(double u) const {
    auto at = static_cast<std::uint32_t>(std::clamp(u, 0.0, 1.0) * left_);
    at = std::min(at, left_ - 1);
    std::uint32_t image = 0;
    for (; at >= quotas_[image]; ++image)
      at -= quotas_[image];
    return image;
  }

private:
  std::vector<std::uint32_t> quotas_;
  std::uint32_t left_;
};

/// What timers start: `count` requests of an image, dealt out evenly over the month's timers.
void add_timed(const traffic& of, std::uint32_t image, std::uint32_t count, double duration_seconds,
               random_numbers& random, std::vector<vm_request>& to) {
  const auto days = std::max(1.0, std::floor(duration_seconds / day_seconds));
  const auto per_day = std::clamp(std::ceil(count / days), 1.0, day_seconds / timer_period_seconds);
  const auto timers = static_cast<std::uint32_t>(days * per_day);
  const auto phase = random.uniform() * timer_period_seconds;
  // A timer that does not go all day and night goes from eight in the morning.
  const auto first = per_day * timer_period_seconds < day_seconds ? 8 * 3'600.0 : 0.0;
  double at = 0;
  std::uint32_t before = timers;
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto timer = static_cast<std::uint32_t>(std::uint64_t{i} * timers / count);
    const auto day = std::floor(timer / per_day);
    const auto start =
        day * day_seconds + first + phase + (timer - day * per_day) * timer_period_seconds;
    at = timer == before ? at + of.gap_seconds.quantile(random.uniform())
                         : start + 60 * random.uniform();
    before = timer;
    to.push_back({at, image, 0, 0});
  }
}

void add_campaigns(const traffic& of, image_urn urn, std::uint32_t requests, std::uint64_t seed,
                   double duration_seconds, std::vector<vm_request>& to) {
  random_numbers start_random{seed, stream::starts}, gap_random{seed, stream::gaps},
      image_random{seed, stream::images};
  const calendar dates{duration_seconds};
  const auto sizes = campaign_sizes(of, requests);
  const auto moments = campaign_starts(sizes.size(), dates, start_random);
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    auto at = moments[i];
    const auto anchor = std::pow(image_random.uniform(), std::pow(sizes[i], of.burst_popularity));
    auto image = urn.at_share(anchor);
    const auto waits = gap_random.stratified(sizes[i] - 1);
    for (std::uint32_t j = 0; j < sizes[i]; ++j) {
      if (j > 0) {
        at += of.gap_seconds.quantile(waits[j - 1]);
        const bool same = image_random.uniform() < of.same_image_share;
        const auto beside = (image_random.uniform() - 0.5) * of.band_share;
        if (!same || !urn.has(image)) image = urn.at_share(anchor + beside);
      }
      urn.take(image);
      to.push_back({at, image, 0, 0});
    }
  }
}

double lifetime_of(const traffic& of, double u) {
  std::size_t i = 1;
  while (i + 1 < of.lifetimes.size() && of.lifetimes[i].share < u)
    ++i;
  const auto& low = of.lifetimes[i - 1];
  const auto& high = of.lifetimes[i];
  const auto part = (u - low.share) / (high.share - low.share);
  return low.seconds * std::pow(high.seconds / low.seconds, part);
}

/// Every quantile of the lifetimes is met; who gets which depends on chance and popularity.
void give_lifetimes(const traffic& of, std::uint64_t seed, std::vector<vm_request>& to) {
  random_numbers random{seed, stream::lifetimes};
  std::vector<std::pair<double, std::size_t>> order;
  for (std::size_t i = 0; i < to.size(); ++i) {
    const auto unpopularity = to[i].image / std::max(1.0, of.images - 1.0);
    order.emplace_back(random.uniform() + unpopular_shift * unpopularity, i);
  }
  std::ranges::sort(order);
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    const auto u = (static_cast<double>(rank) + 0.5) / static_cast<double>(order.size());
    to[order[rank].second].lifetime_seconds = std::round(lifetime_of(of, u) * 1'000) / 1'000;
  }
}

} // namespace

double truncated_pareto::quantile(double u) const {
  return low / std::pow(1 - u * (1 - std::pow(low / high, exponent)), 1 / exponent);
}

trace generate_trace(const traffic& of, std::uint64_t seed, double duration_seconds) {
  SHOAL_ASSERT(validate(of) && duration_seconds > 0);
  const auto total =
      static_cast<std::uint32_t>(std::round(of.requests_per_day * duration_seconds / day_seconds));
  auto quotas = quotas_of(of, total);
  trace made{of.data_centre, duration_seconds, of.images, {}};
  random_numbers timer_random{seed, stream::timers};
  std::uint32_t timed = 0;
  for (std::uint32_t image = 0; image < std::min(timer_images, of.images); ++image) {
    const auto count = static_cast<std::uint32_t>(of.scheduled_share * quotas[image]);
    add_timed(of, image, count, duration_seconds, timer_random, made.requests);
    quotas[image] -= count;
    timed += count;
  }
  if (total > timed)
    add_campaigns(of, image_urn{std::move(quotas)}, total - timed, seed, duration_seconds,
                  made.requests);
  for (auto& one : made.requests) {
    // What a campaign has left at the month's end stands for the one that began the month before.
    one.time_seconds = std::round(std::fmod(one.time_seconds, duration_seconds) * 1'000) / 1'000;
    one.time_seconds = std::min(one.time_seconds, duration_seconds);
  }
  std::ranges::stable_sort(made.requests, {}, &vm_request::time_seconds);
  for (std::size_t i = 0; i < made.requests.size(); ++i)
    made.requests[i].vm = i + 1;
  give_lifetimes(of, seed, made.requests);
  return made;
}

} // namespace shoal::simulator
