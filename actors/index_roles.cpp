#include "actors/index_roles.hpp"

#include "actors/index_wire.hpp"
#include "actors/wire_convert.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace shoal::actors {

namespace {

using topology::index_outbox;
using topology::instant;
using topology::network_level;
using bearer_map = piece_index_state::bearer_map;

/// Hosts that left or went elsewhere, with the rack they were in.
using departures = std::vector<std::pair<topology::host_number, topology::domain_id>>;

/// Brings the table of hosts up to date.
departures follow_places(piece_index_state& state, const wire::Members& members) {
  departures gone;
  state.peers.clear();
  for (const auto& member : members.members()) {
    const auto where = topology::place::parse(member.peer().place());
    if (!where) continue;
    state.peers[member.peer().host()] = member.peer();
    const auto known = state.net.find(member.peer().host());
    if (!known || !state.net.present(*known)) {
      static_cast<void>(state.net.add(member.peer().host(), *where));
    } else if (state.net.where(*known) != *where) {
      gone.emplace_back(*known, state.net.domain_of(*known, network_level::rack));
      static_cast<void>(state.net.move(*known, *where));
    }
  }
  for (topology::host_number host = 0; host < state.net.host_count(); ++host) {
    if (!state.net.present(host) || state.peers.contains(state.net.name(host))) continue;
    gone.emplace_back(host, state.net.domain_of(host, network_level::rack));
    state.net.leave(host);
  }
  return gone;
}

network_level level_of(const std::string& path) {
  switch (std::count(path.begin(), path.end(), '/')) {
  case 0: return network_level::site;
  case 1: return network_level::cluster;
  default: return network_level::rack;
  }
}

bearer_map bearers_of(const wire::Members& members, const topology::network& net) {
  bearer_map made;
  for (const auto& member : members.members()) {
    for (const auto& role : member.roles()) {
      const auto domain = net.find(level_of(role.domain()), role.domain());
      if (domain && !role.standby()) made[*domain] = {member.peer().host(), role.epoch()};
    }
  }
  if (!members.gis_host().empty()) {
    made[topology::whole_world] = {members.gis_host(), members.gis_epoch()};
  }
  return made;
}

/// Whoever left is forgotten by the nodes here, and so are domains that became empty.
void forget_gone(piece_index_state& state, const departures& gone, instant now, index_outbox& out) {
  for (const auto& [host, rack] : gone) {
    auto child = topology::domain_id{network_level::host, host};
    auto domain = rack;
    while (true) {
      const bool empty = child.level == network_level::host || state.net.host_count(child) == 0;
      const auto node = state.nodes.find(domain);
      if (empty && node != state.nodes.end()) node->second->child_gone(child.number, now, out);
      if (domain.level == network_level::world) break;
      child = domain;
      domain = state.net.parent(domain);
    }
  }
}

void begin_node(piece_index_state& state, topology::index_address address, std::uint64_t epoch,
                instant now, index_outbox& out) {
  auto node = topology::make_index_node(state.setting, address, epoch);
  if (!node) return;
  spdlog::info("this host is the index of {}", state.net.path(address));
  ++state.take_overs;
  node->start(now, out);
  state.nodes[address] = std::move(node);
}

/// Nodes that are to live here, by the new roles.
void follow_roles(piece_index_state& state, const bearer_map& before, instant now,
                  index_outbox& out) {
  const auto mine = [&](const bearer_map& roles, topology::index_address address) {
    const auto found = roles.find(address);
    return found != roles.end() && found->second.host == state.config.host;
  };
  std::erase_if(state.nodes, [&](const auto& entry) {
    const bool ended = entry.first.level != network_level::host && !mine(state.bearers, entry.first);
    if (ended) spdlog::info("this host is no longer the index of {}", state.net.path(entry.first));
    return ended;
  });
  for (const auto& [address, role] : state.bearers) {
    const auto old = before.find(address);
    if (role.host == state.config.host) {
      if (!mine(before, address) || old->second.epoch != role.epoch) {
        begin_node(state, address, role.epoch, now, out);
      }
    } else if (old == before.end() || old->second != role) {
      state.to_tell_again.insert(address);
      state.tell_again_at = now;
    }
  }
}

/// The client and, with `flat`, this host's share of the index begin when the host has a number.
void begin_host(piece_index_state& state, instant now, index_outbox& out) {
  const auto self = state.net.find(state.config.host);
  if (!self || state.client) return;
  state.client = topology::make_index_client(state.setting, *self, state.config.session);
  for (const auto& [pack, pieces] : state.held)
    state.client->hold(pieces);
  state.client->flush(now, out);
  const topology::index_address own{network_level::host, *self};
  if (auto node = topology::make_index_node(state.setting, own, state.config.session)) {
    node->start(now, out);
    state.nodes[own] = std::move(node);
  }
}

/// Another scheme is another index: everything begins anew.
void follow_scheme(piece_index_state& state, const wire::Members& members) {
  const auto told = topology::index_scheme_of(members.index_scheme());
  const auto scheme = told.value_or(topology::index_scheme::topo);
  if (state.client && scheme == state.setting.scheme) return;
  state.setting = {scheme, state.config.index, &state.net, &state.ring, &state.counters};
  for (auto& [request, pending] : state.waiting) {
    if (pending->promise.pending())
      pending->promise.deliver(to_caf({errc::unreachable, "the scheme of the index has changed"}));
  }
  state.waiting.clear();
  state.client.reset();
  state.nodes.clear();
  state.bearers.clear();
}

void follow_ring(piece_index_state& state, instant now, index_outbox& out) {
  if (state.setting.scheme != topology::index_scheme::flat) return;
  topology::hash_ring ring;
  for (topology::host_number host = 0; host < state.net.host_count(); ++host) {
    if (state.net.present(host)) ring.join(host, state.net.name(host));
  }
  const auto before = std::exchange(state.ring, std::move(ring));
  if (state.client) state.client->ring_changed(before, now, out);
}

} // namespace

std::string host_of(topology::index_address to, const topology::network& net,
                    const bearer_map& bearers) {
  if (to.level == network_level::host) return net.present(to.number) ? net.name(to.number) : "";
  const auto found = bearers.find(to);
  return found == bearers.end() ? std::string{} : found->second.host;
}

index_outbox follow_members(piece_index_state& state, const wire::Members& members, instant now) {
  index_outbox out;
  follow_scheme(state, members);
  const auto gone = follow_places(state, members);
  follow_ring(state, now, out);
  const auto before = std::exchange(state.bearers, bearers_of(members, state.net));
  follow_roles(state, before, now, out);
  forget_gone(state, gone, now, out);
  const bool moved =
      state.client && std::any_of(gone.begin(), gone.end(), [&](const auto& one) {
        return one.first == state.client->self() && state.net.present(one.first);
      });
  if (moved) state.client->moved(now, out);
  begin_host(state, now, out);
  return out;
}

wire::Swarm swarm_of(const topology::pack_answer& answer, const topology::network& net,
                     const std::map<std::string, wire::Peer>& peers) {
  wire::Swarm swarm;
  swarm.set_pack(raw_of(answer.pack));
  for (const auto& one : answer.holders) {
    const auto peer = peers.find(net.name(one.host));
    if (peer == peers.end()) continue;
    auto& holder = *swarm.add_holders();
    *holder.mutable_peer() = peer->second;
    auto pieces = one.all ? topology::all_pieces(answer.pack, answer.piece_count)
                          : topology::make_pieces(answer.pack, answer.piece_count, one.words);
    *holder.mutable_holding() = to_wire(pieces);
  }
  for (const auto& one : answer.fetchers) {
    const auto peer = peers.find(net.name(one.host));
    if (peer != peers.end()) *swarm.add_fetchers() = peer->second;
  }
  return swarm;
}

} // namespace shoal::actors
