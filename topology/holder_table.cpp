#include "topology/holder_table.hpp"

#include <algorithm>
#include <cstring>
#include <unordered_set>

namespace shoal::topology {

namespace {

std::size_t bitmap_bytes(std::uint32_t piece_count) {
  return (static_cast<std::size_t>(piece_count) + 7) / 8;
}

std::string full_bitmap(std::uint32_t piece_count) {
  std::string bitmap(bitmap_bytes(piece_count), '\xff');
  if (piece_count % 8 != 0) bitmap.back() = static_cast<char>((1u << (piece_count % 8)) - 1);
  return bitmap;
}

bool well_formed(std::string_view bitmap, std::uint32_t piece_count) {
  if (bitmap.size() != bitmap_bytes(piece_count)) return false;
  return piece_count % 8 == 0 ||
         static_cast<unsigned char>(bitmap.back()) >> (piece_count % 8) == 0;
}

bool no_pieces(std::string_view bitmap) {
  return std::all_of(bitmap.begin(), bitmap.end(), [](char byte) { return byte == 0; });
}

void set_piece(std::string& bitmap, std::uint32_t piece, bool held) {
  const auto bit = static_cast<unsigned char>(1u << (piece % 8));
  auto byte = static_cast<unsigned char>(bitmap[piece / 8]);
  byte = static_cast<unsigned char>(held ? byte | bit : byte & ~bit);
  bitmap[piece / 8] = static_cast<char>(byte);
}

std::vector<pack_key> list(const std::set<pack_key>& packs) { return {packs.begin(), packs.end()}; }

} // namespace

std::size_t holder_table::key_hash::operator()(const pack_key& key) const noexcept {
  std::size_t hash = 0;
  std::memcpy(&hash, key.data(), sizeof hash);
  return hash;
}

result<std::vector<pack_key>> holder_table::announce(const announcement& news) {
  std::unordered_map<pack_key, std::uint32_t, key_hash> piece_counts;
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
    std::vector<pack_key> gone;
    for (auto& [pack, state] : packs_) {
      if (piece_counts.count(pack) == 0 && find_entry(state, *host) != nullptr) {
        gone.push_back(pack);
      }
    }
    for (const auto& pack : gone)
      drop(*host, pack, changed);
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
  const auto state = packs_.find(pack);
  const auto* before = state == packs_.end() ? nullptr : find_entry(state->second, *number);
  if (before == nullptr || !before->holds) {
    held.bitmap.assign(bitmap_bytes(piece_count), '\0');
  } else {
    held.bitmap = before->all() ? full_bitmap(piece_count) : before->bitmap;
  }
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
    auto& state = packs_[pack];
    auto& mine = entry_of(state, *number);
    mine.wanted = wanted;
    if (mine.fetches) continue;
    mine.fetches = true;
    touch(pack, state, changed);
  }
  return list(changed);
}

std::vector<pack_key> holder_table::end_fetch(const std::string& host, std::uint64_t session,
                                              std::span<const pack_key> packs) {
  changes changed;
  const auto number = enter(host, session, changed);
  if (!number) return list(changed);
  for (const auto& pack : packs) {
    const auto state = packs_.find(pack);
    if (state == packs_.end()) continue;
    auto* mine = find_entry(state->second, *number);
    if (mine == nullptr || !mine->fetches) continue;
    mine->fetches = false;
    mine->wanted.clear();
    erase_idle(state->second, *number);
    touch(pack, state->second, changed);
    erase_if_empty(pack);
  }
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
    const auto found = packs_.find(pack);
    if (found == packs_.end()) continue;
    view.piece_count = found->second.piece_count;
    view.revision = found->second.revision;
    for (const auto& one : found->second.entries) {
      const auto& name = hosts_[one.host].name;
      if (one.holds && name != except) {
        view.holders.push_back({.host = name, .all = one.all(), .bitmap = one.bitmap});
      }
      if (one.fetches) view.fetchers.push_back({.host = name, .wanted = one.wanted});
    }
    const auto by_name = [](const auto& a, const auto& b) { return a.host < b.host; };
    std::sort(view.holders.begin(), view.holders.end(), by_name);
    std::sort(view.fetchers.begin(), view.fetchers.end(), by_name);
  }
  return views;
}

std::vector<std::string> holder_table::fetchers(const pack_key& pack) const {
  std::vector<std::string> names;
  const auto found = packs_.find(pack);
  if (found == packs_.end()) return names;
  for (const auto& one : found->second.entries) {
    if (one.fetches) names.push_back(hosts_[one.host].name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::uint64_t holder_table::revision(const pack_key& pack) const {
  const auto found = packs_.find(pack);
  return found == packs_.end() ? 0 : found->second.revision;
}

holder_counts holder_table::counts() const {
  holder_counts total;
  std::unordered_set<std::uint32_t> hosts;
  total.packs = packs_.size();
  for (const auto& [pack, state] : packs_) {
    for (const auto& one : state.entries) {
      total.holdings += one.holds ? 1 : 0;
      total.fetches += one.fetches ? 1 : 0;
      hosts.insert(one.host);
    }
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
  if (!held.all && !well_formed(held.bitmap, held.piece_count)) {
    return {errc::invalid_argument, "a bitmap of " + std::to_string(held.bitmap.size()) +
                                        " bytes for " + std::to_string(held.piece_count) +
                                        " pieces, or with bits past the last"};
  }
  const auto known = packs_.find(held.pack);
  if (known != packs_.end() && known->second.piece_count != 0 &&
      known->second.piece_count != held.piece_count) {
    return {errc::conflict, "a pack of " + std::to_string(held.piece_count) +
                                " pieces that others say has " +
                                std::to_string(known->second.piece_count)};
  }
  return {};
}

void holder_table::put(std::uint32_t host, const holding& held, changes& changed) {
  if (!held.all && no_pieces(held.bitmap)) return drop(host, held.pack, changed);
  auto& state = packs_[held.pack];
  state.piece_count = held.piece_count;
  auto& mine = entry_of(state, host);
  const bool all = held.all || held.bitmap == full_bitmap(held.piece_count);
  const bool membership_changed = !mine.holds || mine.all() != all;
  mine.holds = true;
  mine.bitmap = all ? std::string{} : held.bitmap;
  if (membership_changed) touch(held.pack, state, changed);
}

void holder_table::drop(std::uint32_t host, const pack_key& pack, changes& changed) {
  const auto state = packs_.find(pack);
  if (state == packs_.end()) return;
  auto* mine = find_entry(state->second, host);
  if (mine == nullptr || !mine->holds) return;
  mine->holds = false;
  mine->bitmap.clear();
  erase_idle(state->second, host);
  touch(pack, state->second, changed);
  erase_if_empty(pack);
}

void holder_table::forget(std::uint32_t host, changes& changed) {
  for (auto state = packs_.begin(); state != packs_.end();) {
    auto* mine = find_entry(state->second, host);
    if (mine != nullptr) {
      mine->holds = false;
      mine->bitmap.clear();
      mine->fetches = false;
      mine->wanted.clear();
      erase_idle(state->second, host);
      touch(state->first, state->second, changed);
    }
    state = state->second.entries.empty() ? packs_.erase(state) : std::next(state);
  }
}

void holder_table::touch(const pack_key& pack, pack_state& state, changes& changed) {
  state.revision = ++revision_;
  changed.insert(pack);
}

void holder_table::erase_if_empty(const pack_key& pack) {
  const auto state = packs_.find(pack);
  if (state != packs_.end() && state->second.entries.empty()) packs_.erase(state);
}

holder_table::entry* holder_table::find_entry(pack_state& state, std::uint32_t host) {
  const auto at = std::lower_bound(state.entries.begin(), state.entries.end(), host,
                                   [](const entry& one, auto number) { return one.host < number; });
  return at == state.entries.end() || at->host != host ? nullptr : &*at;
}

holder_table::entry& holder_table::entry_of(pack_state& state, std::uint32_t host) {
  const auto at = std::lower_bound(state.entries.begin(), state.entries.end(), host,
                                   [](const entry& one, auto number) { return one.host < number; });
  if (at != state.entries.end() && at->host == host) return *at;
  entry fresh;
  fresh.host = host;
  return *state.entries.insert(at, std::move(fresh));
}

/// Removes the host's entry once it neither holds nor fetches.
void holder_table::erase_idle(pack_state& state, std::uint32_t host) {
  const auto* mine = find_entry(state, host);
  if (mine == nullptr || mine->holds || mine->fetches) return;
  state.entries.erase(state.entries.begin() + (mine - state.entries.data()));
}

} // namespace shoal::topology
