#include "topology/fetch_table.hpp"

#include <algorithm>

namespace shoal::topology {

namespace {

auto find_child(auto& fetches, std::uint32_t child) {
  return std::find_if(fetches.begin(), fetches.end(),
                      [&](const auto& one) { return one.child == child; });
}

} // namespace

bool fetch_table::begin(std::uint32_t child, const pack_pieces& pieces, host_number host,
                        std::uint32_t hosts_max) {
  auto& fetches = packs_[pieces.pack];
  auto mine = find_child(fetches, child);
  const bool first = mine == fetches.end();
  if (first) {
    fetches.push_back({.child = child, .pieces = pieces, .hosts = {}});
    mine = std::prev(fetches.end());
  } else if (mine->pieces.piece_count == pieces.piece_count) {
    auto words = mine->pieces.to_words();
    for (std::size_t i = 0; i < words.size(); ++i)
      words[i] |= pieces.word(i);
    mine->pieces = make_pieces(pieces.pack, pieces.piece_count, std::move(words));
  } else {
    mine->pieces = pieces;
  }
  auto& hosts = mine->hosts;
  if (hosts.size() < hosts_max && std::find(hosts.begin(), hosts.end(), host) == hosts.end()) {
    hosts.push_back(host);
  }
  return first;
}

bool fetch_table::end(std::uint32_t child, const pack_key& pack) {
  const auto found = packs_.find(pack);
  if (found == packs_.end()) return false;
  const auto mine = find_child(found->second, child);
  if (mine == found->second.end()) return false;
  found->second.erase(mine);
  if (found->second.empty()) packs_.erase(found);
  return true;
}

std::vector<pack_key> fetch_table::forget(std::uint32_t child) {
  std::vector<pack_key> packs;
  for (const auto& [pack, fetches] : packs_) {
    if (find_child(fetches, child) != fetches.end()) packs.push_back(pack);
  }
  for (const auto& pack : packs)
    end(child, pack);
  return packs;
}

const std::vector<child_fetch>* fetch_table::of(const pack_key& pack) const {
  const auto found = packs_.find(pack);
  return found == packs_.end() ? nullptr : &found->second;
}

void fetch_table::subtract_earlier(const pack_key& pack, std::uint32_t asker,
                                   piece_words& wanted) const {
  const auto* fetches = of(pack);
  if (fetches == nullptr) return;
  for (const auto& one : *fetches) {
    if (one.child == asker) return;
    if (words_for(one.pieces.piece_count) != wanted.size()) continue;
    for (std::size_t i = 0; i < wanted.size(); ++i)
      wanted[i] &= ~one.pieces.word(i);
  }
}

std::size_t fetch_table::size() const {
  std::size_t pairs = 0;
  for (const auto& [pack, fetches] : packs_)
    pairs += fetches.size();
  return pairs;
}

} // namespace shoal::topology
