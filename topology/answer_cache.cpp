#include "topology/answer_cache.hpp"

#include <algorithm>

namespace shoal::topology {

namespace {

/// Hosts remembered for one pack; a new one replaces the one that expires first.
constexpr std::size_t hosts_max = 64;

} // namespace

void answer_cache::remember(const pack_key& pack, std::uint32_t piece_count,
                            const index_holder& holder, instant now) {
  if (keep_for_ == std::chrono::milliseconds::zero() || packs_max_ == 0) return;
  if (!packs_.contains(pack)) {
    while (order_.size() >= packs_max_) {
      packs_.erase(order_.front());
      order_.pop_front();
    }
    order_.push_back(pack);
  }
  auto& entries = packs_[pack];
  auto words = pack_pieces{pack, piece_count, holder.all, holder.words}.to_words();
  auto mine = std::find_if(entries.begin(), entries.end(),
                           [&](const auto& one) { return one.host == holder.host; });
  if (mine == entries.end()) {
    if (entries.size() >= hosts_max) {
      entries.erase(std::min_element(entries.begin(), entries.end(), [](auto& a, auto& b) {
        return a.until < b.until;
      }));
    }
    entries.push_back({holder.host, std::move(words), now + keep_for_});
    return;
  }
  const bool valid = now < mine->until && mine->words.size() == words.size();
  bool repeated = true;
  for (std::size_t i = 0; valid && i < words.size(); ++i) {
    repeated = repeated && (mine->words[i] & ~words[i]) == 0;
    words[i] |= mine->words[i];
  }
  mine->words = std::move(words);
  // What was not heard again keeps the whole entry's old age: none may live for ever.
  if (!valid || repeated) mine->until = now + keep_for_;
}

void answer_cache::find(const pack_key& pack, piece_words& wanted, host_number except, instant now,
                        std::vector<index_holder>& holders) {
  const auto found = packs_.find(pack);
  if (found == packs_.end()) return;
  std::erase_if(found->second, [&](const auto& one) { return one.until <= now; });
  const auto asked = wanted;
  for (const auto& one : found->second) {
    if (one.host == except || one.words.size() != wanted.size()) continue;
    std::uint64_t useful = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i)
      useful |= one.words[i] & wanted[i];
    if (useful == 0) continue;
    auto& named = holders.emplace_back();
    named.host = one.host;
    named.words.resize(wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      named.words[i] = one.words[i] & asked[i];
      wanted[i] &= ~one.words[i];
    }
  }
}

void answer_cache::forget(host_number host, const pack_pieces& pieces) {
  const auto found = packs_.find(pieces.pack);
  if (found == packs_.end()) return;
  for (auto& one : found->second) {
    if (one.host != host || one.words.size() != words_for(pieces.piece_count)) continue;
    for (std::size_t i = 0; i < one.words.size(); ++i)
      one.words[i] &= ~pieces.word(i);
  }
}

void answer_cache::forget(host_number host) {
  for (auto& [pack, entries] : packs_)
    std::erase_if(entries, [&](const auto& one) { return one.host == host; });
}

} // namespace shoal::topology
