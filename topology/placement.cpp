#include "topology/placement.hpp"

#include "topology/assert.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>
#include <utility>

namespace shoal::topology {

namespace {

/// SplitMix64's finaliser (Steele, Lea, Flood 2014).
std::uint64_t mixed(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

std::uint64_t turn_of(std::uint64_t seed, std::uint32_t host) {
  return mixed(mixed(seed) ^ (std::uint64_t{host} + 1));
}

/// Exponentially distributed with mean 1, from any number.
double exponential(std::uint64_t random) {
  constexpr double unit = 1.0 / 9007199254740992.0; // 2^-53
  return -std::log((static_cast<double>(random >> 11) + 0.5) * unit);
}

/// A host as the choices so far have left it.
struct host_state {
  const placement_candidate* base = nullptr;
  std::uint64_t load = 0;
  std::uint64_t lacking_bytes = 0;
  std::uint64_t room_bytes = 0;
  std::uint32_t free_slots = 0;
  std::uint32_t turns_left = 0;
  /// When its next turn comes under `random`; zero under the others.
  double arrival = 0;
};

/// What is compared; smaller is better.
struct rank_key {
  /// VMs of the request in the domain that spreading deals over.
  std::uint32_t in_spread = 0;
  double cost = 0;
  std::uint64_t load = 0;
  std::uint64_t turn = 0;
  std::uint32_t host = 0;

  friend bool operator<(const rank_key& a, const rank_key& b) {
    return std::tie(a.in_spread, a.cost, a.load, a.turn, a.host) <
           std::tie(b.in_spread, b.cost, b.load, b.turn, b.host);
  }
};

double lacking_share(std::uint64_t lacking_bytes, const placement_request& request) {
  if (request.image_bytes == 0) return lacking_bytes == 0 ? 0 : 1;
  return static_cast<double>(lacking_bytes) / static_cast<double>(request.image_bytes);
}

double used_share(const host_state& host) {
  const auto quota = host.base->quota_bytes;
  if (quota == unlimited_bytes || quota == 0) return 0;
  const auto room = std::min(host.room_bytes, quota);
  return 1.0 - static_cast<double>(room) / static_cast<double>(quota);
}

/// What the host itself costs, whatever its neighbours.
double own_cost(const host_state& host, const placement_request& request) {
  const auto& weights = request.weights;
  switch (request.strategy) {
  case placement_strategy::random: return 0;
  case placement_strategy::min_loaded: return static_cast<double>(host.load);
  case placement_strategy::shoal_friendly: return lacking_share(host.lacking_bytes, request);
  case placement_strategy::weighted:
    return weights.bytes * lacking_share(host.lacking_bytes, request) +
           weights.load * static_cast<double>(host.load) + weights.room * used_share(host);
  }
  return 0;
}

/// What `vms` of the request in a domain cost.
double domain_cost(const placement_request& request, double weight, std::uint32_t vms) {
  return request.strategy == placement_strategy::weighted ? weight * vms : 0;
}

host_state state_of(const placement_candidate& candidate, const placement_request& request) {
  host_state host{.base = &candidate,
                  .load = candidate.load(),
                  .lacking_bytes = candidate.lacking_bytes,
                  .room_bytes = candidate.room_bytes,
                  .free_slots = candidate.free_slots,
                  .turns_left = request.per_host_max,
                  .arrival = 0};
  if (request.strategy == placement_strategy::random) {
    host.arrival = exponential(turn_of(request.seed, candidate.host));
  }
  return host;
}

rank_key key_of(const host_state& host, const placement_request& request) {
  const auto random = request.strategy == placement_strategy::random;
  return {.in_spread = 0,
          .cost = random ? host.arrival : own_cost(host, request),
          .load = host.load,
          .turn = turn_of(request.seed, host.base->host),
          .host = host.base->host};
}

placement_choice choice_of(const host_state& host, const placement_request& request,
                           std::uint32_t in_rack, std::uint32_t in_cluster) {
  return {.host = host.base->host,
          .lacking_bytes = host.lacking_bytes,
          .held_share = std::max(0.0, 1.0 - lacking_share(host.lacking_bytes, request)),
          .load = host.load,
          .room_bytes = host.room_bytes,
          .free_slots = std::min(host.free_slots, host.turns_left),
          .in_rack = in_rack,
          .in_cluster = in_cluster,
          .cost = own_cost(host, request) +
                  domain_cost(request, request.weights.rack, in_rack) +
                  domain_cost(request, request.weights.cluster, in_cluster)};
}

/// The host takes one VM. @returns whether it could take another.
bool take(host_state& host, const placement_request& request) {
  ++host.load;
  if (host.room_bytes != unlimited_bytes) host.room_bytes -= host.lacking_bytes;
  host.lacking_bytes = 0;
  if (host.free_slots != unlimited_vms) --host.free_slots;
  if (host.turns_left != unlimited_vms) --host.turns_left;
  if (request.strategy == placement_strategy::random) {
    // Hosts' turns are independent Poisson processes of one rate: memoryless, so that each turn is
    // any host's with the same chance, as if one were drawn each time.
    host.arrival += exponential(mixed(turn_of(request.seed, host.base->host) + host.load));
  }
  return host.free_slots > 0 && host.turns_left > 0;
}

bool larger(const rank_key& a, const rank_key& b) { return b < a; }

/// A tournament of clusters, their racks and their hosts: what a VM adds to the cost of a domain is
/// the same for all in it, so that a choice changes one path only, not the order of the rest.
class tournament {
  struct entry {
    rank_key key;
    std::uint32_t host = 0;
  };
  struct rack_state {
    std::uint32_t vms = 0;
    rank_key best;
    std::vector<entry> order;
  };
  struct cluster_state {
    std::uint32_t vms = 0;
    rank_key best;
    std::vector<std::uint32_t> order;
  };

  static auto worse_host() {
    return [](const entry& a, const entry& b) { return larger(a.key, b.key); };
  }
  auto worse_rack() const {
    return [this](auto a, auto b) { return larger(racks_[a].best, racks_[b].best); };
  }
  auto worse_cluster() const {
    return [this](auto a, auto b) { return larger(clusters_[a].best, clusters_[b].best); };
  }

public:
  tournament(std::span<const placement_candidate> candidates, const placement_request& request)
      : request_{request} {
    for (const auto& candidate : candidates) {
      if (candidate.placed_before > 0 || !refusal_of(candidate, request)) {
        hosts_.push_back(state_of(candidate, request));
      }
    }
    std::sort(hosts_.begin(), hosts_.end(), [](const host_state& a, const host_state& b) {
      return std::tie(a.base->cluster, a.base->rack, a.base->host) <
             std::tie(b.base->cluster, b.base->rack, b.base->host);
    });
    build();
  }

  [[nodiscard]] bool empty() const { return order_.empty(); }

  /// Chooses the best host and lets it take a VM. @pre not empty.
  placement_choice choose() {
    std::pop_heap(order_.begin(), order_.end(), worse_cluster());
    auto& cluster = clusters_[order_.back()];
    std::pop_heap(cluster.order.begin(), cluster.order.end(), worse_rack());
    auto& rack = racks_[cluster.order.back()];
    std::pop_heap(rack.order.begin(), rack.order.end(), worse_host());
    auto& host = hosts_[rack.order.back().host];
    const auto choice = choice_of(host, request_, rack.vms, cluster.vms);
    ++rack.vms;
    ++cluster.vms;
    put_back(rack, host);
    put_back(cluster, rack);
    put_back(cluster);
    return choice;
  }

private:
  /// @pre hosts are sorted by cluster and rack.
  void build() {
    const placement_candidate* before = nullptr;
    for (std::uint32_t i = 0; i < hosts_.size(); ++i) {
      const auto& base = *hosts_[i].base;
      if (!before || before->cluster != base.cluster) clusters_.emplace_back();
      if (!before || before->cluster != base.cluster || before->rack != base.rack) {
        clusters_.back().order.push_back(static_cast<std::uint32_t>(racks_.size()));
        racks_.emplace_back();
      }
      before = &base;
      racks_.back().vms += base.placed_before;
      clusters_.back().vms += base.placed_before;
      if (!refusal_of(base, request_)) {
        racks_.back().order.push_back({key_of(hosts_[i], request_), i});
      }
    }
    for (auto& rack : racks_) {
      std::make_heap(rack.order.begin(), rack.order.end(), worse_host());
      if (!rack.order.empty()) refresh(rack);
    }
    for (std::uint32_t i = 0; i < clusters_.size(); ++i) {
      auto& order = clusters_[i].order;
      std::erase_if(order, [&](auto rack) { return racks_[rack].order.empty(); });
      if (order.empty()) continue;
      std::make_heap(order.begin(), order.end(), worse_rack());
      refresh(clusters_[i]);
      order_.push_back(i);
    }
    std::make_heap(order_.begin(), order_.end(), worse_cluster());
  }

  void refresh(rack_state& rack) const {
    rack.best = rack.order.front().key;
    rack.best.cost += domain_cost(request_, request_.weights.rack, rack.vms);
    if (request_.spread == placement_spread::rack) rack.best.in_spread = rack.vms;
  }
  void refresh(cluster_state& cluster) const {
    cluster.best = racks_[cluster.order.front()].best;
    cluster.best.cost += domain_cost(request_, request_.weights.cluster, cluster.vms);
    if (request_.spread == placement_spread::cluster) cluster.best.in_spread = cluster.vms;
  }

  /// The chosen host, rack and cluster stand last in their heaps: back in, or out for good.
  void put_back(rack_state& rack, host_state& host) const {
    if (take(host, request_)) {
      rack.order.back().key = key_of(host, request_);
      std::push_heap(rack.order.begin(), rack.order.end(), worse_host());
    } else {
      rack.order.pop_back();
    }
    if (!rack.order.empty()) refresh(rack);
  }
  void put_back(cluster_state& cluster, const rack_state& rack) const {
    if (rack.order.empty()) cluster.order.pop_back();
    else std::push_heap(cluster.order.begin(), cluster.order.end(), worse_rack());
    if (!cluster.order.empty()) refresh(cluster);
  }
  void put_back(const cluster_state& cluster) {
    if (cluster.order.empty()) order_.pop_back();
    else std::push_heap(order_.begin(), order_.end(), worse_cluster());
  }

  const placement_request& request_;
  std::vector<host_state> hosts_;
  std::vector<rack_state> racks_;
  std::vector<cluster_state> clusters_;
  std::vector<std::uint32_t> order_;
};

/// One VM, and none before it: nothing to spread, so that one pass does.
std::optional<placement_choice> best_host(std::span<const placement_candidate> candidates,
                                          const placement_request& request) {
  const placement_candidate* best = nullptr;
  rank_key best_key;
  for (const auto& candidate : candidates) {
    if (refusal_of(candidate, request)) continue;
    const auto key = key_of(state_of(candidate, request), request);
    if (best && !(key < best_key)) continue;
    best = &candidate;
    best_key = key;
  }
  if (!best) return std::nullopt;
  return choice_of(state_of(*best, request), request, 0, 0);
}

void count_refusals(std::span<const placement_candidate> candidates,
                    const placement_request& request, placement_outcome& outcome) {
  for (const auto& candidate : candidates) {
    // What could take a VM at first has its slots full in the end.
    const auto refusal = refusal_of(candidate, request).value_or(placement_refusal::no_slot);
    if (refusal == placement_refusal::no_room) ++outcome.hosts_without_room;
    else ++outcome.hosts_without_slot;
  }
}

} // namespace

std::optional<placement_refusal> refusal_of(const placement_candidate& candidate,
                                            const placement_request& request) {
  if (candidate.free_slots == 0 || request.per_host_max == 0) return placement_refusal::no_slot;
  if (candidate.lacking_bytes > candidate.room_bytes) return placement_refusal::no_room;
  return std::nullopt;
}

placement_outcome place_vms(std::span<const placement_candidate> candidates,
                            const placement_request& request) {
  SHOAL_ASSERT(check(request.weights).ok());
  placement_outcome outcome;
  const bool fresh = std::none_of(candidates.begin(), candidates.end(),
                                  [](const auto& host) { return host.placed_before > 0; });
  if (request.count == 1 && fresh) {
    if (const auto choice = best_host(candidates, request)) outcome.choices.push_back(*choice);
  } else if (request.count > 0) {
    tournament hosts{candidates, request};
    while (outcome.choices.size() < request.count && !hosts.empty()) {
      outcome.choices.push_back(hosts.choose());
    }
  }
  outcome.missing = request.count - static_cast<std::uint32_t>(outcome.choices.size());
  if (outcome.missing > 0) count_refusals(candidates, request, outcome);
  return outcome;
}

std::vector<placement_choice> rank_hosts(std::span<const placement_candidate> candidates,
                                         const placement_request& request) {
  SHOAL_ASSERT(check(request.weights).ok());
  std::map<std::uint32_t, std::uint32_t> in_rack;
  std::map<std::uint32_t, std::uint32_t> in_cluster;
  for (const auto& candidate : candidates) {
    if (candidate.placed_before == 0) continue;
    in_rack[candidate.rack] += candidate.placed_before;
    in_cluster[candidate.cluster] += candidate.placed_before;
  }
  const auto count = [](const auto& counts, std::uint32_t domain) {
    const auto found = counts.find(domain);
    return found == counts.end() ? 0 : found->second;
  };
  std::vector<std::pair<rank_key, placement_choice>> ranked;
  for (const auto& candidate : candidates) {
    if (refusal_of(candidate, request)) continue;
    const auto host = state_of(candidate, request);
    const auto rack = count(in_rack, candidate.rack);
    const auto cluster = count(in_cluster, candidate.cluster);
    auto key = key_of(host, request);
    key.cost += domain_cost(request, request.weights.rack, rack) +
                domain_cost(request, request.weights.cluster, cluster);
    if (request.spread == placement_spread::rack) key.in_spread = rack;
    if (request.spread == placement_spread::cluster) key.in_spread = cluster;
    ranked.emplace_back(key, choice_of(host, request, rack, cluster));
  }
  std::sort(ranked.begin(), ranked.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<placement_choice> out;
  out.reserve(ranked.size());
  for (auto& [key, choice] : ranked) out.push_back(choice);
  return out;
}

} // namespace shoal::topology
