#include "topology/peer_choice.hpp"

#include <algorithm>
#include <optional>
#include <tuple>

namespace shoal::topology {

namespace {

/// FNV-1a over both names: any fixed order that differs between askers will do.
std::uint64_t rank(const std::string& asker, const std::string& host) {
  std::uint64_t hash = 0xcbf29ce484222325ull;
  for (const auto* text : {&asker, &host}) {
    for (const char c : *text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  }
  return hash ^ (hash >> 32);
}

/// The smallest domain that has a holder of everything.
std::optional<distance> nearest_complete(const std::vector<peer_candidate>& candidates,
                                         const place& where) {
  std::optional<distance> nearest;
  for (const auto& candidate : candidates) {
    if (!candidate.all) continue;
    const auto far = distance_between(where, candidate.where);
    if (!nearest || far < *nearest) nearest = far;
  }
  return nearest;
}

} // namespace

std::vector<peer_candidate> choose_holders(std::vector<peer_candidate> candidates,
                                           const std::string& asker, const place& where,
                                           std::size_t limit) {
  if (const auto nearest = nearest_complete(candidates, where)) {
    std::erase_if(candidates, [&](const peer_candidate& candidate) {
      return distance_between(where, candidate.where) > *nearest;
    });
  }
  std::sort(candidates.begin(), candidates.end(),
            [&](const peer_candidate& a, const peer_candidate& b) {
              return std::tuple{distance_between(where, a.where), !a.all, rank(asker, a.host)} <
                     std::tuple{distance_between(where, b.where), !b.all, rank(asker, b.host)};
            });
  if (candidates.size() > limit) candidates.resize(limit);
  return candidates;
}

} // namespace shoal::topology
