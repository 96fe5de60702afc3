#include "topology/holder_table.hpp"

#include <algorithm>
#include <unordered_set>

namespace shoal::topology {

namespace {

std::size_t bitmap_bytes(std::uint32_t piece_count) {
  return (static_cast<std::size_t>(piece_count) + 7) / 8;
}

pack_pieces to_pieces(const holding& held) {
  if (held.all) return all_pieces(held.pack, held.piece_count);
  piece_words words(words_for(held.piece_count));
  for (std::size_t i = 0; i < held.bitmap.size(); ++i) {
    words[i / 8] |= std::uint64_t{static_cast<unsigned char>(held.bitmap[i])} << (i % 8 * 8);
  }
  return make_pieces(held.pack, held.piece_count, std::move(words));
}

std::string to_bitmap(const pack_pieces& pieces) {
  std::string bitmap(bitmap_bytes(pieces.piece_count), '\0');
  for (std::size_t i = 0; i < bitmap.size(); ++i)
    bitmap[i] = static_cast<char>(pieces.word(i / 8) >> (i % 8 * 8));
  return bitmap;
}

bool well_formed(std::string_view bitmap, std::uint32_t piece_count) {
  if (bitmap.size() != bitmap_bytes(piece_count)) return false;
  return piece_count % 8 == 0 ||
         static_cast<unsigned char>(bitmap.back()) >> (piece_count % 8) == 0;
}

void set_piece(std::string& bitmap, std::uint32_t piece, bool held) {
  const auto bit = static_cast<unsigned char>(1u << (piece % 8));
  auto byte = static_cast<unsigned char>(bitmap[piece / 8]);
  byte = static_cast<unsigned char>(held ? byte | bit : byte & ~bit);
  bitmap[piece / 8] = static_cast<char>(byte);
}

std::vector<pack_key> list(const std::set<pack_key>& packs) { return {packs.begin(), packs.end()}; }

} // namespace

result<std::vector<pack_key>> holder_table::announce(const announcement& news) {
  std::unordered_map<pack_key, std::uint32_t, pack_key_hash> piece_counts;
  for (const auto& held : news.holdings) {
    if (auto checked = check(held); !checked) return checked.error();
    const auto [known, first] = piece_counts.emplace(held.pack, held.piece_count);
    if (!first && known->second != held.piece_count) {
      return {errc::invalid_argument, "one announcement gives a pack two counts of pieces"};
    }
  }
  changes changed;
  const auto host = enter(news.host, news.session, changed);
  if (!host) return list(changed);
  if (news.complete) {
    for (const auto& pack : table_.packs_of(*host))
      if (!piece_counts.contains(pack)) drop(*host, pack, changed);
  }
  for (const auto& pack : news.dropped)
    drop(*host, pack, changed);
  for (const auto& held : news.holdings)
    put(*host, held, changed);
  return list(changed);
}

result<std::vector<pack_key>>
holder_table::change_pieces(const std::string& host, std::uint64_t session, const pack_key& pack,
                            std::uint32_t piece_count, std::span<const std::uint32_t> added,
                            std::span<const std::uint32_t> removed) {
  holding held{.pack = pack, .piece_count = piece_count, .all = true, .bitmap = {}};
  if (auto checked = check(held); !checked) return checked.error();
  const auto past_end = [&](std::uint32_t piece) { return piece >= piece_count; };
  if (std::any_of(added.begin(), added.end(), past_end) ||
      std::any_of(removed.begin(), removed.end(), past_end)) {
    return {errc::invalid_argument,
            "a piece past the end of a pack of " + std::to_string(piece_count) + " pieces"};
  }
  changes changed;
  const auto number = enter(host, session, changed);
  if (!number) return list(changed);
  const auto before = table_.held(*number, pack);
  held.bitmap = before.piece_count == 0 ? std::string(bitmap_bytes(piece_count), '\0')
                                        : to_bitmap(before);
  held.all = false;
  for (const auto piece : added)
    set_piece(held.bitmap, piece, true);
  for (const auto piece : removed)
    set_piece(held.bitmap, piece, false);
  put(*number, held, changed);
  return list(changed);
}

std::vector<pack_key> holder_table::begin_fetch(const std::string& host, std::uint64_t session,
                                                std::span<const pack_key> packs,
                                                std::string_view wanted) {
  changes changed;
  const auto number = enter(host, session, changed);
  if (!number) return list(changed);
  for (const auto& pack : packs) {
    auto& fetches = fetches_[pack];
    const auto mine = std::find_if(fetches.begin(), fetches.end(),
                                   [&](const auto& one) { return one.host == *number; });
    if (mine != fetches.end()) {
      mine->wanted = wanted;
      continue;
    }
    fetches.push_back({*number, std::string{wanted}});
    touch(pack, changed);
  }
  return list(changed);
}

std::vector<pack_key> holder_table::end_fetch(const std::string& host, std::uint64_t session,
                                              std::span<const pack_key> packs) {
  changes changed;
  const auto number = enter(host, session, changed);
  if (!number) return list(changed);
  for (const auto& pack : packs)
    if (erase_fetch(*number, pack)) touch(pack, changed);
  return list(changed);
}

std::vector<pack_key> holder_table::retire(const std::string& host) {
  changes changed;
  const auto known = host_numbers_.find(host);
  if (known != host_numbers_.end()) forget(known->second, changed);
  return list(changed);
}

std::vector<pack_view> holder_table::lookup(std::span<const pack_key> packs,
                                            std::string_view except) const {
  std::vector<pack_view> views;
  views.reserve(packs.size());
  for (const auto& pack : packs) {
    auto& view = views.emplace_back();
    view.pack = pack;
    view.piece_count = table_.piece_count(pack);
    view.revision = revision(pack);
    for (const auto host : table_.children_of(pack)) {
      const auto& name = hosts_[host].name;
      if (name == except) continue;
      const auto held = table_.held(host, pack);
      view.holders.push_back(
          {.host = name, .all = held.all, .bitmap = held.all ? std::string{} : to_bitmap(held)});
    }
    if (const auto found = fetches_.find(pack); found != fetches_.end()) {
      for (const auto& one : found->second)
        view.fetchers.push_back({.host = hosts_[one.host].name, .wanted = one.wanted});
    }
    const auto by_name = [](const auto& a, const auto& b) { return a.host < b.host; };
    std::sort(view.holders.begin(), view.holders.end(), by_name);
    std::sort(view.fetchers.begin(), view.fetchers.end(), by_name);
  }
  return views;
}

std::uint64_t holder_table::revision(const pack_key& pack) const {
  const auto found = revisions_.find(pack);
  return found == revisions_.end() ? 0 : found->second;
}

holder_counts holder_table::counts() const {
  holder_counts total;
  std::unordered_set<std::uint32_t> hosts;
  // A pack has a revision exactly while somebody holds or fetches it.
  total.packs = revisions_.size();
  total.holdings = table_.counts().holdings;
  for (const auto& pack : table_.packs()) {
    const auto holders = table_.children_of(pack);
    hosts.insert(holders.begin(), holders.end());
  }
  for (const auto& [pack, fetches] : fetches_) {
    total.fetches += fetches.size();
    for (const auto& one : fetches)
      hosts.insert(one.host);
  }
  total.hosts = hosts.size();
  return total;
}

/// The host's number; none where the session is an old one. A newer session starts empty.
std::optional<std::uint32_t> holder_table::enter(const std::string& host, std::uint64_t session,
                                                 changes& changed) {
  const auto [known, is_new] =
      host_numbers_.emplace(host, static_cast<std::uint32_t>(hosts_.size()));
  if (is_new) hosts_.push_back({.name = host, .session = session});
  auto& state = hosts_[known->second];
  if (session < state.session) return std::nullopt;
  if (session > state.session) {
    state.session = session;
    forget(known->second, changed);
  }
  return known->second;
}

result<void> holder_table::check(const holding& held) const {
  if (held.piece_count == 0) return {errc::invalid_argument, "a pack without pieces"};
  if (held.piece_count > pieces_max) {
    return {errc::invalid_argument, "a pack of " + std::to_string(held.piece_count) +
                                        " pieces; none has more than " +
                                        std::to_string(pieces_max)};
  }
  if (!held.all && !well_formed(held.bitmap, held.piece_count)) {
    return {errc::invalid_argument, "a bitmap of " + std::to_string(held.bitmap.size()) +
                                        " bytes for " + std::to_string(held.piece_count) +
                                        " pieces, or with bits past the last"};
  }
  const auto known = table_.piece_count(held.pack);
  if (known != 0 && known != held.piece_count) {
    return {errc::conflict, "a pack of " + std::to_string(held.piece_count) +
                                " pieces that others say has " + std::to_string(known)};
  }
  return {};
}

void holder_table::put(std::uint32_t host, const holding& held, changes& changed) {
  if (table_.put(host, to_pieces(held)).membership) touch(held.pack, changed);
}

void holder_table::drop(std::uint32_t host, const pack_key& pack, changes& changed) {
  if (table_.drop(host, pack).membership) touch(pack, changed);
}

void holder_table::forget(std::uint32_t host, changes& changed) {
  std::vector<pack_key> fetched;
  for (const auto& [pack, fetches] : fetches_) {
    if (std::any_of(fetches.begin(), fetches.end(),
                    [&](const auto& one) { return one.host == host; })) {
      fetched.push_back(pack);
    }
  }
  for (const auto& pack : fetched)
    erase_fetch(host, pack);
  for (const auto& [pack, change] : table_.forget(host))
    touch(pack, changed);
  for (const auto& pack : fetched)
    touch(pack, changed);
}

/// A new revision; none for a pack nobody holds or fetches any more.
void holder_table::touch(const pack_key& pack, changes& changed) {
  changed.insert(pack);
  ++revision_;
  if (table_.piece_count(pack) == 0 && !fetches_.contains(pack)) {
    revisions_.erase(pack);
  } else {
    revisions_[pack] = revision_;
  }
}

/// @returns whether the host fetched the pack.
bool holder_table::erase_fetch(std::uint32_t host, const pack_key& pack) {
  const auto found = fetches_.find(pack);
  if (found == fetches_.end()) return false;
  const auto erased =
      std::erase_if(found->second, [&](const auto& one) { return one.host == host; });
  if (found->second.empty()) fetches_.erase(found);
  return erased > 0;
}

} // namespace shoal::topology
