#include "tools/simulator/data_centre/holder_groups.hpp"

#include <algorithm>

namespace shoal::simulator {

namespace {

bool none(const piece_words& words) {
  return std::all_of(words.begin(), words.end(), [](std::uint64_t word) { return word == 0; });
}

/// Splits one part's groups, from `begin` on, into what the host has and what it has not.
void split(std::vector<holder_group>& groups, std::size_t begin, const found_holder& holder) {
  const auto end = groups.size();
  for (auto i = begin; i < end; ++i) {
    piece_words with(holder.pieces.size());
    piece_words without(holder.pieces.size());
    for (std::size_t word = 0; word < with.size(); ++word) {
      with[word] = groups[i].pieces[word] & holder.pieces[word];
      without[word] = groups[i].pieces[word] & ~holder.pieces[word];
    }
    if (none(with)) continue;
    if (!none(without)) {
      groups.push_back({groups[i].pack, std::move(without), groups[i].hosts});
      groups[i].pieces = std::move(with);
    }
    groups[i].hosts.push_back(holder.host);
  }
}

} // namespace

std::vector<holder_group> group_by_holders(std::span<const image_part> wanted,
                                           std::span<const found_holder> found) {
  std::vector<holder_group> groups;
  std::vector<const found_holder*> ordered;
  for (std::uint32_t part = 0; part < wanted.size(); ++part) {
    if (none(wanted[part].pieces)) continue;
    const auto begin = groups.size();
    groups.push_back({wanted[part].pack, wanted[part].pieces, {}});
    ordered.clear();
    for (const auto& holder : found) {
      if (holder.part == part) ordered.push_back(&holder);
    }
    std::sort(ordered.begin(), ordered.end(),
              [](const auto* a, const auto* b) { return a->host < b->host; });
    for (const auto* holder : ordered)
      split(groups, begin, *holder);
  }
  return groups;
}

} // namespace shoal::simulator
