#include "topology/index_scheme_flat.hpp"

#include <algorithm>
#include <map>

namespace shoal::topology {

flat_node::flat_node(const index_setting& setting, host_number host)
    : setting_{setting}, address_{network_level::host, host},
      ledger_{4 * setting.config.hop_timeout} {
  SHOAL_ASSERT(setting.net != nullptr);
}

/// Any host may have something to tell it.
void flat_node::start(instant now, index_outbox& out) {
  for (const auto host : setting_.net->hosts(whole_world)) {
    if (ledger_.ask(host, now)) {
      send({.kind = index_kind::want_all, .to = {network_level::host, host}}, out);
    }
  }
}

void flat_node::handle(const index_message& message, instant now, index_outbox& out) {
  if (!message.well_formed() || message.from.level != network_level::host ||
      !setting_.net->known(message.from)) {
    return;
  }
  switch (message.kind) {
  case index_kind::publish:
  case index_kind::begin_fetch:
  case index_kind::end_fetch: return take_told(message, now, out);
  case index_kind::lookup:
    if (message.fetching) take_told(message, now, out);
    return answer(message, out);
  case index_kind::sync:
    if (ledger_.synced(message.from.number, message.session, message.sequence, now).want_all) {
      send({.kind = index_kind::want_all, .to = message.from}, out);
    }
    return;
  case index_kind::miss:
    for (const auto& pieces : message.packs)
      table_.remove(message.accused, pieces);
    if (message.accused < setting_.net->host_count() && ledger_.ask(message.accused, now)) {
      send({.kind = index_kind::want_all, .to = {network_level::host, message.accused}}, out);
    }
    return;
  default: return;
  }
}

void flat_node::take_told(const index_message& message, instant now, index_outbox& out) {
  const auto child = message.from.number;
  const auto verdict =
      ledger_.told(child, message.session, message.sequence, message.complete, now);
  if (verdict.newer_session || (verdict.take && message.complete)) {
    table_.forget(child);
    fetches_.forget(child);
  }
  if (verdict.want_all) send({.kind = index_kind::want_all, .to = message.from}, out);
  if (!verdict.take) return;
  for (const auto& pack : message.dropped) {
    if (message.kind == index_kind::publish) table_.drop(child, pack);
    if (message.kind == index_kind::end_fetch) fetches_.end(child, pack);
  }
  for (const auto& pieces : message.packs) {
    if (message.kind != index_kind::publish) {
      fetches_.begin(child, pieces, child, 1);
    } else if (table_.fits(pieces)) {
      table_.put(child, pieces);
    }
  }
}

void flat_node::answer(const index_message& message, index_outbox& out) const {
  index_message reply{
      .kind = index_kind::answer, .to = message.from, .request = message.request};
  std::vector<child_pieces> found;
  for (const auto& wanted : message.packs) {
    pack_answer made{.pack = wanted.pack, .piece_count = wanted.piece_count};
    auto left = wanted.to_words();
    found.clear();
    // All holders: the asker knows better which are near.
    table_.find(wanted.pack, left, {.holders_max = 0xffffffffU, .except = message.asker}, found);
    for (auto& one : found)
      made.holders.push_back({one.child, one.all, std::move(one.words)});
    if (const auto* fetches = fetches_.of(wanted.pack)) {
      for (const auto& one : *fetches) {
        if (one.child == message.asker || one.pieces.piece_count != wanted.piece_count) continue;
        if (made.fetchers.size() >= setting_.config.fetchers_max) break;
        made.fetchers.push_back({one.child, one.pieces.all, one.pieces.words});
      }
    }
    if (!made.holders.empty() || !made.fetchers.empty()) reply.answers.push_back(std::move(made));
  }
  send(std::move(reply), out);
}

void flat_node::child_gone(std::uint32_t child, instant, index_outbox&) {
  table_.forget(child);
  fetches_.forget(child);
}

index_node_counts flat_node::counts() const {
  const auto held = table_.counts();
  return {.packs = held.packs,
          .holdings = held.holdings,
          .fetches = fetches_.size(),
          .table_bytes = held.bytes};
}

void flat_node::send(index_message message, index_outbox& out) const {
  message.from = address_;
  if (setting_.counters != nullptr) {
    setting_.counters->count(message, setting_.net->common_level(message.from, message.to));
  }
  out.push_back(std::move(message));
}

flat_client::flat_client(const index_setting& setting, host_number self, std::uint64_t session)
    : index_client{setting, self, session} {
  SHOAL_ASSERT(setting.ring != nullptr && setting.config.run_pieces > 0);
}

void flat_client::miss(host_number accused, std::vector<pack_pieces> pieces, instant,
                       index_outbox& out) {
  std::vector<masked_pieces> wrong;
  for (auto& one : pieces) {
    auto mask = one.to_words();
    wrong.push_back({std::move(one), std::move(mask)});
  }
  for (auto& message : split(index_kind::miss, wrong)) {
    message.asker = self();
    message.accused = accused;
    send(std::move(message), out);
  }
}

std::vector<index_message> flat_client::next_round(waiting_lookup& lookup) {
  if (lookup.level != network_level::host) return {};
  lookup.level = network_level::rack;
  std::vector<masked_pieces> wanted;
  for (const auto& one : lookup.wanted)
    wanted.push_back({one, one.to_words()});
  return split(index_kind::lookup, wanted);
}

std::chrono::milliseconds flat_client::patience() const { return 2 * setting_.config.hop_timeout; }

/// Which owners the pieces of `mask` concern, and all pieces of `mask` that each of them owns.
flat_client::owner_masks flat_client::owners_of(const pack_key& pack,
                                                const piece_words& mask) const {
  owner_masks owners;
  const auto run = setting_.config.run_pieces;
  const auto count = static_cast<std::uint32_t>(mask.size() * 64);
  for (std::uint32_t first = 0; first < count; first += run) {
    const auto end = std::min(first + run, count);
    piece_words* share = nullptr;
    for (auto piece = first; piece < end; ++piece) {
      const auto bit = mask[piece / 64] & std::uint64_t{1} << (piece % 64);
      if (bit == 0) continue;
      if (share == nullptr) {
        share = &owners[setting_.ring->owner(hash_ring::key_of(pack, first / run))];
        share->resize(mask.size());
      }
      (*share)[piece / 64] |= bit;
    }
  }
  owners.erase(nobody);
  return owners;
}

std::vector<index_message> flat_client::split(index_kind kind,
                                              std::span<const masked_pieces> pieces) const {
  std::map<host_number, index_message> messages;
  for (const auto& one : pieces) {
    const auto width = one.mask.size();
    // An owner replaces all it knew of a pack: it must hear of all its pieces, changed or not.
    auto told = one.mask;
    for (std::size_t i = 0; i < width; ++i)
      told[i] |= kind == index_kind::publish ? one.pieces.word(i) : 0;
    const auto changed = owners_of(one.pieces.pack, one.mask);
    const auto shares = kind == index_kind::publish ? owners_of(one.pieces.pack, told) : changed;
    for (const auto& [owner, share] : shares) {
      if (!changed.contains(owner)) continue;
      auto& message = messages[owner];
      message.kind = kind;
      message.to = {network_level::host, owner};
      pack_pieces part{.pack = one.pieces.pack, .piece_count = one.pieces.piece_count};
      part.words.resize(width);
      for (std::size_t i = 0; i < width; ++i)
        part.words[i] = one.pieces.word(i) & share[i];
      if (kind == index_kind::end_fetch || part.none()) {
        message.dropped.push_back(part.pack);
      } else {
        message.packs.push_back(
            make_pieces(part.pack, part.piece_count, std::move(part.words)));
      }
    }
  }
  std::vector<index_message> list;
  for (auto& [owner, message] : messages)
    list.push_back(std::move(message));
  return list;
}

} // namespace shoal::topology
