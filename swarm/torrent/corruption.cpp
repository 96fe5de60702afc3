#include "swarm/torrent/corruption.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace shoal::swarm {

namespace {

std::set<std::string> senders_of(const piece_arrival& arrival) {
  std::set<std::string> senders{arrival.senders.begin(), arrival.senders.end()};
  senders.erase("");
  return senders;
}

} // namespace

blame corruption_record::failed(std::uint32_t piece, piece_arrival arrival) {
  blame told;
  const auto senders = senders_of(arrival);
  for (const auto& sender : senders)
    ++bad_pieces_[sender];
  if (senders.size() == 1) {
    told.guilty.assign(senders.begin(), senders.end());
    return told;
  }
  auto& attempts = open_[piece];
  attempts.push_back(std::move(arrival));
  if (attempts.size() < attempts_max) {
    told.suspects.assign(senders.begin(), senders.end());
    return told;
  }
  auto always = senders;
  for (const auto& attempt : attempts) {
    const auto had_a_hand = senders_of(attempt);
    std::erase_if(always, [&](const auto& sender) { return !had_a_hand.contains(sender); });
  }
  const auto& pool = always.empty() ? senders : always;
  const auto worst = std::max_element(pool.begin(), pool.end(), [&](const auto& a, const auto& b) {
    return bad_pieces_[a] < bad_pieces_[b];
  });
  if (worst != pool.end()) told.guilty.push_back(*worst);
  open_.erase(piece);
  return told;
}

std::vector<std::string> corruption_record::verified(std::uint32_t piece,
                                                     const std::vector<digest>& leaves) {
  const auto found = open_.find(piece);
  if (found == open_.end()) return {};
  std::set<std::string> guilty;
  for (const auto& attempt : found->second) {
    for (std::size_t block = 0; block < leaves.size() && block < attempt.leaves.size(); ++block) {
      if (attempt.leaves[block] != leaves[block] && block < attempt.senders.size()) {
        guilty.insert(attempt.senders[block]);
      }
    }
  }
  guilty.erase("");
  open_.erase(found);
  return {guilty.begin(), guilty.end()};
}

} // namespace shoal::swarm
