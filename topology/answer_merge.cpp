#include "topology/answer_merge.hpp"

#include <algorithm>

namespace shoal::topology {

namespace {

void merge_host(std::vector<index_holder>& hosts, const index_holder& more) {
  const auto same = std::find_if(hosts.begin(), hosts.end(),
                                 [&](const auto& one) { return one.host == more.host; });
  if (same == hosts.end()) {
    hosts.push_back(more);
    return;
  }
  if (same->all) return;
  if (more.all || same->words.size() != more.words.size()) {
    *same = more;
    return;
  }
  for (std::size_t i = 0; i < more.words.size(); ++i)
    same->words[i] |= more.words[i];
}

/// Takes what the holder has out of `wanted`. @returns whether that was anything.
bool subtract(piece_words& wanted, const index_holder& holder) {
  std::uint64_t useful = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto has = holder.all ? ~std::uint64_t{0} : holder.words[i];
    useful |= wanted[i] & has;
    wanted[i] &= ~has;
  }
  return useful != 0;
}

bool fits(const index_holder& holder, const piece_words& wanted) {
  return holder.all || holder.words.size() == wanted.size();
}

} // namespace

void merge(pack_answer& answer, const pack_answer& more) {
  if (answer.piece_count != more.piece_count) return;
  for (const auto& one : more.holders)
    merge_host(answer.holders, one);
  for (const auto& one : more.fetchers)
    merge_host(answer.fetchers, one);
}

piece_words lacking(const pack_pieces& wanted, const pack_answer& answer) {
  auto left = wanted.to_words();
  for (const auto& one : answer.holders)
    if (fits(one, left)) subtract(left, one);
  return left;
}

void limit_holders(pack_answer& answer, const pack_pieces& wanted, std::uint32_t holders_max) {
  if (answer.holders.size() <= holders_max) return;
  auto left = wanted.to_words();
  std::vector<bool> kept(answer.holders.size());
  std::size_t count = 0;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    kept[i] = fits(answer.holders[i], left) && subtract(left, answer.holders[i]);
    count += kept[i] ? 1 : 0;
  }
  std::vector<index_holder> holders;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const bool extra = !kept[i] && count < holders_max;
    count += extra ? 1 : 0;
    if (kept[i] || extra) holders.push_back(std::move(answer.holders[i]));
  }
  answer.holders = std::move(holders);
}

pack_answer* find_answer(std::vector<pack_answer>& answers, const pack_key& pack) {
  const auto found = std::find_if(answers.begin(), answers.end(),
                                  [&](const auto& one) { return one.pack == pack; });
  return found == answers.end() ? nullptr : &*found;
}

} // namespace shoal::topology
