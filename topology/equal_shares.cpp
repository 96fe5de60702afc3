#include "topology/equal_shares.hpp"

#include "topology/assert.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <queue>
#include <span>
#include <utility>

namespace shoal::topology {

namespace {

/// The stable matching of some pieces with sharers of given capacities. One run.
class run_matching {
public:
  run_matching(std::uint64_t key, const std::vector<sharer>& sharers)
      : key_{key}, sharers_{sharers} {}

  /// Fills `owner[i]` for `pieces[i]`.
  void match(std::span<const std::uint32_t> pieces, std::span<std::uint32_t> owner) {
    set_capacities(pieces.size());
    for (std::uint32_t i = 0; i < pieces.size(); ++i) {
      auto free = std::pair{i, score_max};
      // A piece goes down its ranking from where it was last; whoever is full lets its worst go.
      while (const auto rejected = offer(pieces, free.first, free.second))
        free = *rejected;
    }
    for (std::uint32_t sharer = 0; sharer < held_.size(); ++sharer) {
      for (; !held_[sharer].empty(); held_[sharer].pop())
        owner[held_[sharer].top().second] = sharer;
    }
  }

private:
  static constexpr std::uint64_t score_max = ~0ull;
  using entry = std::pair<std::uint64_t, std::uint32_t>;

  [[nodiscard]] std::uint64_t score(std::uint32_t piece, std::size_t sharer) const {
    // Never the maximum, which means "not yet offered to anybody".
    const auto of_piece = mix(key_ + 0x9e3779b97f4a7c15ull * (std::uint64_t{piece} + 1));
    return mix(sharers_[sharer].hash ^ of_piece) >> 1;
  }

  // Counted host by host, so that shares stay equal whichever domains the hosts are in.
  void set_capacities(std::size_t piece_count) {
    std::vector<std::pair<std::uint64_t, std::uint32_t>> hosts;
    for (std::uint32_t i = 0; i < sharers_.size(); ++i) {
      for (const auto host : sharers_[i].hosts)
        hosts.emplace_back(mix(host + key_), i);
    }
    std::sort(hosts.begin(), hosts.end());
    capacity_.assign(sharers_.size(), 0);
    for (std::size_t i = 0; i < hosts.size(); ++i) {
      capacity_[hosts[i].second] += piece_count / hosts.size();
      capacity_[hosts[i].second] += i < piece_count % hosts.size();
    }
    held_.assign(sharers_.size(), {});
  }

  /// Offers a piece to the best sharer that scores below `below`.
  /// @returns the piece left without one and the score it was let go at, if any.
  std::optional<std::pair<std::uint32_t, std::uint64_t>>
  offer(std::span<const std::uint32_t> pieces, std::uint32_t index, std::uint64_t below) {
    std::size_t best = sharers_.size();
    std::uint64_t best_score = 0;
    for (std::size_t sharer = 0; sharer < sharers_.size(); ++sharer) {
      const auto candidate = score(pieces[index], sharer);
      if (candidate < below && (best == sharers_.size() || candidate > best_score)) {
        best = sharer;
        best_score = candidate;
      }
    }
    SHOAL_ASSERT(best < sharers_.size());
    auto& held = held_[best];
    if (held.size() < capacity_[best]) {
      held.emplace(best_score, index);
      return std::nullopt;
    }
    if (held.empty() || held.top().first > best_score) return std::pair{index, best_score};
    const auto [worst_score, worst] = held.top();
    held.pop();
    held.emplace(best_score, index);
    return std::pair{worst, worst_score};
  }

  std::uint64_t key_;
  const std::vector<sharer>& sharers_;
  std::vector<std::size_t> capacity_;
  std::vector<std::priority_queue<entry, std::vector<entry>, std::greater<>>> held_;
};

} // namespace

std::uint64_t hash_of(std::string_view text) {
  // FNV-1a, then mixed: hosts named alike must still rank unlike.
  std::uint64_t hash = 0xcbf29ce484222325ull;
  for (const char c : text)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  return mix(hash);
}

std::vector<std::uint32_t> deal_out(std::uint64_t key, const std::vector<std::uint32_t>& pieces,
                                    const std::vector<sharer>& sharers) {
  SHOAL_ASSERT(!sharers.empty());
  std::vector<std::uint32_t> owner(pieces.size(), 0);
  if (sharers.size() == 1) return owner;
  for (std::size_t begin = 0; begin < pieces.size();) {
    const auto run = pieces[begin] / ownership_run_pieces;
    auto end = begin;
    while (end < pieces.size() && pieces[end] / ownership_run_pieces == run)
      ++end;
    run_matching{mix(key + run), sharers}.match({pieces.data() + begin, end - begin},
                                                {owner.data() + begin, end - begin});
    begin = end;
  }
  return owner;
}

} // namespace shoal::topology
