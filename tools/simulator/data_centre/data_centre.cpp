#include "tools/simulator/data_centre/data_centre.hpp"

#include "tools/simulator/data_centre/occupancy.hpp"
#include "tools/simulator/data_centre/pair_transfers.hpp"
#include "tools/simulator/data_centre/physical_run.hpp"
#include "tools/simulator/data_centre/stager.hpp"
#include "topology/assert.hpp"

#include <algorithm>
#include <numeric>

namespace shoal::simulator {

namespace {

bool shares_with_peers(scheme which) { return which >= scheme::naive; }

/// One run, from request to request.
class paper_run {
public:
  paper_run(const data_centre_config& config, const data_centre_load& load, directory* index)
      : config_{config}, load_{load}, index_{shares_with_peers(config.scheme) ? index : nullptr},
        caches_{config, load}, slots_{config},
        transfers_{config, load, caches_}, stager_{config, load, caches_, transfers_} {
    SHOAL_ASSERT(index_ != nullptr || !shares_with_peers(config.scheme));
  }

  run_outcome run() {
    run_outcome outcome;
    outcome.provisions.reserve(load_.requests.size());
    for (std::uint32_t i = 0; i < load_.requests.size(); ++i) {
      const auto& request = load_.requests[i];
      advance(request.time_s);
      const auto& image = load_.images[request.image];
      const auto host = slots_.place(request, image, caches_);
      if (!host) {
        ++outcome.skipped;
        continue;
      }
      outcome.provisions.push_back(provide(i, *host, image, request.time_s));
    }
    outcome.prestaged_bytes = stager_.staged_bytes();
    if (index_ != nullptr) outcome.overhead = index_->overhead();
    return outcome;
  }

private:
  void publish(std::uint32_t host, std::span<const holding_change> changes) {
    if (index_ != nullptr && !changes.empty()) index_->publish(host, changes);
  }

  /// Brings caches and slots to the moment of a request.
  void advance(double now_s) {
    if (config_.prestage) stager_.use_idle_time(now_s);
    for (std::uint32_t host = 0; host < config_.shape.hosts(); ++host) {
      const auto coming = caches_.coming(host);
      if (!coming.empty() && coming.front().time_s <= now_s)
        publish(host, caches_.take_arrivals(host, now_s));
    }
    transfers_.forget_before(now_s);
    while (const auto end = slots_.next_end(now_s)) {
      if (config_.cache != swarm::cache_policy_kind::live) continue;
      caches_.set_running(end->host, load_.images[end->image], -1);
      publish(end->host, caches_.drop_idle(end->host, end->time_s));
    }
  }

  provision provide(std::uint32_t request, std::uint32_t host, const image_layout& image,
                    double now_s) {
    provision out{.request = request, .host = host};
    if (config_.scheme == scheme::baseline) {
      const auto bytes = image.count() * config_.piece_bytes;
      out.time_s = transfers_.whole_image_from_server(bytes, now_s);
      out.bytes.server = bytes;
      return out;
    }
    caches_.use(host, image, now_s);
    caches_.set_running(host, image, 1);
    const auto wanted = missing(host, image, out);
    found_.clear();
    if (index_ != nullptr && !wanted.empty()) {
      const auto reach = config_.sources == topology::source_policy::nearest_first
                             ? lookup_reach::nearest_level
                             : lookup_reach::every_level;
      index_->find(host, wanted, reach, found_);
    }
    const double awaited_s = transfers_.awaited_until(host, image);
    const double fetched_s = transfers_.fetch(host, wanted, found_, now_s, out.bytes);
    out.time_s = std::max({now_s, awaited_s, fetched_s}) - now_s;
    return out;
  }

  /// The pieces the host neither holds nor awaits.
  std::vector<image_part> missing(std::uint32_t host, const image_layout& image,
                                  provision& out) const {
    std::vector<image_part> wanted;
    std::uint32_t here = 0;
    for (const auto& part : image.parts) {
      const auto held = caches_.held().words(host, part.pack);
      const auto awaited = caches_.awaited().words(host, part.pack);
      image_part lacking{part.pack, piece_words(part.pieces.size())};
      for (std::size_t i = 0; i < part.pieces.size(); ++i) {
        const auto there = held[i] | awaited[i];
        here += static_cast<std::uint32_t>(std::popcount(part.pieces[i] & there));
        lacking.pieces[i] = part.pieces[i] & ~there;
      }
      if (count_of(lacking.pieces) > 0) wanted.push_back(std::move(lacking));
    }
    out.bytes.own_host = here * config_.piece_bytes;
    return wanted;
  }

  const data_centre_config& config_;
  const data_centre_load& load_;
  directory* index_;
  host_caches caches_;
  occupancy slots_;
  pair_transfers transfers_;
  stager stager_;
  std::vector<found_holder> found_;
};

} // namespace

provision_bytes& provision_bytes::operator+=(const provision_bytes& other) {
  own_host += other.own_host;
  for (std::size_t i = 0; i < peers.size(); ++i)
    peers[i] += other.peers[i];
  server += other.server;
  return *this;
}

std::uint64_t provision_bytes::total() const {
  return std::accumulate(peers.begin(), peers.end(), own_host + server);
}

provision_bytes run_outcome::bytes() const {
  provision_bytes sum;
  for (const auto& one : provisions)
    sum += one.bytes;
  return sum;
}

std::vector<double> run_outcome::times_s() const {
  std::vector<double> times;
  times.reserve(provisions.size());
  for (const auto& one : provisions)
    times.push_back(one.time_s);
  return times;
}

run_outcome run_data_centre(const data_centre_config& config, const data_centre_load& load,
                            directory* index) {
  if (config.mode == link_mode::physical) return run_physical(config, load, index);
  return paper_run{config, load, index}.run();
}

} // namespace shoal::simulator
