#include "actors/piece_index.hpp"

#include "actors/index_roles.hpp"
#include "actors/index_wire.hpp"
#include "actors/wire_convert.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <deque>

namespace shoal::actors {

namespace {

using index_pointer = piece_index_actor::stateful_pointer<piece_index_state>;
using topology::index_kind;
using topology::index_message;
using topology::index_outbox;
using topology::network_level;

void schedule(index_pointer self);

/// Has the node or client of this host that it is for take it.
void take(piece_index_state& state, const index_message& message, topology::instant now,
          index_outbox& out) {
  if (message.to.level == network_level::host &&
      topology::is_for_client(state.setting.scheme, message)) {
    if (state.client) state.client->handle(message, now, out);
    return;
  }
  const auto node = state.nodes.find(message.to);
  if (node != state.nodes.end()) node->second->handle(message, now, out);
}

/// The packs to load at each holder that this node names: only whoever first names a host knows for
/// sure that it holds something, and can reach it.
void note_named(const piece_index_state& state, const index_message& answer,
                std::map<std::string, wire::IndexMail>& mails) {
  const auto scheme = state.setting.scheme;
  if (scheme == topology::index_scheme::topo && answer.from.level != network_level::rack) return;
  for (const auto& pack : answer.answers) {
    for (const auto& holder : pack.holders) {
      const bool here = topology::domain_id{network_level::host, holder.host} == answer.from;
      const bool mine = scheme == topology::index_scheme::flat || here ||
                        (answer.from.level == network_level::rack &&
                         state.net.domain_of(holder.host, network_level::rack) == answer.from);
      if (mine) mails[state.net.name(holder.host)].add_serve(raw_of(pack.pack));
    }
  }
}

void load_packs(const piece_index_state& state, const wire::IndexMail& mail) {
  serve_packs order;
  for (const auto& raw : mail.serve()) {
    if (auto pack = swarm::pack_id::from_raw(raw)) order.packs.push_back(*pack);
  }
  if (!order.packs.empty()) caf::anon_send(state.parts.cache, std::move(order));
}

/// Whether what such a message says is lost if the message is.
bool tells(index_kind kind) {
  return kind == index_kind::publish || kind == index_kind::begin_fetch ||
         kind == index_kind::end_fetch;
}

/// Those will be told everything again.
void note_lost(index_pointer self, const std::set<topology::index_address>& told) {
  auto& state = self->state;
  if (told.empty()) return;
  state.to_tell_again.insert(told.begin(), told.end());
  if (!state.tell_again_at) state.tell_again_at = self->clock().now() + state.config.again_after;
  schedule(self);
}

/// Sends what waits for that host, as much as may be on its way at once.
void pump(index_pointer self, const std::string& host) {
  auto& state = self->state;
  auto& lane = state.lanes[host];
  while (!lane.waiting.empty()) {
    const auto bytes = lane.waiting.front().bytes;
    const bool room = lane.under_way_bytes + bytes <= state.config.under_way_bytes_max;
    if (lane.under_way_bytes > 0 && !room) return;
    auto next = std::move(lane.waiting.front());
    lane.waiting.pop_front();
    lane.waiting_bytes -= bytes;
    lane.under_way_bytes += bytes;
    const auto ended = [self, host, bytes] {
      self->state.lanes[host].under_way_bytes -= bytes;
      pump(self, host);
    };
    self->request(state.parts.switchboard, std::chrono::seconds{10}, post{host, std::move(next.mail)})
        .then([ended](const wire::Ack&) { ended(); },
              [self, host, ended, told = std::move(next.told)](const caf::error& fault) {
                spdlog::debug("piece-index cannot tell {}: {}", host, from_caf(fault).message);
                note_lost(self, told);
                ended();
              });
  }
  if (lane.under_way_bytes == 0) state.lanes.erase(host);
}

void send_mail(index_pointer self, const std::string& host, wire::IndexMail mail,
               const std::set<topology::index_address>& told) {
  auto& state = self->state;
  auto& lane = state.lanes[host];
  if (lane.waiting_bytes > state.config.waiting_bytes_max) {
    spdlog::warn("{} takes the index's messages too slowly: {} bytes wait; it is told again later",
                 host, lane.waiting_bytes);
    return note_lost(self, told);
  }
  for (auto& part : cut(std::move(mail), state.config.mail_bytes_max)) {
    const auto bytes = part.ByteSizeLong();
    lane.waiting_bytes += bytes;
    lane.waiting.push_back({std::move(part), bytes, told});
  }
  pump(self, host);
}

/// Answers those whose lookups came to an end.
void answer_finders(piece_index_state& state) {
  if (!state.client) return;
  for (const auto& result : state.client->take_results()) {
    auto waiting = state.waiting.extract(result.request);
    if (waiting.empty()) continue;
    auto& pending = *waiting.mapped();
    for (const auto& answer : result.answers)
      *pending.found.add_swarms() = swarm_of(answer, state.net, state.peers);
    if (--pending.lookups == 0) pending.promise.deliver(std::move(pending.found));
  }
}

/// Sends what is for others and hands on what is for nodes of this host.
void deliver(index_pointer self, index_outbox out) {
  auto& state = self->state;
  const auto now = self->clock().now();
  std::deque<index_message> pending{out.begin(), out.end()};
  std::map<std::string, wire::IndexMail> mails;
  std::map<std::string, std::set<topology::index_address>> told;
  while (!pending.empty()) {
    const auto message = std::move(pending.front());
    pending.pop_front();
    if (message.kind == index_kind::answer) note_named(state, message, mails);
    const auto host = host_of(message.to, state.net, state.bearers);
    if (host.empty()) continue;
    if (host != state.config.host) {
      *mails[host].add_messages() = to_wire(message, state.net);
      if (tells(message.kind)) told[host].insert(message.to);
      continue;
    }
    index_outbox more;
    take(state, message, now, more);
    pending.insert(pending.end(), more.begin(), more.end());
  }
  for (auto& [host, mail] : mails) {
    if (host == state.config.host) load_packs(state, mail);
    else send_mail(self, host, std::move(mail), told[host]);
  }
  answer_finders(state);
  schedule(self);
}

/// @returns whether everything was understood.
bool on_mail(index_pointer self, const wire::IndexMail& mail) {
  auto& state = self->state;
  load_packs(state, mail);
  bool understood = true;
  index_outbox out;
  for (const auto& one : mail.messages()) {
    std::optional<wire::IndexMessage> whole;
    if (is_part(one)) {
      auto taken = state.parts_of_others.take(one);
      if (!taken) {
        spdlog::debug("piece-index cannot put a message together: {}", taken.error().message);
        understood = false;
        continue;
      }
      if (!*taken) continue;
      whole = std::move(*taken);
    }
    const auto message = from_wire(whole ? *whole : one, state.net);
    const bool here = message && host_of(message->to, state.net, state.bearers) == state.config.host;
    understood = understood && here;
    if (here) take(state, *message, self->clock().now(), out);
  }
  deliver(self, std::move(out));
  return understood;
}

void on_announce(index_pointer self, const wire::Announce& news) {
  auto& state = self->state;
  std::set<topology::pack_key> named;
  for (const auto& holding : news.holdings()) {
    auto pieces = pack_pieces_of(holding);
    if (!pieces) continue;
    named.insert(pieces->pack);
    state.held[pieces->pack] = std::move(*pieces);
  }
  std::set<topology::pack_key> gone;
  for (const auto& raw : news.dropped_packs()) {
    if (const auto key = key_of(raw)) gone.insert(*key);
  }
  for (const auto& [pack, pieces] : state.held) {
    if (news.complete() && !named.contains(pack)) gone.insert(pack);
  }
  for (const auto& pack : gone)
    state.held.erase(pack);
  if (!state.client) return;
  for (const auto& pack : gone)
    state.client->drop(pack);
  for (const auto& pack : named)
    state.client->hold(state.held.at(pack));
  index_outbox out;
  state.client->flush(self->clock().now(), out);
  deliver(self, std::move(out));
}

caf::result<wire::Swarms> on_find(index_pointer self, const find_pieces& question) {
  auto& state = self->state;
  if (!state.client) return to_caf({errc::unreachable, "this host has not joined a swarm yet"});
  index_outbox out;
  auto pending = std::make_shared<piece_index_state::pending_find>();
  pending->promise = self->make_response_promise<wire::Swarms>();
  const topology::lookup_options options{.fetching = question.fetching,
                                         .fresh = question.fresh,
                                         .every_level = question.every_level};
  auto from = question.wanted.begin();
  do {
    const auto left = static_cast<std::size_t>(question.wanted.end() - from);
    const auto to = from + static_cast<std::ptrdiff_t>(std::min(left, state.config.lookup_packs_max));
    const auto request = state.client->lookup({from, to}, options, self->clock().now(), out);
    ++pending->lookups;
    state.waiting.emplace(request, pending);
    from = to;
  } while (from != question.wanted.end());
  auto promise = pending->promise;
  deliver(self, std::move(out));
  return promise;
}

/// Tells those everything who missed something.
void tell_again(piece_index_state& state, topology::instant now, index_outbox& out) {
  state.tell_again_at.reset();
  for (const auto& address : std::exchange(state.to_tell_again, {})) {
    if (state.client) state.client->index_restarted(address, now, out);
    for (auto& [own, node] : state.nodes) {
      if (own.level != network_level::world && state.net.parent(own) == address) {
        node->parent_restarted(now, out);
      }
    }
  }
}

void on_tick(index_pointer self) {
  auto& state = self->state;
  const auto now = self->clock().now();
  state.tick_at.reset();
  index_outbox out;
  if (state.tell_again_at && *state.tell_again_at <= now) tell_again(state, now, out);
  if (state.client) state.client->tick(now, out);
  for (auto& [address, node] : state.nodes)
    node->tick(now, out);
  deliver(self, std::move(out));
}

/// Sees to it that a tick comes when something is due.
void schedule(index_pointer self) {
  auto& state = self->state;
  auto next = state.tell_again_at;
  const auto consider = [&](std::optional<topology::instant> due) {
    if (due && (!next || *due < *next)) next = due;
  };
  if (state.client) consider(state.client->due());
  for (const auto& [address, node] : state.nodes)
    consider(node->due());
  if (!next || (state.tick_at && *state.tick_at <= *next)) return;
  state.tick_at = next;
  const auto wait = std::max(*next - self->clock().now(), topology::instant::duration{});
  self->delayed_send(self, std::chrono::ceil<std::chrono::milliseconds>(wait), tick{});
}

index_state state_of(const piece_index_state& state) {
  index_state told;
  told.scheme = topology::to_string(state.setting.scheme);
  told.traffic = state.counters;
  told.take_overs = state.take_overs;
  for (const auto& [address, node] : state.nodes) {
    told.domains.push_back(state.net.path(address));
    const auto counts = node->counts();
    told.counts.packs += counts.packs;
    told.counts.holdings += counts.holdings;
    told.counts.fetches += counts.fetches;
    told.counts.waiting += counts.waiting;
    told.counts.cached_packs += counts.cached_packs;
    told.counts.table_bytes += counts.table_bytes;
  }
  return told;
}

} // namespace

piece_index_actor::behavior_type
piece_index(piece_index_actor::stateful_pointer<piece_index_state> self, piece_index_config config,
            piece_index_parts parts) {
  self->state.config = std::move(config);
  self->state.parts = std::move(parts);
  return {
      [self](const wire::IndexMail& mail) -> caf::result<wire::Ack> {
        if (on_mail(self, mail)) return wire::Ack{};
        return to_caf({errc::conflict, "the members have changed; tell it again"});
      },
      [self](const wire::Members& members) {
        deliver(self, follow_members(self->state, members, self->clock().now()));
      },
      [self](const wire::Announce& news) { on_announce(self, news); },
      [self](const find_pieces& question) { return on_find(self, question); },
      [self](const stopped_fetching& ended) {
        auto& state = self->state;
        if (!state.client) return;
        index_outbox out;
        state.client->end_fetch(ended.packs, self->clock().now(), out);
        deliver(self, std::move(out));
      },
      [self](const ask_index&) { return state_of(self->state); },
      [self](const tick&) { on_tick(self); },
  };
}

} // namespace shoal::actors
