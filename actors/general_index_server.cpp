#include "actors/general_index_server.hpp"

#include "actors/catalogue_messages.hpp"
#include "actors/copies_count.hpp"
#include "actors/placement_messages.hpp"
#include "actors/prestage_relay.hpp"
#include "actors/wire_convert.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace shoal::actors {

namespace {

using gis_pointer = gis_local_actor::stateful_pointer<general_index_server_state>;

/// With all fetchers of a large burst named for each of them: well below the link's message limit.
constexpr int packs_per_push = 64;

void schedule_push(gis_pointer self) {
  if (self->state.push_scheduled) return;
  self->state.push_scheduled = true;
  self->delayed_send(self, self->state.config.push_delay, push_due{});
}

void on_changed(gis_pointer self, const std::vector<topology::pack_key>& packs) {
  if (packs.empty()) return;
  self->state.changed.insert(packs.begin(), packs.end());
  schedule_push(self);
}

void on_members_changed(gis_pointer self) {
  self->state.members_changed = true;
  schedule_push(self);
}

template <class Message>
void tell(gis_pointer self, const std::string& host, const Message& message) {
  const auto agent = self->state.index.agent(host);
  if (!agent) return;
  self->request(agent, std::chrono::seconds{5}, message)
      .then([](const wire::Ack&) {},
            [host](const caf::error& fault) {
              spdlog::debug("{} did not take the news: {}", host, from_caf(fault).message);
            });
}

/// Tells fetchers who fetches with them, and everybody who is a member.
void push(gis_pointer self) {
  auto& state = self->state;
  state.push_scheduled = false;
  if (std::exchange(state.members_changed, false)) {
    const auto news = state.members.news(state.config.host);
    for (const auto& host : state.members.names()) tell(self, host, news);
  }
  const auto changed = std::exchange(state.changed, {});
  for (const auto& [host, news] : state.index.news(changed)) {
    for (int from = 0; from < news.swarms_size(); from += packs_per_push) {
      wire::Swarms part;
      for (int i = from; i < std::min(from + packs_per_push, news.swarms_size()); ++i)
        *part.add_swarms() = news.swarms(i);
      fold(part);
      tell(self, host, part);
    }
  }
}

void on_lost(gis_pointer self, const std::string& host) {
  auto& state = self->state;
  if (!state.members.leave(host)) return;
  spdlog::info("{} is gone", host);
  on_changed(self, state.index.retire(host));
  on_members_changed(self);
}

caf::result<wire::Members> on_hello(gis_pointer self, const wire::Hello& hello) {
  auto& state = self->state;
  const auto& host = hello.self().host();
  // Its table entries belong to the session before; it announces everything anew.
  const bool was_online = state.members.online(host) && state.members.session(host) == hello.session();
  if (auto joined = state.members.join(hello); !joined) {
    spdlog::warn("{} may not join: {}", host, joined.error().message);
    return to_caf(joined.error());
  }
  state.index.learn(hello.self());
  if (!was_online) {
    spdlog::info("{} joins at {}", host, hello.self().place());
    const swarm::host_record record{host,
                                    hello.self().place(),
                                    hello.self().address(),
                                    static_cast<std::uint16_t>(hello.self().link_port()),
                                    static_cast<std::uint16_t>(hello.self().bulk_port()),
                                    state.config.timestamp()};
    if (auto kept = state.catalogue->upsert_hosts({&record, 1}); !kept) {
      spdlog::warn("cannot record host {}: {}", host, kept.error().message);
    }
    on_members_changed(self);
  }
  return state.members.members(state.config.host);
}

void on_attach(gis_pointer self, const attach_host& news) {
  const auto agent = news.agent;
  const auto host = news.host;
  self->state.index.learn_agent(host, agent);
  self->monitor(agent);
}

void on_down(gis_pointer self, const caf::down_msg& down) {
  auto& state = self->state;
  std::string lost;
  const auto known = state.members.hosts({});
  for (const auto& record : known.hosts()) {
    const auto agent = state.index.agent(record.peer().host());
    if (agent && agent.address() == down.source) lost = record.peer().host();
  }
  // A host that dialled again has a newer agent already; the old link's end means nothing then.
  if (!lost.empty()) on_lost(self, lost);
  std::erase_if(state.uploads, [&](const auto& entry) { return entry.first.first == down.source; });
}

caf::result<wire::Ack> on_announce(gis_pointer self, const wire::Announce& news) {
  auto changed = self->state.index.announce(news);
  if (!changed) return to_caf(changed.error());
  on_changed(self, *changed);
  return wire::Ack{};
}

caf::result<wire::Swarms> on_lookup(gis_pointer self, const wire::Lookup& lookup) {
  auto& state = self->state;
  auto keys = keys_of(lookup.packs());
  if (!keys) return to_caf(keys.error());
  if (lookup.fetching()) {
    auto begun = state.index.begin_fetch(lookup);
    if (!begun) return to_caf(begun.error());
    on_changed(self, *begun);
  }
  auto promise = self->make_response_promise<wire::Swarms>();
  auto answer = state.index.answer(lookup.asker(), *keys, lookup.fetching());
  state.index.leave_out_known(lookup, answer);
  fold(answer);
  wake_and_deliver(self, state.index, std::move(answer), promise);
  return promise;
}

wire::Ack on_end_fetch(gis_pointer self, const wire::EndFetch& ended) {
  self->delayed_send(self, self->state.config.linger, linger_over{ended});
  return {};
}

caf::result<wire::Ack> on_upload(gis_pointer self, const wire::Upload& part) {
  auto& state = self->state;
  const auto sender = caf::actor_cast<caf::actor_addr>(self->current_sender());
  auto& upload = state.uploads[{sender, part.upload()}];
  if (part.offset_bytes() == 0) upload = {{}, part.total_bytes()};
  if (part.total_bytes() > state.config.upload_bytes_max || part.total_bytes() != upload.total ||
      part.offset_bytes() != upload.bytes.size() ||
      upload.bytes.size() + part.part().size() > upload.total) {
    state.uploads.erase({sender, part.upload()});
    return to_caf({errc::invalid_argument, "the parts of the upload do not fit together"});
  }
  upload.bytes += part.part();
  return wire::Ack{};
}

caf::result<wire::PublicationOutcome> on_commit(gis_pointer self,
                                                const wire::CommitPublication& commit) {
  auto& state = self->state;
  const auto sender = caf::actor_cast<caf::actor_addr>(self->current_sender());
  auto upload = state.uploads.extract({sender, commit.upload()});
  if (upload.empty() || upload.mapped().bytes.size() != upload.mapped().total) {
    return to_caf({errc::unreachable, "the upload is not whole; send it again"});
  }
  auto outcome = publish(*state.catalogue, upload.mapped().bytes, state.config.timestamp());
  if (!outcome) return to_caf(outcome.error());
  return *outcome;
}

caf::result<wire::ImageRecord> on_find_image(gis_pointer self, const wire::FindImage& find) {
  auto record = find_image(*self->state.catalogue, find, self->state.index.table());
  if (!record) return to_caf(record.error());
  return *record;
}

caf::result<wire::Removal> on_remove(gis_pointer self, const wire::RemoveImage& order) {
  auto& state = self->state;
  auto removal = remove_image(*state.catalogue, order);
  if (!removal) return to_caf(removal.error());
  wire::Forget forget;
  *forget.mutable_packs() = removal->packs();
  if (forget.packs_size() > 0) {
    const auto members = state.members.members({});
    for (const auto& member : members.members()) {
      tell(self, member.peer().host(), forget);
    }
  }
  return *removal;
}

template <class Reply>
caf::result<Reply> reply(result<Reply> answer) {
  if (!answer) return to_caf(answer.error());
  return std::move(*answer);
}

} // namespace

gis_local_actor::behavior_type
general_index_server(gis_local_actor::stateful_pointer<general_index_server_state> self,
                     general_index_server_config config,
                     std::shared_ptr<std::unique_ptr<swarm::catalogue>> catalogue) {
  self->state.config = std::move(config);
  self->state.members.set_gis_host(self->state.config.host);
  // Room for as many changes of roles as a GIS will see between two starts.
  self->state.members.set_index(self->state.config.index_scheme, self->state.config.session << 32);
  self->state.catalogue = std::move(*catalogue);
  self->set_down_handler([self](const caf::down_msg& down) { on_down(self, down); });
  return {
      [self](const wire::Hello& hello) { return on_hello(self, hello); },
      [self](const wire::Beat& beat) -> caf::result<wire::Ack> {
        if (auto known = self->state.members.beat(beat); !known) return to_caf(known.error());
        return wire::Ack{};
      },
      [self](const wire::ListHosts&) { return self->state.members.hosts(self->state.config.host); },
      [self](const wire::Announce& news) { return on_announce(self, news); },
      [self](const wire::Lookup& lookup) { return on_lookup(self, lookup); },
      [self](const wire::EndFetch& ended) { return on_end_fetch(self, ended); },
      [self](const wire::FindChunks& find) { return reply(find_chunks(*self->state.catalogue, find)); },
      [self](const wire::FindPack& find) { return reply(find_pack(*self->state.catalogue, find)); },
      [self](const wire::Upload& part) { return on_upload(self, part); },
      [self](const wire::CommitPublication& commit) { return on_commit(self, commit); },
      [self](const wire::Download& part) { return reply(download(*self->state.catalogue, part)); },
      [self](const wire::FindImage& find) { return on_find_image(self, find); },
      [self](const wire::ListImages& list) {
        return reply(list_images(*self->state.catalogue, list, self->state.index.table()));
      },
      [self](const wire::RemoveImage& order) { return on_remove(self, order); },
      [self](const wire::CheckPacks& check) {
        return reply(check_packs(*self->state.catalogue, check));
      },
      [self](const wire::CountCopies& question) {
        return reply(count_copies(self->state.index, question));
      },
      [self](const wire::PlaceImage& order) {
        auto& state = self->state;
        return reply(place_image(*state.catalogue, order, state.members.hosts(state.config.host),
                                 state.index.table()));
      },
      [self](const wire::PrestageHosts& orders) {
        return relay_prestage(self, self->state.index, orders);
      },
      [self](const attach_host& news) { on_attach(self, news); },
      [self](const push_due&) { push(self); },
      [self](const linger_over& over) { on_changed(self, self->state.index.end_fetch(over.ended)); },
  };
}

} // namespace shoal::actors
