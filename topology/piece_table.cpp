#include "topology/piece_table.hpp"

#include <algorithm>
#include <iterator>

namespace shoal::topology {

namespace {

using children = std::vector<std::uint32_t>;

/// Where `child` is in an ascending list, or belongs.
std::size_t position(const children& list, std::uint32_t child) {
  return static_cast<std::size_t>(std::lower_bound(list.begin(), list.end(), child) -
                                  list.begin());
}

bool is_at(const children& list, std::size_t index, std::uint32_t child) {
  return index < list.size() && list[index] == child;
}

bool erase(children& list, std::uint32_t child) {
  const auto index = position(list, child);
  if (!is_at(list, index, child)) return false;
  list.erase(list.begin() + static_cast<std::ptrdiff_t>(index));
  return true;
}

void insert(children& list, std::size_t index, std::uint32_t child) {
  // Doubling would cost more memory than the numbers themselves.
  if (list.size() == list.capacity()) list.reserve(list.size() + 1 + list.size() / 8);
  list.insert(list.begin() + static_cast<std::ptrdiff_t>(index), child);
}

bool every_piece(const std::uint64_t* words, std::uint32_t piece_count) {
  for (std::size_t i = 0; i < words_for(piece_count); ++i)
    if (words[i] != word_mask(piece_count, i)) return false;
  return true;
}

} // namespace

table_change piece_table::put(std::uint32_t child, const pack_pieces& held) {
  SHOAL_ASSERT(fits(held));
  if (held.none()) return drop(child, held.pack);
  auto& entry = packs_[held.pack];
  entry.piece_count = held.piece_count;
  const bool all = held.all || every_piece(held.words.data(), held.piece_count);
  return all ? put_full(entry, child) : put_part(entry, child, held.words);
}

table_change piece_table::drop(std::uint32_t child, const pack_key& pack) {
  const auto found = packs_.find(pack);
  if (found == packs_.end()) return {};
  const auto change = take_out(found->second, child);
  if (found->second.empty()) packs_.erase(found);
  return change;
}

table_change piece_table::remove(std::uint32_t child, const pack_pieces& pieces) {
  auto left = held(child, pieces.pack);
  if (left.piece_count == 0 || left.piece_count != pieces.piece_count) return {};
  auto words = left.to_words();
  for (std::size_t i = 0; i < words.size(); ++i)
    words[i] &= ~pieces.word(i);
  return put(child, make_pieces(pieces.pack, pieces.piece_count, std::move(words)));
}

std::vector<std::pair<pack_key, table_change>> piece_table::forget(std::uint32_t child) {
  std::vector<std::pair<pack_key, table_change>> changes;
  for (auto one = packs_.begin(); one != packs_.end();) {
    const auto change = take_out(one->second, child);
    if (change.membership) changes.emplace_back(one->first, change);
    one = one->second.empty() ? packs_.erase(one) : std::next(one);
  }
  return changes;
}

bool piece_table::fits(const pack_pieces& pieces) const {
  if (!pieces.well_formed()) return false;
  const auto found = packs_.find(pieces.pack);
  return found == packs_.end() || found->second.piece_count == pieces.piece_count;
}

pack_pieces piece_table::held(std::uint32_t child, const pack_key& pack) const {
  pack_pieces made{.pack = pack};
  const auto found = packs_.find(pack);
  if (found == packs_.end()) return made;
  const auto& entry = found->second;
  if (is_at(entry.full, position(entry.full, child), child)) {
    return all_pieces(pack, entry.piece_count);
  }
  const auto index = position(entry.part, child);
  if (!is_at(entry.part, index, child)) return made;
  made.piece_count = entry.piece_count;
  made.words.assign(entry.column(index), entry.column(index) + entry.width());
  return made;
}

pack_pieces piece_table::aggregate(const pack_key& pack) const {
  const auto found = packs_.find(pack);
  if (found == packs_.end()) return {.pack = pack};
  const auto& entry = found->second;
  if (!entry.full.empty()) return all_pieces(pack, entry.piece_count);
  const auto width = static_cast<std::ptrdiff_t>(entry.width());
  return make_pieces(pack, entry.piece_count, {entry.words.begin(), entry.words.begin() + width});
}

std::vector<std::uint32_t> piece_table::children_of(const pack_key& pack) const {
  const auto found = packs_.find(pack);
  if (found == packs_.end()) return {};
  std::vector<std::uint32_t> both;
  std::merge(found->second.full.begin(), found->second.full.end(), found->second.part.begin(),
             found->second.part.end(), std::back_inserter(both));
  return both;
}

std::uint32_t piece_table::piece_count(const pack_key& pack) const {
  const auto found = packs_.find(pack);
  return found == packs_.end() ? 0 : found->second.piece_count;
}

std::vector<pack_key> piece_table::packs() const {
  std::vector<pack_key> keys;
  keys.reserve(packs_.size());
  for (const auto& [pack, entry] : packs_)
    keys.push_back(pack);
  return keys;
}

std::vector<pack_key> piece_table::packs_of(std::uint32_t child) const {
  std::vector<pack_key> keys;
  for (const auto& [pack, entry] : packs_) {
    if (is_at(entry.full, position(entry.full, child), child) ||
        is_at(entry.part, position(entry.part, child), child)) {
      keys.push_back(pack);
    }
  }
  return keys;
}

void piece_table::find(const pack_key& pack, piece_words& wanted, const holder_limits& limits,
                       std::vector<child_pieces>& holders) const {
  const auto found = packs_.find(pack);
  if (found == packs_.end() || found->second.width() != wanted.size()) return;
  const auto& entry = found->second;
  const auto width = entry.width();
  std::uint32_t named = 0;
  bool complete = false;
  const auto asked = wanted;
  for (std::size_t i = 0; i < entry.full.size() && named < limits.holders_max; ++i) {
    const auto child = entry.full[(i + limits.turn) % entry.full.size()];
    if (child == limits.except) continue;
    holders.push_back({.child = child, .all = true, .words = {}});
    ++named;
    complete = true;
  }
  if (complete) std::fill(wanted.begin(), wanted.end(), 0);
  // Two rounds: whoever adds a piece that nobody named holds; then anybody, up to the limit.
  std::vector<bool> taken(entry.part.size());
  for (const bool any : {false, true}) {
    if (!any && complete) continue;
    for (std::size_t i = 0; i < entry.part.size(); ++i) {
      if (any && named >= limits.holders_max) return;
      const auto index = (i + limits.turn) % entry.part.size();
      if (taken[index] || entry.part[index] == limits.except) continue;
      const auto* column = entry.column(index);
      const auto& needed = any ? asked : wanted;
      std::uint64_t useful = 0;
      for (std::size_t word = 0; word < width; ++word)
        useful |= column[word] & needed[word];
      if (useful == 0) continue;
      auto& named_child = holders.emplace_back();
      named_child.child = entry.part[index];
      named_child.words.resize(width);
      for (std::size_t word = 0; word < width; ++word) {
        named_child.words[word] = column[word] & asked[word];
        wanted[word] &= ~column[word];
      }
      taken[index] = true;
      ++named;
    }
  }
}

table_counts piece_table::counts() const {
  table_counts total;
  total.packs = packs_.size();
  total.bytes = packs_.bucket_count() * sizeof(void*);
  for (const auto& [pack, entry] : packs_) {
    total.holdings += entry.full.size() + entry.part.size();
    // A node of the map: the pair, the pointer to the next and the hash.
    total.bytes += sizeof(packs_map::value_type) + 2 * sizeof(void*);
    total.bytes += (entry.full.capacity() + entry.part.capacity()) * sizeof(std::uint32_t);
    total.bytes += entry.words.capacity() * sizeof(std::uint64_t);
  }
  return total;
}

table_change piece_table::put_part(pack_entry& entry, std::uint32_t child,
                                   const piece_words& held) {
  table_change change;
  const bool was_full = erase(entry.full, child);
  const auto index = position(entry.part, child);
  const bool was_part = is_at(entry.part, index, child);
  change.membership = !was_part;
  if (!was_part) {
    insert(entry.part, index, child);
    insert_column(entry, index);
  }
  auto* column = entry.column(index);
  auto* any = entry.words.data();
  std::uint64_t appeared = 0;
  std::uint64_t vanished = 0;
  for (std::size_t i = 0; i < entry.width(); ++i) {
    vanished |= column[i] & ~held[i];
    appeared |= held[i] & ~any[i];
    column[i] = held[i];
    any[i] |= held[i];
  }
  const bool lost = vanished != 0 && recompute(entry);
  if (!entry.full.empty()) return change;
  if (was_full) {
    change.aggregate = !every_piece(entry.words.data(), entry.piece_count);
  } else {
    change.aggregate = appeared != 0 || lost;
  }
  return change;
}

table_change piece_table::put_full(pack_entry& entry, std::uint32_t child) {
  const auto index = position(entry.full, child);
  if (is_at(entry.full, index, child)) return {};
  const bool had_all = !entry.full.empty() ||
                       (!entry.part.empty() && every_piece(entry.words.data(), entry.piece_count));
  insert(entry.full, index, child);
  const auto part = position(entry.part, child);
  if (is_at(entry.part, part, child)) erase_column(entry, part);
  return {.aggregate = !had_all, .membership = true};
}

table_change piece_table::take_out(pack_entry& entry, std::uint32_t child) {
  if (erase(entry.full, child)) {
    const bool has_all =
        !entry.full.empty() ||
        (!entry.part.empty() && every_piece(entry.words.data(), entry.piece_count));
    return {.aggregate = !has_all, .membership = true};
  }
  const auto index = position(entry.part, child);
  if (!is_at(entry.part, index, child)) return {};
  const bool changed = entry.part.size() == 1 || [&] {
    std::fill_n(entry.column(index), entry.width(), 0);
    return recompute(entry);
  }();
  erase_column(entry, index);
  return {.aggregate = changed && entry.full.empty(), .membership = true};
}

/// What any of `part` holds, anew. @returns whether it changed.
bool piece_table::recompute(pack_entry& entry) {
  const auto width = entry.width();
  bool changed = false;
  for (std::size_t word = 0; word < width; ++word) {
    std::uint64_t any = 0;
    for (std::size_t index = 0; index < entry.part.size(); ++index)
      any |= entry.words[(index + 1) * width + word];
    changed = changed || any != entry.words[word];
    entry.words[word] = any;
  }
  return changed;
}

void piece_table::insert_column(pack_entry& entry, std::size_t index) {
  const auto width = entry.width();
  const auto needed = (entry.part.size() + 1) * width;
  if (entry.words.capacity() < needed) entry.words.reserve(needed + needed / 16);
  if (entry.words.empty()) entry.words.resize(width);
  const auto at = entry.words.begin() + static_cast<std::ptrdiff_t>((index + 1) * width);
  entry.words.insert(at, width, 0);
}

void piece_table::erase_column(pack_entry& entry, std::size_t index) {
  const auto width = static_cast<std::ptrdiff_t>(entry.width());
  const auto at = entry.words.begin() + static_cast<std::ptrdiff_t>(index + 1) * width;
  entry.words.erase(at, at + width);
  entry.part.erase(entry.part.begin() + static_cast<std::ptrdiff_t>(index));
  if (entry.part.empty()) {
    entry.words = {};
    return;
  }
  recompute(entry);
  // Hosts that complete a pack one after the other would leave the whole block behind.
  if (entry.words.capacity() > 2 * entry.words.size()) entry.words.shrink_to_fit();
}

} // namespace shoal::topology
