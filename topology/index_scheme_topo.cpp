#include "topology/index_scheme_topo.hpp"

#include <algorithm>

namespace shoal::topology {

topo_node::topo_node(const index_setting& setting, index_address address, std::uint64_t epoch)
    : setting_{setting}, address_{address}, epoch_{epoch}, ledger_{4 * setting.config.hop_timeout},
      cache_{setting.config.cache_for, setting.config.cache_packs_max} {
  SHOAL_ASSERT(setting.net != nullptr && address.level != network_level::host);
}

network_level topo_node::child_level() const {
  return static_cast<network_level>(static_cast<int>(address_.level) - 1);
}

bool topo_node::is_child(index_address other) const {
  const auto& net = *setting_.net;
  return other.level == child_level() && other.number < net.domain_count(other.level) &&
         net.parent(other) == address_;
}

/// With one site there is nothing above it.
std::optional<index_address> topo_node::parent() const {
  const auto& net = *setting_.net;
  if (address_.level == network_level::world) return std::nullopt;
  if (address_.level == network_level::site && net.domain_count(network_level::site) == 1) {
    return std::nullopt;
  }
  return net.parent(address_);
}

void topo_node::start(instant now, index_outbox& out) {
  recover_until_ = now + setting_.config.recover_for;
  for (const auto child : setting_.net->children(address_)) {
    if (setting_.net->host_count({child_level(), child}) == 0) continue;
    unheard_.insert(child);
    ask_for_all(child, now, out);
  }
  settle(now, out);
}

void topo_node::handle(const index_message& message, instant now, index_outbox& out) {
  if (!message.well_formed() || !setting_.net->known(message.from)) return;
  switch (message.kind) {
  case index_kind::publish:
  case index_kind::begin_fetch:
  case index_kind::end_fetch: take_told(message, now, out); break;
  case index_kind::sync:
    if (is_child(message.from) &&
        ledger_.synced(message.from.number, message.session, message.sequence, now).want_all) {
      send({.kind = index_kind::want_all, .to = message.from}, out);
    }
    break;
  case index_kind::want_all:
    // A new index tells everything when it has heard its children.
    if (!recover_until_ && parent() == message.from) tell_everything(out);
    break;
  case index_kind::lookup: take_lookup(message, now, out); break;
  case index_kind::answer: take_answer(message, now, out); break;
  case index_kind::push: forward_push(message, now, out); break;
  case index_kind::miss: take_miss(message, now, out); break;
  }
  settle(now, out);
}

void topo_node::take_told(const index_message& message, instant now, index_outbox& out) {
  if (!is_child(message.from)) return;
  const auto child = message.from.number;
  const auto verdict =
      ledger_.told(child, message.session, message.sequence, message.complete, now);
  pack_set ended;
  // A complete publish replaces what it does not name; clearing first would look like a change.
  if (verdict.newer_session) forget(child, ended);
  if (verdict.want_all) send({.kind = index_kind::want_all, .to = message.from}, out);
  if (verdict.take) {
    if (message.complete) {
      unheard_.erase(child);
      pack_set named;
      for (const auto& pieces : message.packs)
        named.insert(pieces.pack);
      for (const auto& pack : table_.packs_of(child))
        if (!named.contains(pack)) note(pack, table_.drop(child, pack));
      for (const auto& pack : fetches_.forget(child)) {
        changed_swarms_.insert(pack);
        ended.insert(pack);
      }
    }
    for (const auto& pack : message.dropped) {
      if (message.kind == index_kind::publish) {
        note(pack, table_.drop(child, pack));
      } else if (fetches_.end(child, pack)) {
        changed_swarms_.insert(pack);
        ended.insert(pack);
      }
    }
    const auto hosts_max = is_rack() ? 1 : setting_.config.representatives_max;
    for (const auto& pieces : message.packs) {
      if (message.kind != index_kind::publish) {
        if (fetches_.begin(child, pieces, message.asker, hosts_max)) {
          changed_swarms_.insert(pieces.pack);
        }
      } else if (table_.fits(pieces)) {
        note(pieces.pack, table_.put(child, pieces));
      }
    }
  }
  end_fetches_up(ended, out);
}

void topo_node::forget(std::uint32_t child, pack_set& ended) {
  for (const auto& [pack, change] : table_.forget(child))
    note(pack, change);
  for (const auto& pack : fetches_.forget(child)) {
    changed_swarms_.insert(pack);
    ended.insert(pack);
  }
}

void topo_node::note(const pack_key& pack, const table_change& change) {
  if (change.aggregate) unpublished_.insert(pack);
  // Of what a child domain holds its fetchers hear when they ask; of hosts, at once.
  if (change.membership && is_rack() && fetches_.of(pack) != nullptr) changed_swarms_.insert(pack);
}

void topo_node::take_miss(const index_message& message, instant now, index_outbox& out) {
  const auto& net = *setting_.net;
  for (const auto& pieces : message.packs)
    cache_.forget(message.accused, pieces);
  const index_address accused{network_level::host, message.accused};
  if (message.accused >= net.host_count()) return;
  if (is_child(accused)) {
    for (const auto& pieces : message.packs)
      note(pieces.pack, table_.remove(message.accused, pieces));
    // It may hold them all the same, and only have been out of reach: it knows best.
    return ask_for_all(message.accused, now, out);
  }
  auto forwarded = message;
  if (net.contains(address_, accused)) {
    forwarded.to = net.around(accused, child_level());
  } else if (const auto above = parent(); above && message.from != *above) {
    forwarded.to = *above;
  } else {
    return;
  }
  send(std::move(forwarded), out);
}

void topo_node::child_gone(std::uint32_t child, instant now, index_outbox& out) {
  pack_set ended;
  forget(child, ended);
  unheard_.erase(child);
  if (is_rack()) cache_.forget(child);
  end_fetches_up(ended, out);
  std::vector<std::uint64_t> done;
  for (auto& [request, lookup] : waiting_) {
    if (std::erase(lookup.expected, index_address{child_level(), child}) > 0 &&
        lookup.expected.empty()) {
      done.push_back(request);
    }
  }
  for (const auto request : done)
    round_ended(request, now, out);
  settle(now, out);
}

void topo_node::parent_restarted(instant now, index_outbox& out) {
  if (!recover_until_) tell_everything(out);
  settle(now, out);
}

void topo_node::tick(instant now, index_outbox& out) {
  if (earliest_give_up_ && *earliest_give_up_ <= now) {
    std::vector<std::uint64_t> late;
    for (const auto& [request, lookup] : waiting_)
      if (lookup.give_up_at <= now) late.push_back(request);
    for (const auto request : late) {
      waiting_.at(request).expected.clear();
      round_ended(request, now, out);
    }
    earliest_give_up_.reset();
    for (const auto& [request, lookup] : waiting_) {
      if (!earliest_give_up_ || lookup.give_up_at < *earliest_give_up_) {
        earliest_give_up_ = lookup.give_up_at;
      }
    }
  }
  if (next_sync_ && *next_sync_ <= now) {
    next_sync_ = now + setting_.config.sync_every;
    if (const auto above = parent(); above && !recover_until_) {
      send({.kind = index_kind::sync, .to = *above, .session = epoch_, .sequence = sequence_}, out);
    }
  }
  settle(now, out);
}

std::optional<instant> topo_node::due() const {
  std::optional<instant> earliest = earliest_give_up_;
  const auto at = [&](const std::optional<instant>& when) {
    if (when && (!earliest || *when < *earliest)) earliest = when;
  };
  at(next_sync_);
  at(recover_until_);
  if (!unpublished_.empty() && !recover_until_) at(next_publish_);
  if (!changed_swarms_.empty()) at(next_push_);
  return earliest;
}

/// What is due goes out: the first change at once, those that follow close in batches.
void topo_node::settle(instant now, index_outbox& out) {
  if (recover_until_ && (unheard_.empty() || *recover_until_ <= now)) {
    recover_until_.reset();
    unheard_.clear();
    tell_everything(out);
  }
  if (!unpublished_.empty() && !recover_until_ && next_publish_ <= now) {
    publish_up(out);
    next_publish_ = now + setting_.config.push_every;
  }
  if (!changed_swarms_.empty() && next_push_ <= now) {
    push_swarms(out);
    next_push_ = now + setting_.config.push_every;
  }
  if (sequence_ > 0 && !next_sync_ &&
      setting_.config.sync_every != std::chrono::milliseconds::zero()) {
    next_sync_ = now + setting_.config.sync_every;
  }
}

void topo_node::publish_up(index_outbox& out) {
  const auto above = parent();
  if (!above) return unpublished_.clear();
  index_message message{.kind = index_kind::publish, .to = *above};
  // In the order of their keys: equal input gives equal messages.
  for (const auto& pack : pack_set{unpublished_.begin(), unpublished_.end()}) {
    auto pieces = table_.aggregate(pack);
    if (pieces.piece_count == 0) {
      message.dropped.push_back(pack);
    } else {
      message.packs.push_back(std::move(pieces));
    }
  }
  unpublished_.clear();
  tell_up(std::move(message), out);
}

void topo_node::tell_everything(index_outbox& out) {
  const auto above = parent();
  unpublished_.clear();
  if (!above) return;
  index_message everything{.kind = index_kind::publish, .to = *above, .complete = true};
  auto packs = table_.packs();
  std::sort(packs.begin(), packs.end());
  for (const auto& pack : packs)
    everything.packs.push_back(table_.aggregate(pack));
  tell_up(std::move(everything), out);
  index_message fetched{.kind = index_kind::begin_fetch, .to = *above};
  for (const auto& [pack, pieces] : fetching_up_) {
    fetched.packs.push_back(pieces);
    const auto* fetches = fetches_.of(pack);
    if (fetches != nullptr && !fetches->front().hosts.empty()) {
      fetched.asker = fetches->front().hosts.front();
    }
  }
  if (!fetched.packs.empty()) tell_up(std::move(fetched), out);
}

/// Those of the packs that nobody below fetches any more.
void topo_node::end_fetches_up(const pack_set& ended, index_outbox& out) {
  const auto above = parent();
  index_message message{.kind = index_kind::end_fetch};
  for (const auto& pack : ended) {
    if (fetches_.of(pack) != nullptr || fetching_up_.erase(pack) == 0) continue;
    message.dropped.push_back(pack);
  }
  if (!above || message.dropped.empty()) return;
  message.to = *above;
  tell_up(std::move(message), out);
}

void topo_node::push_swarms(index_outbox& out) {
  batches messages;
  for (const auto& pack : changed_swarms_) {
    const auto* fetches = fetches_.of(pack);
    if (fetches == nullptr) continue;
    for (const auto& one : *fetches) {
      pack_answer view{.pack = pack, .piece_count = one.pieces.piece_count};
      add_fetchers(pack, view.piece_count, one.child, nobody, view);
      if (is_rack()) {
        auto wanted = one.pieces.to_words();
        std::vector<child_pieces> found;
        table_.find(pack, wanted,
                    {.holders_max = setting_.config.holders_max,
                     .except = one.child,
                     .turn = one.child},
                    found);
        for (auto& holder : found)
          view.holders.push_back({holder.child, holder.all, std::move(holder.words)});
      }
      // A host that is alone now must hear it; an index need not.
      if (!is_rack() && view.fetchers.empty()) continue;
      messages[one.child].answers.push_back(std::move(view));
    }
  }
  changed_swarms_.clear();
  for (auto& [child, message] : messages) {
    message.kind = index_kind::push;
    message.to = {child_level(), child};
    send(std::move(message), out);
  }
}

/// What the index above says of a swarm goes on to those below who are in it.
void topo_node::forward_push(const index_message& message, instant now, index_outbox& out) {
  if (parent() != message.from) return;
  batches messages;
  for (const auto& answer : message.answers) {
    for (const auto& holder : answer.holders)
      cache_.remember(answer.pack, answer.piece_count, holder, now);
    const auto* fetches = fetches_.of(answer.pack);
    if (fetches == nullptr) continue;
    for (const auto& one : *fetches)
      messages[one.child].answers.push_back(answer);
  }
  for (auto& [child, forwarded] : messages) {
    forwarded.kind = index_kind::push;
    forwarded.to = {child_level(), child};
    send(std::move(forwarded), out);
  }
}

void topo_node::ask_for_all(std::uint32_t child, instant now, index_outbox& out) {
  if (!ledger_.ask(child, now)) return;
  send({.kind = index_kind::want_all, .to = {child_level(), child}}, out);
}

void topo_node::send(index_message message, index_outbox& out) const {
  message.from = address_;
  if (setting_.counters != nullptr) {
    setting_.counters->count(message, setting_.net->common_level(message.from, message.to));
  }
  out.push_back(std::move(message));
}

void topo_node::tell_up(index_message message, index_outbox& out) {
  message.session = epoch_;
  message.sequence = ++sequence_;
  send(std::move(message), out);
}

index_node_counts topo_node::counts() const {
  const auto held = table_.counts();
  return {.packs = held.packs,
          .holdings = held.holdings,
          .fetches = fetches_.size(),
          .waiting = waiting_.size(),
          .cached_packs = cache_.packs(),
          .table_bytes = held.bytes};
}

} // namespace shoal::topology
