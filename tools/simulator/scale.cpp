#include "tools/simulator/scale.hpp"

#include "tools/simulator/shared_border.hpp"
#include "topology/border_owner.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>
#include <numeric>
#include <random>
#include <string>
#include <unordered_map>
#include <unordered_set>

namespace shoal::simulator {

using topology::network_level;

namespace {

/// Sites, clusters and racks filled one after the other.
topology::network make_network(const scale_setting& setting) {
  topology::network made;
  for (std::uint32_t host = 0; host < setting.hosts; ++host) {
    const auto rack = host / setting.hosts_per_rack;
    const auto cluster = rack / setting.racks_per_cluster;
    const auto site = cluster / setting.clusters_per_site;
    const topology::place where{"s" + std::to_string(site), "c" + std::to_string(cluster),
                                "r" + std::to_string(rack)};
    const auto added = made.add("h" + std::to_string(host), where);
    SHOAL_ASSERT(added.ok());
  }
  return made;
}

topology::pack_key key_of(std::uint64_t number) {
  topology::pack_key key{};
  std::memcpy(key.data(), &number, sizeof number);
  return key;
}

/// One host's fetch of one image: what it has when.
struct fetch {
  topology::host_number host = 0;
  std::uint32_t image = 0;
  double begin_s = 0;
  /// The pieces that this host brings into its rack; they are there one level earlier.
  std::vector<std::uint32_t> own;
  /// The borders that the image is held up at on its way here, and when it came to them.
  std::vector<std::pair<const shared_border*, double>> crossings;
  std::size_t own_next = 0;
  std::uint32_t next = 0;
  topology::piece_words have;
};

class run {
public:
  run(const scale_setting& setting, const topology::network& network,
      const std::function<void(std::size_t)>& done)
      : setting_{setting}, network_{network}, done_{done}, index_{events_, network, {}},
        random_{setting.seed},
        piece_count_{static_cast<std::uint32_t>((setting.image_bytes + setting.piece_bytes - 1) /
                                                setting.piece_bytes)} {}

  scale_phase popular() {
    hold_whole(0, 0);
    for (topology::host_number host = 1; host < network_.host_count(); ++host)
      add_fetch(host, 0, uniform() * setting_.burst_s);
    return finish();
  }

  // Half of the images' copies are there already, the popular ones' most: one holder, and one more
  // for each ten requests to come.
  scale_phase mix() {
    std::vector<double> weights(setting_.mix_images);
    for (std::uint32_t image = 0; image < setting_.mix_images; ++image)
      weights[image] = std::pow(image + 1.0, -setting_.mix_exponent);
    std::discrete_distribution<std::uint32_t> popularity(weights.begin(), weights.end());
    const auto sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    for (std::uint32_t image = 0; image < setting_.mix_images; ++image) {
      const auto copies = 1 + network_.host_count() * weights[image] / sum / 10;
      for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(copies); ++i)
        hold_whole(static_cast<topology::host_number>(random_() % network_.host_count()), image);
    }
    for (topology::host_number host = 0; host < network_.host_count(); ++host) {
      const auto image = popularity(random_);
      if (!holds(host, image)) add_fetch(host, image, uniform() * setting_.mix_s);
    }
    return finish();
  }

  [[nodiscard]] std::uint64_t events() const { return events_.executed(); }

private:
  /// Before anybody asks, all holders have told.
  static constexpr double prologue_s = 5;

  double uniform() { return static_cast<double>(random_() >> 11) * 0x1p-53; }

  [[nodiscard]] std::uint64_t pair(std::uint32_t domain, std::uint32_t image) const {
    return std::uint64_t{image} << 32 | domain;
  }
  [[nodiscard]] bool holds(topology::host_number host, std::uint32_t image) const {
    return holders_.contains(pair(host, image));
  }

  void hold_whole(topology::host_number host, std::uint32_t image) {
    if (!holders_.insert(pair(host, image)).second) return;
    for (const auto level : {network_level::rack, network_level::cluster, network_level::site})
      inside_[level_index(level)].insert(pair(network_.domain_of(host, level).number, image));
    const auto when = uniform() * prologue_s / 2;
    events_.at(when, [this, host, image] {
      index_.hold(host, topology::all_pieces(key_of(image), piece_count_));
    });
  }

  static std::size_t level_index(network_level level) { return static_cast<std::size_t>(level); }

  void add_fetch(topology::host_number host, std::uint32_t image, double begin) {
    fetch one;
    one.host = host;
    one.image = image;
    one.begin_s = prologue_s + begin;
    fetches_.push_back(std::move(one));
  }

  using first_requests = std::unordered_map<std::uint64_t, double>;

  /// The levels with a border that image bytes cross.
  static constexpr std::array border_levels{network_level::rack, network_level::cluster,
                                            network_level::site};

  // How many images cross each border, and which borders hold them up.
  void lay_pipelines() {
    std::unordered_map<std::uint64_t, std::vector<std::size_t>> mates;
    for (std::size_t i = 0; i < fetches_.size(); ++i) {
      auto& one = fetches_[i];
      const auto rack = network_.domain_of(one.host, network_level::rack).number;
      mates[pair(rack, one.image)].push_back(i);
      one.have.assign(topology::words_for(piece_count_), 0);
    }
    deal_out_own(mates);
    flow_s_ = image_wire_bytes() / setting_.rates.host;
    slowest_s_ = flow_s_;
    const auto levels = (network_.domain_count(network_level::cluster) > 1) +
                        (network_.domain_count(network_level::site) > 1) + 2;
    lag_s_ = levels * setting_.level_delay_s;
    const std::array rates{setting_.rates.rack, setting_.rates.cluster, setting_.rates.site};
    for (std::size_t i = 0; i < border_levels.size(); ++i)
      lay_borders(border_levels[i], rates[i], most_in_[i]);
  }

  // A border that more must cross in the time than it can carry holds up what must cross it; what
  // is inside already flows as ever.
  void lay_borders(network_level level, double rate, std::uint32_t& most_in) {
    first_requests first;
    for (const auto& one : fetches_) {
      const auto key = pair(network_.domain_of(one.host, level).number, one.image);
      if (inside_[level_index(level)].contains(key)) continue;
      const auto [at, is_new] = first.emplace(key, one.begin_s);
      if (!is_new) at->second = std::min(at->second, one.begin_s);
    }
    std::unordered_map<std::uint32_t, std::vector<double>> begins;
    for (const auto& [key, begin_s] : first)
      begins[static_cast<std::uint32_t>(key)].push_back(begin_s);
    std::unordered_map<std::uint32_t, const shared_border*> full;
    const auto time_s = flow_s_ + span_s();
    for (auto& [domain, images] : begins) {
      most_in = std::max(most_in, static_cast<std::uint32_t>(images.size()));
      if (rate <= 0) continue;
      const auto needed_s = static_cast<double>(images.size()) * image_wire_bytes() / rate;
      slowest_s_ = std::max(slowest_s_, needed_s);
      if (needed_s <= time_s) continue;
      full[domain] = &borders_.emplace_back(std::move(images), image_wire_bytes(), rate,
                                            setting_.rates.host);
    }
    for (auto& one : fetches_) {
      const auto domain = network_.domain_of(one.host, level).number;
      const auto border = full.find(domain);
      const auto came = first.find(pair(domain, one.image));
      if (border == full.end() || came == first.end()) continue;
      one.crossings.emplace_back(border->second, came->second);
    }
  }

  [[nodiscard]] double span_s() const {
    double last = 0;
    for (const auto& one : fetches_)
      last = std::max(last, one.begin_s - prologue_s);
    return last;
  }

  // Each piece has one owner among the hosts of a rack that fetch the image.
  void deal_out_own(const std::unordered_map<std::uint64_t, std::vector<std::size_t>>& mates) {
    std::vector<std::uint64_t> scores;
    for (const auto& [key, members] : mates) {
      scores.clear();
      for (const auto i : members) {
        scores.push_back(topology::host_score(key >> 32, network_.name(fetches_[i].host)));
      }
      for (std::uint32_t piece = 0; piece < piece_count_; ++piece) {
        std::size_t best = 0;
        std::uint64_t best_score = 0;
        for (std::size_t i = 0; i < scores.size(); ++i) {
          const auto score = topology::piece_score(scores[i], piece);
          if (score >= best_score) {
            best = i;
            best_score = score;
          }
        }
        fetches_[members[best]].own.push_back(piece);
      }
    }
  }

  [[nodiscard]] double image_wire_bytes() const {
    return static_cast<double>(setting_.image_bytes) * setting_.wire_factor;
  }

  // When a piece is here: when the pipeline brings it by, but no earlier than this host can take it.
  [[nodiscard]] double arrival(const fetch& one, std::uint32_t piece, bool own) const {
    const auto share = static_cast<double>(piece + 1) / piece_count_;
    const auto lag = lag_s_ - (own ? setting_.level_delay_s : 0);
    auto when = one.begin_s + lag + share * flow_s_;
    for (const auto& [border, began_s] : one.crossings)
      when = std::max(when, border->through_s(began_s, share) + lag);
    return when;
  }

  void begin(std::size_t number) {
    auto& one = fetches_[number];
    index_.look_up(one.host, topology::all_pieces(key_of(one.image), piece_count_));
    events_.after(setting_.announce_interval_s, [this, number] { announce(number); });
  }

  // What came since the last time is told; at the end, that there is nothing more to come.
  void announce(std::size_t number) {
    auto& one = fetches_[number];
    const auto now = events_.now();
    const auto add = [&](std::uint32_t piece) {
      one.have[piece / 64] |= std::uint64_t{1} << (piece % 64);
    };
    const auto before = one.own_next + one.next;
    while (one.own_next < one.own.size() && arrival(one, one.own[one.own_next], true) <= now)
      add(one.own[one.own_next++]);
    while (one.next < piece_count_ && arrival(one, one.next, false) <= now)
      add(one.next++);
    if (one.own_next + one.next > before) {
      index_.hold(one.host, topology::make_pieces(key_of(one.image), piece_count_, one.have));
    }
    if (one.next < piece_count_) {
      events_.after(next_news_s(one), [this, number] { announce(number); });
      return;
    }
    index_.end_fetch(one.host, key_of(one.image));
    one.have = {};
    one.own = {};
    if (done_) done_(1);
  }

  // In how long there is something to tell again, in whole intervals.
  [[nodiscard]] double next_news_s(const fetch& one) const {
    auto when = arrival(one, one.next, false);
    if (one.own_next < one.own.size()) {
      when = std::min(when, arrival(one, one.own[one.own_next], true));
    }
    const auto interval = setting_.announce_interval_s;
    return std::max(1.0, std::ceil((when - events_.now()) / interval)) * interval;
  }

  scale_phase finish() {
    if (done_) done_(network_.host_count() - fetches_.size());
    lay_pipelines();
    for (std::size_t i = 0; i < fetches_.size(); ++i)
      events_.at(fetches_[i].begin_s, [this, i] { begin(i); });
    events_.run();
    scale_phase told;
    std::vector<double> took;
    for (const auto& one : fetches_) {
      const auto end = arrival(one, piece_count_ - 1, false);
      told.last_s = std::max(told.last_s, end - prologue_s);
      took.push_back(end - one.begin_s);
    }
    if (!took.empty()) {
      const auto middle = took.begin() + static_cast<std::ptrdiff_t>(took.size() / 2);
      std::nth_element(took.begin(), middle, took.end());
      told.median_s = *middle;
    }
    told.bound_s = slowest_s_;
    told.messages = index_.counters().total().messages;
    told.message_bytes = index_.counters().total().bytes;
    for (std::size_t level = 0; level < told.load.size(); ++level)
      told.load[level] = index_.load(static_cast<network_level>(level));
    told.lookups = index_.lookups();
    told.unanswered = index_.unanswered();
    told.lookup_mean_s = index_.lookup_mean_s();
    told.lookup_max_s = index_.lookup_max_s();
    told.images_per_rack = most_in_[0];
    told.images_per_cluster = most_in_[1];
    told.images_per_site = most_in_[2];
    return told;
  }

  const scale_setting& setting_;
  const topology::network& network_;
  const std::function<void(std::size_t)>& done_;
  event_queue events_;
  index_traffic index_;
  std::mt19937_64 random_;
  std::uint32_t piece_count_;
  std::vector<fetch> fetches_;
  /// (host, image) held from the beginning; (domain, image) held or brought inside, by level.
  std::unordered_set<std::uint64_t> holders_;
  std::array<std::unordered_set<std::uint64_t>, topology::network_level_count> inside_;
  /// How many images the rack, cluster and site with the most must bring in.
  std::array<std::uint32_t, 3> most_in_{};
  /// Those that cannot carry in time what must cross them; never moved.
  std::deque<shared_border> borders_;
  /// What the tightest link needs; what an image takes that nothing holds up; how late it begins.
  double slowest_s_ = 0, flow_s_ = 0, lag_s_ = 0;
};

} // namespace

scale_outcome run_scale(const scale_setting& setting,
                        const std::function<void(std::size_t)>& done) {
  SHOAL_ASSERT(setting.hosts >= 1 && setting.hosts_per_rack >= 1);
  SHOAL_ASSERT(setting.racks_per_cluster >= 1 && setting.clusters_per_site >= 1);
  const auto network = make_network(setting);
  scale_outcome told;
  told.racks = network.domain_count(network_level::rack);
  told.clusters = network.domain_count(network_level::cluster);
  told.sites = network.domain_count(network_level::site);
  {
    run one{setting, network, done};
    told.popular = one.popular();
    told.events += one.events();
  }
  run two{setting, network, done};
  told.mix = two.mix();
  told.events += two.events();
  return told;
}

} // namespace shoal::simulator
