// How a topo index answers: from what it knows, from below, from above, in this order.
#include "topology/answer_merge.hpp"
#include "topology/index_scheme_topo.hpp"

#include <algorithm>

namespace shoal::topology {

namespace {

bool has_any(const piece_words& words) {
  return std::any_of(words.begin(), words.end(), [](auto word) { return word != 0; });
}

/// The same for one asker, so that what it asks for in pieces comes from the same holders.
std::uint64_t turn_of(host_number asker) {
  return (std::uint64_t{asker} * 0x9e3779b97f4a7c15ULL) >> 40;
}

} // namespace

std::uint32_t topo_node::origin_child(const index_message& lookup) const {
  return !lookup.downward && is_child(lookup.from) ? lookup.from.number : nobody;
}

void topo_node::take_lookup(const index_message& message, instant now, index_outbox& out) {
  if (message.downward ? parent() != message.from : !is_child(message.from)) return;
  if (message.fetching && !message.downward) take_told(message, now, out);
  waiting_lookup lookup;
  lookup.origin = message;
  batches downward;
  std::vector<pack_pieces> missing;
  for (const auto& wanted : message.packs) {
    lookup.positions.emplace(wanted.pack, lookup.answers.size());
    auto& answer = lookup.answers.emplace_back();
    answer.pack = wanted.pack;
    answer.piece_count = wanted.piece_count;
    auto left = answer_from_own(message, wanted, answer, downward, now);
    if (!left.none()) missing.push_back(std::move(left));
    if (message.every_level) lookup.ask_above.push_back(wanted);
  }
  const auto request = next_request_++;
  for (auto& [child, question] : downward) {
    question.kind = index_kind::lookup;
    question.to = {child_level(), child};
    question.request = request;
    question.asker = message.asker;
    question.fresh = message.fresh;
    question.downward = true;
    lookup.expected.push_back(question.to);
    send(std::move(question), out);
  }
  if (!message.downward) climb(request, lookup, std::move(missing), out);
  if (lookup.expected.empty()) return reply(lookup, out);
  lookup.give_up_at = now + patience(lookup.climbed);
  if (!earliest_give_up_ || lookup.give_up_at < *earliest_give_up_) {
    earliest_give_up_ = lookup.give_up_at;
  }
  waiting_.emplace(request, std::move(lookup));
}

/// Names holders, chooses the children to ask. @returns what is neither held nor in flight here.
pack_pieces topo_node::answer_from_own(const index_message& lookup, const pack_pieces& wanted,
                                       pack_answer& answer, batches& downward, instant now) {
  auto left = wanted.to_words();
  const auto child = origin_child(lookup);
  std::vector<child_pieces> found;
  if (is_rack()) {
    table_.find(wanted.pack, left,
                {.holders_max = setting_.config.holders_max,
                 .except = lookup.asker,
                 .turn = turn_of(lookup.asker)},
                found);
    for (auto& one : found)
      answer.holders.push_back({one.child, one.all, std::move(one.words)});
  }
  // Of what its children hold a rack knows better than any cache; who asks from above wants no
  // more.
  if (!lookup.fresh && !(is_rack() && lookup.downward)) {
    cache_.find(wanted.pack, left, lookup.asker, now, answer.holders);
  }
  if (!is_rack() && has_any(left)) {
    const auto asked = left;
    table_.find(wanted.pack, left,
                {.holders_max = setting_.config.domains_max,
                 .except = child,
                 .turn = turn_of(lookup.asker)},
                found);
    for (auto& one : found) {
      auto words = one.all ? asked : std::move(one.words);
      downward[one.child].packs.push_back(
          make_pieces(wanted.pack, wanted.piece_count, std::move(words)));
    }
  }
  add_fetchers(wanted.pack, wanted.piece_count, child, lookup.asker, answer);
  if (!lookup.fresh) fetches_.subtract_earlier(wanted.pack, child, left);
  return make_pieces(wanted.pack, wanted.piece_count, std::move(left));
}

void topo_node::add_fetchers(const pack_key& pack, std::uint32_t piece_count, std::uint32_t except,
                             host_number asker, pack_answer& answer) const {
  const auto* fetches = fetches_.of(pack);
  if (fetches == nullptr) return;
  for (const auto& one : *fetches) {
    if (one.child == except || one.pieces.piece_count != piece_count) continue;
    for (const auto host : one.hosts) {
      if (answer.fetchers.size() >= setting_.config.fetchers_max) return;
      if (host != asker) answer.fetchers.push_back({host, one.pieces.all, one.pieces.words});
    }
  }
}

/// Asks the index above for what is missing, and thereby tells it what is in flight below.
void topo_node::climb(std::uint64_t request, waiting_lookup& lookup,
                      std::vector<pack_pieces> missing, index_outbox& out) {
  const auto above = parent();
  if (!above || (missing.empty() && lookup.ask_above.empty())) return;
  lookup.climbed = true;
  if (lookup.origin.every_level) return climb_to_every_level(request, lookup, missing, out);
  index_message question{.kind = index_kind::lookup,
                         .to = *above,
                         .request = request,
                         .asker = lookup.origin.asker,
                         .fresh = lookup.origin.fresh};
  // A new index has not told yet what its children hold: the first thing it tells replaces all.
  question.fetching = lookup.origin.fetching && !recover_until_;
  if (question.fetching) note_fetching_up(missing);
  question.packs = std::move(missing);
  lookup.expected.push_back(*above);
  question.fetching ? tell_up(std::move(question), out) : send(std::move(question), out);
}

/// As `climb`, but asks for what is held below too; that is no fetch over this border.
void topo_node::climb_to_every_level(std::uint64_t request, waiting_lookup& lookup,
                                     std::vector<pack_pieces>& missing, index_outbox& out) {
  if (lookup.origin.fetching && !recover_until_ && !missing.empty()) {
    index_message fetched{
        .kind = index_kind::begin_fetch, .to = *parent(), .asker = lookup.origin.asker};
    note_fetching_up(missing);
    fetched.packs = std::move(missing);
    tell_up(std::move(fetched), out);
  }
  index_message question{.kind = index_kind::lookup,
                         .to = *parent(),
                         .request = request,
                         .asker = lookup.origin.asker,
                         .fresh = lookup.origin.fresh,
                         .every_level = true};
  question.packs = std::move(lookup.ask_above);
  lookup.ask_above.clear();
  lookup.expected.push_back(*parent());
  send(std::move(question), out);
}

void topo_node::note_fetching_up(const std::vector<pack_pieces>& missing) {
  for (const auto& pieces : missing) {
    auto& mine = fetching_up_[pieces.pack];
    if (mine.piece_count != pieces.piece_count) {
      mine = pieces;
      continue;
    }
    auto words = mine.to_words();
    for (std::size_t i = 0; i < words.size(); ++i)
      words[i] |= pieces.word(i);
    mine = make_pieces(pieces.pack, pieces.piece_count, std::move(words));
  }
}

void topo_node::take_answer(const index_message& message, instant now, index_outbox& out) {
  const auto found = waiting_.find(message.request);
  if (found == waiting_.end()) return;
  auto& lookup = found->second;
  if (std::erase(lookup.expected, message.from) == 0) return;
  const auto& net = *setting_.net;
  for (const auto& answer : message.answers) {
    const auto position = lookup.positions.find(answer.pack);
    if (position == lookup.positions.end()) continue;
    merge(lookup.answers[position->second], answer);
    for (const auto& holder : answer.holders) {
      // What its own hosts hold a rack knows better.
      const bool own = is_rack() && holder.host < net.host_count() &&
                       net.parent({network_level::host, holder.host}) == address_;
      if (!own) cache_.remember(answer.pack, answer.piece_count, holder, now);
    }
  }
  if (lookup.expected.empty()) round_ended(message.request, now, out);
}

/// All answers are there, or given up. What the children turned out not to have is asked above.
void topo_node::round_ended(std::uint64_t request, instant now, index_outbox& out) {
  auto& lookup = waiting_.at(request);
  if (!lookup.origin.downward && !lookup.climbed) {
    const auto& asked = lookup.origin.packs;
    std::vector<pack_pieces> missing;
    for (std::size_t i = 0; i < asked.size(); ++i) {
      auto left = lacking(asked[i], lookup.answers[i]);
      if (!lookup.origin.fresh) {
        fetches_.subtract_earlier(asked[i].pack, origin_child(lookup.origin), left);
      }
      if (!has_any(left)) continue;
      missing.push_back(make_pieces(asked[i].pack, asked[i].piece_count, std::move(left)));
    }
    climb(request, lookup, std::move(missing), out);
  }
  if (lookup.expected.empty()) {
    reply(lookup, out);
    waiting_.erase(request);
    return;
  }
  lookup.give_up_at = now + patience(true);
  if (!earliest_give_up_ || lookup.give_up_at < *earliest_give_up_) {
    earliest_give_up_ = lookup.give_up_at;
  }
}

void topo_node::reply(waiting_lookup& lookup, index_outbox& out) {
  index_message answer{
      .kind = index_kind::answer, .to = lookup.origin.from, .request = lookup.origin.request};
  for (std::size_t i = 0; i < lookup.answers.size(); ++i) {
    auto& one = lookup.answers[i];
    limit_holders(one, lookup.origin.packs[i], setting_.config.holders_max);
    if (one.fetchers.size() > setting_.config.fetchers_max) {
      one.fetchers.resize(setting_.config.fetchers_max);
    }
    if (!one.holders.empty() || !one.fetchers.empty()) answer.answers.push_back(std::move(one));
  }
  send(std::move(answer), out);
}

/// How many hops may pass below, and above (index_node.hpp, `hop_timeout`).
std::chrono::milliseconds topo_node::patience(bool climbing) const {
  const auto hop = setting_.config.hop_timeout;
  switch (address_.level) {
  case network_level::rack: return 9 * hop;
  case network_level::cluster: return climbing ? 7 * hop : hop;
  case network_level::site: return climbing ? 4 * hop : 2 * hop;
  default: return 3 * hop;
  }
}

void topo_client::miss(host_number accused, std::vector<pack_pieces> pieces, instant,
                       index_outbox& out) {
  send({.kind = index_kind::miss,
        .to = rack(),
        .asker = self(),
        .accused = accused,
        .packs = std::move(pieces)},
       out);
}

std::vector<index_message> topo_client::next_round(waiting_lookup& lookup) {
  if (lookup.level != network_level::host) return {};
  lookup.level = network_level::rack;
  return {{.kind = index_kind::lookup, .to = rack(), .packs = lookup.wanted}};
}

std::chrono::milliseconds topo_client::patience() const { return 10 * setting_.config.hop_timeout; }

std::vector<index_message> topo_client::split(index_kind kind,
                                              std::span<const masked_pieces> pieces) const {
  if (pieces.empty()) return {};
  index_message message{.kind = kind, .to = rack()};
  for (const auto& one : pieces) {
    if (kind == index_kind::end_fetch || one.pieces.none()) {
      message.dropped.push_back(one.pieces.pack);
    } else {
      message.packs.push_back(one.pieces);
    }
  }
  return {std::move(message)};
}

} // namespace shoal::topology
