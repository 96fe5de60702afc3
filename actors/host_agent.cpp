#include "actors/host_agent.hpp"

#include "actors/membership.hpp"
#include "actors/wire_convert.hpp"
#include "topology/backoff.hpp"

#include <spdlog/spdlog.h>

namespace shoal::actors {

namespace {

using agent_pointer = host_agent_actor::stateful_pointer<host_agent_state>;

constexpr std::chrono::milliseconds tick_when_settled{1000};
constexpr std::chrono::milliseconds tick_when_not{50};

const wire::Member* rack_index_of(const wire::Members& members, const std::string& place) {
  for (const auto& member : members.members()) {
    if (member.rack_index() && member.peer().place() == place) return &member;
  }
  return nullptr;
}

void tell_cache(host_agent_state& state) {
  caf::anon_send(state.parts.cache, announce_to{state.index, state.gis});
}

caf::actor_clock::time_point again_at(agent_pointer self, std::uint32_t failures) {
  return self->clock().now() +
         topology::backoff(failures, static_cast<std::uint32_t>(self->state.random()));
}

void use_index(agent_pointer self, rack_index_actor index, const std::string& name) {
  auto& state = self->state;
  state.index = std::move(index);
  state.index_name = name;
  state.index_failures = 0;
  tell_cache(state);
}

/// Follows the GIS's choice of this rack's index.
void follow_rack_index(agent_pointer self) {
  auto& state = self->state;
  const auto& me = state.config.self;
  const auto* chosen = rack_index_of(state.members, me.place());
  const auto name = chosen ? chosen->peer().host() : std::string{};
  if (name == state.index_name && (state.index || name.empty())) return;
  if (name == me.host()) {
    use_index(self, state.parts.rack_index, name);
    spdlog::info("this host is the index of rack {}", me.place());
    return;
  }
  if (name != state.index_name) {
    state.index = nullptr;
    state.index_name = name;
    state.index_due = {};
    tell_cache(state);
  }
}

/// News that overtook one another are dropped; a GIS that one joins anew is believed at once.
/// @returns false where news were missed that these follow.
bool learn_members(agent_pointer self, const wire::Members& news) {
  auto& state = self->state;
  if (news.revision() < state.members.revision()) return true;
  if (!merge_members(state.members, news)) {
    state.missed_revision = news.revision();
    return false;
  }
  const auto& members = state.members;
  state.gis_name = members.gis_host();
  caf::anon_send(state.parts.cache, members);
  caf::anon_send(state.parts.rack_index, members);
  caf::anon_send(state.parts.switchboard, members);
  caf::anon_send(state.parts.piece_index, members);
  follow_rack_index(self);
  return true;
}

void say_hello(agent_pointer self);

void on_joined(agent_pointer self, const wire::Members& members) {
  auto& state = self->state;
  if (!state.joined) spdlog::info("joined the swarm of {}: {} members", members.gis_host(), members.members_size());
  state.joined = true;
  state.why_not_joined.clear();
  state.gis_failures = 0;
  state.members.set_revision(0);
  learn_members(self, members);
  caf::anon_send(state.parts.rack_index, state.gis);
  tell_cache(state);
  // News overtook the answer and were of no use before it.
  if (members.revision() < std::exchange(state.missed_revision, 0)) say_hello(self);
}

void on_gis_lost(agent_pointer self, const error& why) {
  auto& state = self->state;
  if (state.joined) {
    state.why_not_joined = "lost the general index server: " + why.message + "; transfers go on";
    spdlog::warn("{}", state.why_not_joined);
  }
  state.gis = nullptr;
  state.joined = false;
  state.gis_due = again_at(self, ++state.gis_failures);
  ++state.next_gis;
  caf::anon_send(state.parts.rack_index, state.gis);
  tell_cache(state);
}

void say_hello(agent_pointer self) {
  auto& state = self->state;
  wire::Hello hello;
  hello.set_session(state.config.session);
  *hello.mutable_self() = state.config.self;
  hello.set_version(state.config.version);
  hello.set_held_bytes(state.parts.store->held_bytes());
  hello.set_quota_bytes(state.parts.store->quota_bytes());
  const auto attempt = state.gis_attempt;
  self->request(state.gis, std::chrono::seconds{5}, std::move(hello))
      .then(
          [self, attempt](const wire::Members& members) {
            if (attempt == self->state.gis_attempt && self->state.gis) on_joined(self, members);
          },
          [self, attempt](const caf::error& fault) {
            if (attempt != self->state.gis_attempt || !self->state.gis) return;
            const auto why = from_caf(fault);
            auto& told = self->state.why_not_joined;
            auto now = "the general index server refuses this host: " + why.message;
            // Said once: the host tries on for as long as it lives.
            if (told != now) spdlog::error("{}", now);
            told = std::move(now);
            self->send_exit(self->state.gis, caf::exit_reason::user_shutdown);
            on_gis_lost(self, why);
          });
}

void dial_gis(agent_pointer self) {
  auto& state = self->state;
  const auto& target = state.config.gis[state.next_gis % state.config.gis.size()];
  state.dialling_gis = true;
  const auto attempt = ++state.gis_attempt;
  const auto me = caf::actor_cast<host_agent_actor>(self);
  state.parts.dial(me, target, node_role::gis, [me, attempt](result<caf::actor> link) {
    caf::anon_send(me, dial_ended{attempt, true, link ? *link : caf::actor{},
                                  link ? error{} : link.error()});
  });
}

void dial_index(agent_pointer self) {
  auto& state = self->state;
  const auto* chosen = rack_index_of(state.members, state.config.self.place());
  if (!chosen || chosen->peer().host() != state.index_name) return;
  state.dialling_index = true;
  const auto attempt = ++state.index_attempt;
  const auto me = caf::actor_cast<host_agent_actor>(self);
  const gis_address target{chosen->peer().address(),
                           static_cast<std::uint16_t>(chosen->peer().link_port())};
  state.parts.dial(me, target, node_role::index, [me, attempt](result<caf::actor> link) {
    caf::anon_send(me, dial_ended{attempt, false, link ? *link : caf::actor{},
                                  link ? error{} : link.error()});
  });
}

void on_gis_dialled(agent_pointer self, const dial_ended& outcome) {
  auto& state = self->state;
  state.dialling_gis = false;
  if (!outcome.link) {
    const auto level = state.gis_failures == 0 ? spdlog::level::warn : spdlog::level::debug;
    state.why_not_joined = "cannot reach the general index server: " + outcome.why.message;
    spdlog::log(level, "{}", state.why_not_joined);
    state.gis_due = again_at(self, ++state.gis_failures);
    ++state.next_gis;
    return;
  }
  state.gis = self->system().spawn(link_proxy<gis_service>, outcome.link);
  self->monitor(state.gis);
  say_hello(self);
}

void on_index_dialled(agent_pointer self, const dial_ended& outcome) {
  auto& state = self->state;
  state.dialling_index = false;
  if (outcome.attempt != state.index_attempt || state.index_name == state.config.self.host()) return;
  if (!outcome.link) {
    state.index_due = again_at(self, ++state.index_failures);
    return;
  }
  auto index = self->system().spawn(link_proxy<rack_index_service>, outcome.link);
  self->monitor(index);
  use_index(self, std::move(index), state.index_name);
}

void beat(agent_pointer self) {
  auto& state = self->state;
  wire::Beat message;
  message.set_host(state.config.self.host());
  message.set_session(state.config.session);
  message.set_held_bytes(state.parts.store->held_bytes());
  message.set_quota_bytes(state.parts.store->quota_bytes());
  message.set_running_jobs(state.running_jobs);
  message.set_room_bytes(state.parts.store->room_bytes());
  // A beat that the GIS refuses means that it no longer knows this host: join again.
  self->request(state.gis, std::chrono::seconds{10}, std::move(message))
      .then([](const wire::Ack&) {}, [self](const caf::error&) {
        if (self->state.gis) say_hello(self);
      });
}

void drive(agent_pointer self) {
  auto& state = self->state;
  const auto now = self->clock().now();
  if (!state.local_gis && !state.gis && !state.dialling_gis && !state.config.gis.empty() &&
      now >= state.gis_due) {
    dial_gis(self);
  }
  if (!state.index && !state.dialling_index && !state.index_name.empty() &&
      state.index_name != state.config.self.host() && now >= state.index_due) {
    dial_index(self);
  }
  if (state.joined && state.gis && now >= state.beat_due) {
    state.beat_due = now + state.config.beat_interval;
    beat(self);
  }
}

void on_down(agent_pointer self, const caf::down_msg& down) {
  auto& state = self->state;
  if (state.gis && down.source == state.gis.address()) on_gis_lost(self, from_caf(down.reason));
  if (state.index && down.source == state.index.address()) {
    spdlog::warn("lost the index of this rack, {}", state.index_name);
    state.index = nullptr;
    state.index_due = again_at(self, ++state.index_failures);
    tell_cache(state);
  }
}

uplinks ways_out(const host_agent_state& state) {
  uplinks out{state.gis,    state.index,       state.gis_name,       state.index_name,
              state.joined, state.config.self, state.config.session, {}, state.why_not_joined};
  for (const auto& member : state.members.members()) {
    if (auto peer = from_wire(member.peer())) out.places.emplace(peer->host, peer->where);
  }
  return out;
}

} // namespace

host_agent_actor::behavior_type
host_agent(host_agent_actor::stateful_pointer<host_agent_state> self, host_agent_config config,
           host_agent_parts parts) {
  self->state.random.seed(static_cast<std::uint32_t>(config.session ^ (config.session >> 32)));
  self->state.config = std::move(config);
  self->state.parts = std::move(parts);
  self->set_down_handler([self](const caf::down_msg& down) { on_down(self, down); });
  self->send(self, tick{});
  return {
      [self](const wire::Serve& order) {
        return self->delegate(self->state.parts.cache, serve_packs{packs_of(order.packs())});
      },
      [self](wire::Swarms& news) {
        unfold(news);
        for (const auto& swarm : news.swarms()) {
          if (auto pack = swarm::pack_id::from_raw(swarm.pack())) {
            caf::anon_send(self->state.parts.cache, new_view{*pack, news_of(swarm)});
          }
        }
        return wire::Ack{};
      },
      [self](const wire::Members& members) {
        if (!learn_members(self, members) && self->state.joined) say_hello(self);
        return wire::Ack{};
      },
      [self](const wire::Forget& order) {
        caf::anon_send(self->state.parts.cache, forget_packs{packs_of(order.packs())});
        return wire::Ack{};
      },
      [self](const wire::Prestage& order) {
        return self->delegate(self->state.parts.prestager, order);
      },
      [self](const wire::CancelPrestage& order) {
        return self->delegate(self->state.parts.prestager, order);
      },
      [self](const dial_ended& outcome) {
        if (outcome.to_gis) on_gis_dialled(self, outcome);
        else on_index_dialled(self, outcome);
      },
      [self](const ask_uplinks&) { return ways_out(self->state); },
      [self](const gis_actor& own) {
        self->state.local_gis = true;
        self->state.gis = own;
        say_hello(self);
      },
      [self](const running_jobs& now) { self->state.running_jobs = now.count; },
      [self](const tick&) {
        drive(self);
        const bool settled = self->state.joined && self->state.index;
        self->delayed_send(self, settled ? tick_when_settled : tick_when_not, tick{});
      },
  };
}

} // namespace shoal::actors
