#include "topology/border_owner.hpp"

#include "topology/assert.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <queue>
#include <span>
#include <string_view>
#include <utility>

namespace shoal::topology {

namespace {

// Finalizer of SplitMix64 (Steele, Lea, Flood 2014): every input bit reaches every output bit.
constexpr std::uint64_t mix(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ull;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebull;
  return value ^ (value >> 31);
}

// FNV-1a, then mixed: hosts named alike must still rank unlike.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ull;
  for (const char c : text)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  return mix(hash);
}

using owner_table = std::vector<std::uint32_t>;

/// The stable matching of some pieces with hosts of equal capacity. One run.
class run_matching {
public:
  run_matching(std::uint64_t key, const std::vector<std::uint64_t>& hosts)
      : key_{key}, hosts_{hosts} {}

  /// Fills `owner[p]` (an index into hosts) for each piece of `pieces`.
  void match(std::span<const std::uint32_t> pieces, owner_table& owner) {
    set_capacities(pieces.size());
    for (const auto piece : pieces) {
      auto free = std::pair{piece, score_max};
      // A piece goes down its ranking from where it was last; whoever is full lets its worst go.
      while (const auto rejected = offer(free.first, free.second))
        free = *rejected;
    }
    for (std::uint32_t host = 0; host < held_.size(); ++host) {
      for (; !held_[host].empty(); held_[host].pop())
        owner[held_[host].top().second] = host;
    }
  }

private:
  static constexpr std::uint64_t score_max = ~0ull;
  using entry = std::pair<std::uint64_t, std::uint32_t>;

  [[nodiscard]] std::uint64_t score(std::uint32_t piece, std::size_t host) const {
    // Never the maximum, which means "not yet offered to anybody".
    return mix(hosts_[host] ^ mix(key_ + 0x9e3779b97f4a7c15ull * (piece + 1))) >> 1;
  }

  void set_capacities(std::size_t piece_count) {
    const auto count = hosts_.size();
    capacity_.assign(count, piece_count / count);
    std::vector<std::uint32_t> order(count);
    std::iota(order.begin(), order.end(), 0u);
    std::sort(order.begin(), order.end(), [&](auto a, auto b) {
      return std::pair{mix(hosts_[a] + key_), hosts_[a]} <
             std::pair{mix(hosts_[b] + key_), hosts_[b]};
    });
    for (std::size_t i = 0; i < piece_count % count; ++i)
      ++capacity_[order[i]];
    held_.assign(count, {});
  }

  /// Offers a piece to the best host that scores below `below`.
  /// @returns the piece left without a host and the score it was let go at, if any.
  std::optional<std::pair<std::uint32_t, std::uint64_t>> offer(std::uint32_t piece,
                                                               std::uint64_t below) {
    std::size_t best = hosts_.size();
    std::uint64_t best_score = 0;
    for (std::size_t host = 0; host < hosts_.size(); ++host) {
      const auto candidate = score(piece, host);
      if (candidate < below && (best == hosts_.size() || candidate > best_score)) {
        best = host;
        best_score = candidate;
      }
    }
    SHOAL_ASSERT(best < hosts_.size());
    auto& held = held_[best];
    if (held.size() < capacity_[best]) {
      held.emplace(best_score, piece);
      return std::nullopt;
    }
    if (held.empty() || held.top().first > best_score) return std::pair{piece, best_score};
    const auto [worst_score, worst] = held.top();
    held.pop();
    held.emplace(best_score, piece);
    return std::pair{worst, worst_score};
  }

  std::uint64_t key_;
  const std::vector<std::uint64_t>& hosts_;
  std::vector<std::size_t> capacity_;
  std::vector<std::priority_queue<entry, std::vector<entry>, std::greater<>>> held_;
};

/// Owners of `pieces` (ascending) among `members` (indices into the sorted fetchers).
void own(std::uint64_t pack_key, const std::vector<std::uint32_t>& pieces,
         const std::vector<std::uint64_t>& hosts, owner_table& owner) {
  if (hosts.size() == 1) {
    for (const auto piece : pieces)
      owner[piece] = 0;
    return;
  }
  for (std::size_t begin = 0; begin < pieces.size();) {
    const auto run = pieces[begin] / ownership_run_pieces;
    auto end = begin;
    while (end < pieces.size() && pieces[end] / ownership_run_pieces == run)
      ++end;
    run_matching{mix(pack_key + run), hosts}.match({pieces.data() + begin, end - begin}, owner);
    begin = end;
  }
}

/// Fetchers in one order for everybody, and their indices in the caller's list.
struct roster {
  std::vector<std::uint32_t> index;
  std::vector<std::uint64_t> hosts;
};

roster roster_of(const std::vector<fetcher>& fetchers, const place* only_rack) {
  roster made;
  for (std::uint32_t i = 0; i < fetchers.size(); ++i) {
    if (!only_rack || fetchers[i].where == *only_rack) made.index.push_back(i);
  }
  std::sort(made.index.begin(), made.index.end(),
            [&](auto a, auto b) { return fetchers[a].host < fetchers[b].host; });
  for (const auto i : made.index)
    made.hosts.push_back(hash_of(fetchers[i].host));
  return made;
}

} // namespace

std::vector<piece_assignment> piece_assignments(std::uint64_t pack_key, std::uint32_t piece_count,
                                                const std::vector<fetcher>& fetchers,
                                                const std::string& self) {
  const auto me = std::find_if(fetchers.begin(), fetchers.end(),
                               [&](const fetcher& one) { return one.host == self; });
  SHOAL_ASSERT(me != fetchers.end());
  const auto self_index = static_cast<std::uint32_t>(me - fetchers.begin());

  std::vector<std::uint32_t> pieces(piece_count);
  std::iota(pieces.begin(), pieces.end(), 0u);
  owner_table owner(piece_count);
  const auto everybody = roster_of(fetchers, nullptr);
  own(pack_key, pieces, everybody.hosts, owner);

  std::vector<piece_assignment> assigned(piece_count);
  std::vector<std::uint32_t> from_other_racks;
  for (const auto piece : pieces) {
    const auto source_owner = everybody.index[owner[piece]];
    if (source_owner == self_index)
      assigned[piece] = {piece_route::source, self_index, source_owner};
    else if (fetchers[source_owner].where == me->where) {
      assigned[piece] = {piece_route::inner, source_owner, source_owner};
    } else {
      assigned[piece] = {piece_route::outer, source_owner, source_owner};
      from_other_racks.push_back(piece);
    }
  }
  // Pieces that another rack brings in have one owner among the hosts of this rack.
  const auto rack = roster_of(fetchers, &me->where);
  own(mix(pack_key ^ hash_of(me->where.path())), from_other_racks, rack.hosts, owner);
  for (const auto piece : from_other_racks) {
    const auto rack_owner = rack.index[owner[piece]];
    if (rack_owner == self_index) continue;
    assigned[piece].route = piece_route::inner;
    assigned[piece].owner = rack_owner;
  }
  return assigned;
}

std::uint64_t host_score(std::uint64_t pack_key, const std::string& host) {
  // Another score than that of ownership, or owners of neighbouring ranks would always meet.
  return mix(mix(~pack_key) ^ hash_of(host));
}

std::uint64_t piece_score(std::uint64_t host_score, std::uint32_t piece) {
  return mix(host_score + 0x9e3779b97f4a7c15ull * (std::uint64_t{piece} + 1));
}

std::vector<piece_route> piece_routes(std::uint64_t pack_key, std::uint32_t piece_count,
                                      const std::vector<fetcher>& fetchers,
                                      const std::string& self) {
  std::vector<piece_route> routes;
  routes.reserve(piece_count);
  for (const auto& one : piece_assignments(pack_key, piece_count, fetchers, self)) {
    routes.push_back(one.route);
  }
  return routes;
}

} // namespace shoal::topology
