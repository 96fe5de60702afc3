#include "tools/simulator/data_centre/physical_run.hpp"

#include "tools/simulator/data_centre/holder_groups.hpp"
#include "tools/simulator/data_centre/occupancy.hpp"
#include "tools/simulator/data_centre/physical_links.hpp"
#include "topology/assert.hpp"
#include "topology/source_choice.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <unordered_map>

namespace shoal::simulator {

using topology::no_source;

namespace {

/// Of the hosts a piece is on its way to, this many are considered.
constexpr std::size_t arriving_sources_max = 4;

class physical_run {
public:
  physical_run(const data_centre_config& config, const data_centre_load& load, directory* index)
      : config_{config}, load_{load}, index_{config.scheme >= scheme::naive ? index : nullptr},
        caches_{config, load}, slots_{config}, links_{events_, config,
                                                      [this](std::uint32_t from, std::uint32_t to,
                                                             item_number item) {
                                                        piece_arrived(from, to, item);
                                                      }},
        unpublished_(config.shape.hosts()), awaiting_(config.shape.hosts()),
        source_of_(config.shape.hosts(), no_source), queued_to_(config.shape.hosts()) {
    SHOAL_ASSERT(index_ != nullptr || config.scheme == scheme::local);
    SHOAL_ASSERT(!config.prestage);
  }

  run_outcome run() {
    for (std::uint32_t i = 0; i < load_.requests.size(); ++i)
      events_.at(load_.requests[i].time_s, [this, i] { request(i); });
    events_.run();
    if (index_ != nullptr) outcome_.overhead = index_->overhead();
    return std::move(outcome_);
  }

private:
  /// An instance that waits for pieces.
  struct waiting {
    std::uint32_t provision = 0;
    std::uint32_t pieces = 0;
  };

  void request(std::uint32_t number) {
    const auto& asked = load_.requests[number];
    const auto& image = load_.images[asked.image];
    while (const auto end = slots_.next_end(events_.now())) {
      if (config_.cache != swarm::cache_policy_kind::live) continue;
      caches_.set_running(end->host, load_.images[end->image], -1);
      note(end->host, caches_.drop_idle(end->host, events_.now()));
    }
    const auto host = slots_.place(asked, image, caches_);
    if (!host) {
      ++outcome_.skipped;
      return;
    }
    outcome_.provisions.push_back({.request = number, .host = *host});
    caches_.use(*host, image, events_.now());
    caches_.set_running(*host, image, 1);
    provide(*host, image);
  }

  void note(std::uint32_t host, std::span<const holding_change> changes) {
    if (index_ == nullptr) return;
    auto& list = unpublished_[host];
    list.insert(list.end(), changes.begin(), changes.end());
  }

  /// What changed since the last lookup, a message a host: nobody could have seen it before.
  void publish_all() {
    for (std::uint32_t host = 0; host < unpublished_.size(); ++host) {
      if (unpublished_[host].empty()) continue;
      index_->publish(host, unpublished_[host]);
      unpublished_[host].clear();
    }
  }

  void provide(std::uint32_t host, const image_layout& image) {
    auto& out = outcome_.provisions.back();
    const auto number = static_cast<std::uint32_t>(outcome_.provisions.size() - 1);
    std::vector<image_part> wanted;
    std::uint32_t awaited = 0;
    std::uint32_t here = 0;
    for (const auto& part : image.parts) {
      const auto held = caches_.held().words(host, part.pack);
      const auto coming = caches_.awaited().words(host, part.pack);
      image_part lacking{part.pack, piece_words(part.pieces.size())};
      for (std::size_t i = 0; i < part.pieces.size(); ++i) {
        here += static_cast<std::uint32_t>(std::popcount(part.pieces[i] & held[i]));
        lacking.pieces[i] = part.pieces[i] & ~held[i] & ~coming[i];
        const auto expected = part.pieces[i] & coming[i] & ~held[i];
        awaited += static_cast<std::uint32_t>(std::popcount(expected));
        for (auto word = expected; word != 0; word &= word - 1)
          awaiting_[host][item_of(part.pack, i, word)].push_back(number);
      }
      if (count_of(lacking.pieces) > 0) wanted.push_back(std::move(lacking));
    }
    out.bytes.own_host = std::uint64_t{here} * config_.piece_bytes;
    // Awaited pieces count as the host's own: they come over its links once.
    out.bytes.own_host += std::uint64_t{awaited} * config_.piece_bytes;
    std::uint32_t lacking = awaited;
    for (const auto& part : wanted)
      lacking += count_of(part.pieces);
    left_.push_back(lacking);
    out.bound_s = bound_s(host, image, lacking);
    if (!wanted.empty()) fetch(host, wanted, number);
  }

  [[nodiscard]] item_number item_of(std::uint32_t pack, std::size_t word,
                                    std::uint64_t bits) const {
    return pack * load_.pieces_per_pack +
           static_cast<std::uint32_t>(word * 64 + static_cast<unsigned>(std::countr_zero(bits)));
  }

  /// See the header. Pieces that a domain holds or awaits need not cross its border for this host.
  [[nodiscard]] double bound_s(std::uint32_t host, const image_layout& image,
                               std::uint32_t lacking) const {
    const auto& shape = config_.shape;
    const auto& rates = config_.physical;
    std::array<std::uint32_t, 3> outside{};
    for (const auto& part : image.parts) {
      for (std::size_t i = 0; i < part.pieces.size(); ++i) {
        std::uint64_t rack = 0, cluster = 0, anywhere = 0;
        for (std::uint32_t other = 0; other < shape.hosts(); ++other) {
          const auto held = caches_.held().words(other, part.pack)[i];
          const auto has = held | caches_.awaited().words(other, part.pack)[i];
          anywhere |= held;
          if (shape.cluster_of(other) == shape.cluster_of(host)) cluster |= has;
          if (shape.rack_of(other) == shape.rack_of(host)) rack |= has;
        }
        const auto count = [&](std::uint64_t there) {
          return static_cast<std::uint32_t>(std::popcount(part.pieces[i] & ~there));
        };
        outside[0] += count(rack);
        outside[1] += count(cluster);
        outside[2] += count(anywhere);
      }
    }
    // What the server is sending at this moment may be as good as here.
    const auto streams = links_.streams_from(server_source);
    outside[2] -= std::min(outside[2], streams);
    const auto over = [&](std::uint32_t pieces, double bits) {
      return static_cast<double>(pieces) * static_cast<double>(config_.piece_bytes) * 8 / bits;
    };
    return std::max({over(lacking, rates.host_bits_per_second),
                     over(outside[0], rates.rack_bits_per_second),
                     over(outside[1], rates.cluster_bits_per_second),
                     over(outside[2], rates.server_bits_per_second)});
  }

  void fetch(std::uint32_t host, std::span<const image_part> wanted, std::uint32_t number) {
    found_.clear();
    if (index_ != nullptr) {
      publish_all();
      const auto reach = config_.sources == topology::source_policy::nearest_first
                             ? lookup_reach::nearest_level
                             : lookup_reach::every_level;
      index_->find(host, wanted, reach, found_);
    }
    pose(host, wanted);
    const auto choices = topology::choose_sources(problem_, config_.sources);
    caches_.await(host, items_);
    for (std::size_t i = 0; i < choices.size(); ++i) {
      SHOAL_ASSERT(choices[i].source != no_source);
      const auto& source = problem_.sources[choices[i].source];
      const auto item = items_[i];
      awaiting_[host][item].push_back(number);
      if (config_.shares == sharing::in_flight)
        under_way_[item].push_back({host, events_.now() + choices[i].finish_s});
      ++queued_to_[host];
      if (source.origin || caches_.held().contains(source.id, item)) {
        links_.send(source.id, host, item);
      } else {
        forward_[item].push_back({source.id, host});
      }
    }
  }

  std::uint32_t source_number(std::uint32_t from, std::uint32_t to) {
    auto& number = source_of_[from];
    if (number != no_source) return number;
    number = static_cast<std::uint32_t>(problem_.sources.size());
    const double rate = config_.physical.host_bits_per_second / 8 / (1 + links_.streams_from(from));
    problem_.sources.push_back(
        {.id = from,
         .away = config_.shape.between(from, to),
         .bytes_per_second = rate,
         .busy_s = static_cast<double>(links_.queued(from, to) * config_.piece_bytes) / rate});
    return number;
  }

  void pose(std::uint32_t host, std::span<const image_part> wanted) {
    problem_ = {};
    items_.clear();
    const auto& rates = config_.physical;
    const auto piece = static_cast<double>(config_.piece_bytes);
    problem_.borders[0] = {.bytes_per_second = rates.host_bits_per_second / 8,
                           .busy_s = queued_to_[host] * piece * 8 / rates.host_bits_per_second};
    problem_.borders[1].bytes_per_second = rates.rack_bits_per_second / 8;
    problem_.borders[2].bytes_per_second = rates.cluster_bits_per_second / 8;
    const double server = rates.server_bits_per_second / 8;
    problem_.sources.push_back(
        {.id = server_source,
         .away = topology::distance::same_site,
         .origin = true,
         .bytes_per_second = server,
         .busy_s = static_cast<double>(links_.queued_from_server()) * piece / server});
    for (const auto& group : group_by_holders(wanted, found_)) {
      std::vector<std::uint32_t> peers;
      for (const auto from : group.hosts)
        peers.push_back(source_number(from, host));
      auto all = peers;
      all.push_back(0);
      const auto first = static_cast<std::uint32_t>(problem_.groups.size());
      problem_.groups.push_back(std::move(all));
      problem_.groups.push_back(std::move(peers));
      for_each_piece(group.pieces, [&](std::uint32_t number) {
        const auto item = group.pack * load_.pieces_per_pack + number;
        const bool coming = pose_arrivals(item, host);
        problem_.pieces.push_back({config_.piece_bytes, coming ? first + 1 : first});
        items_.push_back(item);
      });
    }
    for (const auto& source : problem_.sources) {
      if (!source.origin) source_of_[source.id] = no_source;
    }
  }

  bool pose_arrivals(item_number item, std::uint32_t host) {
    const auto found = under_way_.find(item);
    if (found == under_way_.end()) return false;
    std::size_t posed = 0;
    const auto piece = static_cast<std::uint32_t>(problem_.pieces.size());
    for (const auto& [other, ready_s] : found->second) {
      if (other == host) continue;
      problem_.arriving.push_back(
          {piece, source_number(other, host), std::max(0.0, ready_s - events_.now())});
      if (++posed == arriving_sources_max) break;
    }
    return posed > 0;
  }

  void piece_arrived(std::uint32_t from, std::uint32_t to, item_number item) {
    --queued_to_[to];
    note(to, caches_.arrived(to, item, events_.now()));
    if (const auto coming = under_way_.find(item); coming != under_way_.end()) {
      std::erase_if(coming->second, [&](const auto& one) { return one.first == to; });
      if (coming->second.empty()) under_way_.erase(coming);
    }
    if (const auto next = forward_.find(item); next != forward_.end()) {
      auto& list = next->second;
      const auto mine = std::stable_partition(list.begin(), list.end(),
                                              [&](const auto& one) { return one.first != to; });
      const std::vector<std::pair<std::uint32_t, std::uint32_t>> sent(mine, list.end());
      list.erase(mine, list.end());
      if (list.empty()) forward_.erase(next);
      for (const auto& [source, target] : sent)
        links_.send(source, target, item);
    }
    count_bytes(from, to, item);
    finish_provisions(to, item);
    if (index_ != nullptr && config_.sources == topology::source_policy::earliest_finish)
      take_over(from, to);
  }

  /// A source that has nothing more to send to this host relieves the one that has most.
  void take_over(std::uint32_t from, std::uint32_t to) {
    if (from == server_source || links_.queued(from, to) > 0) return;
    links_.take_over(from, to,
                     [&](item_number item) { return caches_.held().contains(from, item); });
  }

  /// To the account of the instance that had the piece fetched: the first that waits for it.
  void count_bytes(std::uint32_t from, std::uint32_t to, item_number item) {
    const auto found = awaiting_[to].find(item);
    if (found == awaiting_[to].end()) return;
    auto& bytes = outcome_.provisions[found->second.front()].bytes;
    (from == server_source
         ? bytes.server
         : bytes.peers[static_cast<std::size_t>(config_.shape.between(from, to))]) +=
        config_.piece_bytes;
  }

  void finish_provisions(std::uint32_t host, item_number item) {
    const auto found = awaiting_[host].find(item);
    if (found == awaiting_[host].end()) return;
    for (const auto number : found->second) {
      if (--left_[number] > 0) continue;
      auto& done = outcome_.provisions[number];
      done.time_s = events_.now() - load_.requests[done.request].time_s;
    }
    awaiting_[host].erase(found);
  }

  const data_centre_config& config_;
  const data_centre_load& load_;
  directory* index_;
  event_queue events_;
  host_caches caches_;
  occupancy slots_;
  physical_links links_;
  run_outcome outcome_;
  /// Pieces each provision still waits for.
  std::vector<std::uint32_t> left_;
  std::vector<std::vector<holding_change>> unpublished_;
  /// By host: who waits for a piece.
  std::vector<std::unordered_map<item_number, std::vector<std::uint32_t>>> awaiting_;
  /// Pieces on their way: to whom, and when they are predicted there.
  std::unordered_map<item_number, std::vector<std::pair<std::uint32_t, double>>> under_way_;
  /// Pieces that a host sends on as soon as it has them: source and target.
  std::unordered_map<item_number, std::vector<std::pair<std::uint32_t, std::uint32_t>>> forward_;

  // Of the choice being made.
  topology::source_problem problem_;
  std::vector<item_number> items_;
  std::vector<found_holder> found_;
  std::vector<std::uint32_t> source_of_;
  /// Pieces that each host awaits over its network card.
  std::vector<std::uint64_t> queued_to_;
};

} // namespace

run_outcome run_physical(const data_centre_config& config, const data_centre_load& load,
                         directory* index) {
  return physical_run{config, load, index}.run();
}

} // namespace shoal::simulator
