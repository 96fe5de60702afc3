#include "topology/index_client.hpp"

#include "topology/answer_merge.hpp"

#include <algorithm>
#include <utility>

namespace shoal::topology {

namespace {

/// Differs from asker to asker, so that askers of one rack spread over equally near holders.
std::uint64_t turn_of(host_number asker, host_number holder) {
  const auto mixed = (std::uint64_t{asker} << 32 | holder) * 0x9e3779b97f4a7c15ULL;
  return (mixed ^ mixed >> 29) * 0xbf58476d1ce4e5b9ULL;
}

bool has_any(const piece_words& words) {
  return std::any_of(words.begin(), words.end(), [](auto word) { return word != 0; });
}

} // namespace

std::vector<pack_pieces> index_client::waiting_lookup::missing() const {
  std::vector<pack_pieces> left;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    auto words = lacking(wanted[i], answers[i]);
    if (!has_any(words)) continue;
    left.push_back(make_pieces(wanted[i].pack, wanted[i].piece_count, std::move(words)));
  }
  return left;
}

index_client::index_client(const index_setting& setting, host_number self, std::uint64_t session)
    : setting_{setting}, self_{self}, session_{session} {
  SHOAL_ASSERT(setting.net != nullptr);
}

void index_client::hold(pack_pieces held) {
  SHOAL_ASSERT(held.well_formed());
  if (held.none()) return drop(held.pack);
  if (!held.all) held = make_pieces(held.pack, held.piece_count, std::move(held.words));
  auto& mine = held_[held.pack];
  if (mine == held) return;
  if (mine.piece_count != held.piece_count) {
    mine = {.pack = held.pack, .piece_count = held.piece_count};
    mine.words.assign(words_for(held.piece_count), 0);
  }
  mark(mine, held);
  mine = std::move(held);
}

void index_client::drop(const pack_key& pack) {
  const auto found = held_.find(pack);
  if (found == held_.end()) return;
  pack_pieces nothing{.pack = pack, .piece_count = found->second.piece_count};
  nothing.words.assign(words_for(nothing.piece_count), 0);
  mark(found->second, nothing);
  held_.erase(found);
}

const pack_pieces* index_client::held(const pack_key& pack) const {
  const auto found = held_.find(pack);
  return found == held_.end() ? nullptr : &found->second;
}

/// Notes which pieces are to be told of.
void index_client::mark(const pack_pieces& before, const pack_pieces& after) {
  auto& words = changed_[after.pack];
  words.resize(words_for(after.piece_count));
  for (std::size_t i = 0; i < words.size(); ++i)
    words[i] |= before.word(i) ^ after.word(i);
}

void index_client::flush(instant now, index_outbox& out) {
  if (changed_.empty()) return;
  std::vector<masked_pieces> news;
  for (auto& [pack, mask] : changed_) {
    if (!has_any(mask)) continue;
    const auto* mine = held(pack);
    const auto count = mine != nullptr ? mine->piece_count
                                       : static_cast<std::uint32_t>(mask.size() * 64);
    news.push_back({mine != nullptr ? *mine : pack_pieces{.pack = pack, .piece_count = count},
                    std::move(mask)});
    if (mine == nullptr) news.back().pieces.words.assign(words_for(count), 0);
  }
  changed_.clear();
  for (auto& message : split(index_kind::publish, news))
    tell(std::move(message), out);
  schedule_sync(now);
}

std::uint64_t index_client::lookup(std::vector<pack_pieces> wanted, lookup_options options,
                                   instant now, index_outbox& out) {
  const auto request = next_request_++;
  auto& mine = waiting_[request];
  mine.options = options;
  for (const auto& one : wanted) {
    SHOAL_ASSERT(one.well_formed());
    mine.positions.emplace(one.pack, mine.answers.size());
    mine.answers.push_back({.pack = one.pack, .piece_count = one.piece_count});
    if (options.fetching) fetching_[one.pack] = one;
  }
  mine.wanted = std::move(wanted);
  next(request, now, out);
  return request;
}

void index_client::end_fetch(std::span<const pack_key> packs, instant now, index_outbox& out) {
  std::vector<masked_pieces> ended;
  for (const auto& pack : packs) {
    const auto found = fetching_.find(pack);
    if (found == fetching_.end()) continue;
    ended.push_back({found->second, found->second.to_words()});
    fetching_.erase(found);
  }
  if (ended.empty()) return;
  for (auto& message : split(index_kind::end_fetch, ended))
    tell(std::move(message), out);
  schedule_sync(now);
}

void index_client::handle(const index_message& message, instant now, index_outbox& out) {
  if (!message.well_formed() || !setting_.net->known(message.from)) return;
  switch (message.kind) {
  case index_kind::answer: return take_answer(message, now, out);
  case index_kind::push:
    news_.insert(news_.end(), message.answers.begin(), message.answers.end());
    return;
  case index_kind::want_all: return tell_everything(message.from, false, out);
  case index_kind::lookup: return answer_lookup(message, out);
  default: return;
  }
}

void index_client::answer_lookup(const index_message&, index_outbox&) {}

void index_client::take_answer(const index_message& message, instant now, index_outbox& out) {
  const auto found = waiting_.find(message.request);
  if (found == waiting_.end()) return;
  auto& mine = found->second;
  const auto awaited = std::find(mine.expected.begin(), mine.expected.end(), message.from);
  if (awaited == mine.expected.end()) return;
  mine.expected.erase(awaited);
  for (const auto& answer : message.answers) {
    const auto position = mine.positions.find(answer.pack);
    if (position != mine.positions.end()) merge(mine.answers[position->second], answer);
  }
  if (mine.expected.empty()) next(message.request, now, out);
}

/// Asks on, or ends the lookup if there is nobody left to ask.
void index_client::next(std::uint64_t request, instant now, index_outbox& out) {
  auto& mine = waiting_.at(request);
  ask(request, mine, nullptr, now, out);
  if (mine.expected.empty()) finish(request);
}

/// Sends the next round's messages; only those to `silent`, if given.
void index_client::ask(std::uint64_t request, waiting_lookup& lookup,
                       const std::vector<index_address>* silent, instant now, index_outbox& out) {
  for (auto& message : next_round(lookup)) {
    if (silent != nullptr &&
        std::find(silent->begin(), silent->end(), message.to) == silent->end()) {
      continue;
    }
    message.request = request;
    message.asker = self_;
    lookup.expected.push_back(message.to);
    // To naive hosts nobody tells anything; a lookup that begins a fetch is told to an index.
    message.fetching = lookup.options.fetching && setting_.scheme != index_scheme::naive;
    message.fresh = lookup.options.fresh;
    message.every_level = lookup.options.every_level;
    message.fetching ? tell(std::move(message), out) : send(std::move(message), out);
  }
  lookup.give_up_at = now + patience();
}

void index_client::finish(std::uint64_t request) {
  auto mine = waiting_.extract(request);
  rank(mine.mapped());
  results_.push_back({request, std::move(mine.mapped().answers), mine.mapped().complete});
}

/// Nearest first, each answer cut to what was asked for.
void index_client::rank(waiting_lookup& lookup) const {
  const auto nearness = [&](const index_holder& one) {
    const auto known = one.host < setting_.net->host_count();
    return std::pair{known ? setting_.net->between(self_, one.host) : distance::other_site,
                     turn_of(self_, one.host)};
  };
  const auto nearer = [&](const auto& a, const auto& b) { return nearness(a) < nearness(b); };
  for (std::size_t i = 0; i < lookup.answers.size(); ++i) {
    auto& answer = lookup.answers[i];
    const auto is_self = [&](const auto& one) { return one.host == self_; };
    std::erase_if(answer.holders, is_self);
    std::erase_if(answer.fetchers, is_self);
    std::sort(answer.holders.begin(), answer.holders.end(), nearer);
    std::sort(answer.fetchers.begin(), answer.fetchers.end(), nearer);
    limit_holders(answer, lookup.wanted[i], setting_.config.holders_max);
    if (answer.fetchers.size() > setting_.config.fetchers_max) {
      answer.fetchers.resize(setting_.config.fetchers_max);
    }
  }
}

void index_client::tick(instant now, index_outbox& out) {
  std::vector<std::uint64_t> late;
  for (const auto& [request, lookup] : waiting_)
    if (lookup.give_up_at <= now) late.push_back(request);
  for (const auto request : late) {
    auto& mine = waiting_.at(request);
    const auto silent = std::exchange(mine.expected, {});
    if (mine.tries++ < setting_.config.retries) {
      mine.level = static_cast<network_level>(static_cast<int>(mine.level) - 1);
      ask(request, mine, &silent, now, out);
      if (!mine.expected.empty()) continue;
    }
    mine.complete = false;
    next(request, now, out);
  }
  if (next_sync_ && *next_sync_ <= now) {
    next_sync_ = now + setting_.config.sync_every;
    for (const auto& [index, sequence] : sequences_) {
      send({.kind = index_kind::sync, .to = index, .session = session_, .sequence = sequence}, out);
    }
  }
}

std::optional<instant> index_client::due() const {
  auto earliest = next_sync_;
  for (const auto& [request, lookup] : waiting_) {
    if (!earliest || lookup.give_up_at < *earliest) earliest = lookup.give_up_at;
  }
  return earliest;
}

void index_client::schedule_sync(instant now) {
  if (setting_.config.sync_every == std::chrono::milliseconds::zero()) return;
  if (!next_sync_) next_sync_ = now + setting_.config.sync_every;
}

void index_client::index_restarted(index_address index, instant now, index_outbox& out) {
  tell_everything(index, true, out);
  schedule_sync(now);
}

void index_client::moved(instant now, index_outbox& out) {
  if (setting_.scheme != index_scheme::topo) return;
  changed_.clear();
  tell_everything(setting_.net->parent(own_address()), false, out);
  schedule_sync(now);
}

/// One complete publish, then what is being fetched.
void index_client::tell_everything(index_address index, bool only_if_any, index_outbox& out) {
  const auto listed = [&](const holdings& from) {
    std::vector<masked_pieces> all;
    for (const auto& [pack, pieces] : from)
      all.push_back({pieces, pieces.to_words()});
    return all;
  };
  const auto for_index = [&](index_kind kind, const holdings& from) {
    auto messages = split(kind, listed(from));
    const auto mine = std::find_if(messages.begin(), messages.end(),
                                   [&](const auto& message) { return message.to == index; });
    return mine == messages.end() ? index_message{.kind = kind, .to = index} : std::move(*mine);
  };
  auto everything = for_index(index_kind::publish, held_);
  auto fetched = for_index(index_kind::begin_fetch, fetching_);
  if (only_if_any && everything.packs.empty() && fetched.packs.empty()) return;
  everything.complete = true;
  tell(std::move(everything), out);
  if (fetched.packs.empty()) return;
  fetched.asker = self_;
  tell(std::move(fetched), out);
}

void index_client::ring_changed(const hash_ring& before, instant now, index_outbox& out) {
  if (setting_.scheme != index_scheme::flat) return;
  const auto run = std::max<std::uint32_t>(1, setting_.config.run_pieces);
  for (const auto& [pack, pieces] : held_) {
    auto& mask = changed_[pack];
    mask.resize(words_for(pieces.piece_count));
    for (std::uint32_t piece = 0; piece < pieces.piece_count; piece += run) {
      const auto key = hash_ring::key_of(pack, piece / run);
      if (before.owner(key) == setting_.ring->owner(key)) continue;
      const auto end = std::min(piece + run, pieces.piece_count);
      for (auto moved = piece; moved < end; ++moved)
        mask[moved / 64] |= (pieces.word(moved / 64) >> (moved % 64) & 1) << (moved % 64);
    }
  }
  flush(now, out);
}

void index_client::send(index_message message, index_outbox& out) const {
  message.from = own_address();
  if (setting_.counters != nullptr) {
    setting_.counters->count(message, setting_.net->common_level(message.from, message.to));
  }
  out.push_back(std::move(message));
}

void index_client::tell(index_message message, index_outbox& out) {
  message.session = session_;
  message.sequence = ++sequences_[message.to];
  send(std::move(message), out);
}

std::vector<lookup_result> index_client::take_results() { return std::exchange(results_, {}); }

std::vector<pack_answer> index_client::take_news() { return std::exchange(news_, {}); }

} // namespace shoal::topology
