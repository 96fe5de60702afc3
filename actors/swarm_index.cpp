#include "actors/swarm_index.hpp"

#include "actors/wire_convert.hpp"
#include <algorithm>
#include <functional>
#include <random>

namespace shoal::actors {

result<std::vector<topology::pack_key>>
keys_of(const google::protobuf::RepeatedPtrField<std::string>& packs) {
  std::vector<topology::pack_key> keys;
  keys.reserve(static_cast<std::size_t>(packs.size()));
  for (const auto& raw : packs) {
    const auto key = key_of(raw);
    if (!key) return {errc::invalid_argument, "a pack id must have 32 bytes"};
    keys.push_back(*key);
  }
  return keys;
}

std::map<std::string, wire::Serve> orders_for(const wire::Swarms& answer) {
  std::map<std::string, wire::Serve> orders;
  for (const auto& swarm : answer.swarms()) {
    for (const auto& holder : swarm.holders()) {
      orders[holder.peer().host()].add_packs(swarm.pack());
    }
  }
  return orders;
}

result<std::vector<topology::pack_key>> swarm_index::announce(const wire::Announce& news) {
  topology::announcement told{news.host(), news.session(), {}, {}, news.complete()};
  for (const auto& held : news.holdings()) {
    const auto key = key_of(held.pack());
    if (!key) return {errc::invalid_argument, "a pack id must have 32 bytes"};
    told.holdings.push_back({*key, held.piece_count(), held.all(), held.bitmap()});
  }
  auto dropped = keys_of(news.dropped_packs());
  if (!dropped) return dropped.error();
  told.dropped = std::move(*dropped);
  return table_.announce(told);
}

result<std::vector<topology::pack_key>> swarm_index::begin_fetch(const wire::Lookup& lookup) {
  auto keys = keys_of(lookup.packs());
  if (!keys) return keys.error();
  learn(lookup.asker());
  return table_.begin_fetch(lookup.asker().host(), lookup.session(), *keys);
}

std::vector<topology::pack_key> swarm_index::end_fetch(const wire::EndFetch& ended) {
  auto keys = keys_of(ended.packs());
  if (!keys) return {};
  return table_.end_fetch(ended.host(), ended.session(), *keys);
}

std::vector<topology::pack_key> swarm_index::retire(const std::string& host) {
  agents_.erase(host);
  peers_.erase(host);
  return table_.retire(host);
}

void swarm_index::learn(const wire::Peer& peer) { peers_[peer.host()] = peer; }

void swarm_index::follow(const wire::Members& members) {
  std::set<std::string> present;
  for (const auto& member : members.members()) {
    present.insert(member.peer().host());
    learn(member.peer());
  }
  std::vector<std::string> gone;
  for (const auto& [host, peer] : peers_) {
    if (!present.contains(host)) gone.push_back(host);
  }
  for (const auto& host : gone) retire(host);
}

void swarm_index::learn_agent(const std::string& host, host_actor agent) {
  agents_[host] = std::move(agent);
}

void swarm_index::forget_agent(const std::string& host) { agents_.erase(host); }

host_actor swarm_index::agent(const std::string& host) const {
  const auto found = agents_.find(host);
  return found == agents_.end() ? host_actor{} : found->second;
}

const wire::Peer* swarm_index::peer(const std::string& host) const {
  const auto found = peers_.find(host);
  return found == peers_.end() ? nullptr : &found->second;
}

namespace {

/// Every holder that is not fetching and can be reached, as a choice to make. Who has fetched
/// everything counts as a fetcher for a while longer, and as a holder only where nobody else has it:
/// or the death of the last other holder would leave all who fetch without a source.
std::vector<topology::peer_candidate> candidates_of(const topology::pack_view& view,
                                                    const swarm_index& index) {
  std::vector<topology::peer_candidate> candidates;
  std::vector<topology::peer_candidate> finished;
  for (const auto& holder : view.holders) {
    const auto* peer = index.peer(holder.host);
    const bool fetches =
        std::ranges::binary_search(view.fetchers, holder.host, {}, &topology::pack_fetcher::host);
    if (!peer || (fetches && !holder.all)) continue;
    if (auto where = topology::place::parse(peer->place())) {
      (fetches ? finished : candidates).push_back({holder.host, std::move(*where), holder.all});
    }
  }
  const bool whole = std::any_of(candidates.begin(), candidates.end(),
                                 [](const auto& one) { return one.all; });
  if (!whole) candidates.insert(candidates.end(), finished.begin(), finished.end());
  return candidates;
}

/// The racks of those that have everything. A third of one rack would change nothing
/// (`topology::piece_assignments`).
std::vector<std::string> sources_of(const std::vector<topology::peer_candidate>& candidates) {
  std::vector<std::string> racks;
  std::map<std::string, std::size_t> named;
  for (const auto& candidate : candidates) {
    if (!candidate.all) continue;
    auto rack = candidate.where.path();
    if (++named[rack] <= 2) racks.push_back(std::move(rack));
  }
  return racks;
}

wire::Holding holding_of(const topology::pack_view& view, const std::string& host) {
  wire::Holding out;
  out.set_pack(raw_of(view.pack));
  out.set_piece_count(view.piece_count);
  for (const auto& holder : view.holders) {
    if (holder.host != host) continue;
    out.set_all(holder.all);
    out.set_bitmap(holder.bitmap);
  }
  return out;
}

} // namespace

swarm_index::swarm_index() : table_id_{std::uint64_t{std::random_device{}()} << 32 | 1} {}

void swarm_index::add_holders(const topology::pack_view& view,
                              std::vector<topology::peer_candidate> from, const wire::Peer& asker,
                              bool fetching, wire::Swarm& to) const {
  const auto here = topology::place::parse(asker.place());
  if (!here) return;
  std::erase_if(from, [&](const auto& one) { return one.host == asker.host(); });
  for (const auto& rack : sources_of(from)) to.add_sources(rack);
  for (const auto& chosen :
       topology::choose_holders(std::move(from), asker.host(), *here, holders_max)) {
    auto& holder = *to.add_holders();
    *holder.mutable_peer() = *peer(chosen.host);
    if (!fetching) *holder.mutable_holding() = holding_of(view, chosen.host);
  }
}

wire::Swarms swarm_index::answer(const wire::Peer& asker,
                                 const std::vector<topology::pack_key>& packs,
                                 bool fetching) const {
  wire::Swarms out;
  if (!topology::place::parse(asker.place())) return out;
  for (const auto& view : table_.lookup(packs, asker.host())) {
    auto& swarm = *out.add_swarms();
    swarm.set_pack(raw_of(view.pack));
    swarm.set_table(table_id_);
    swarm.set_revision(view.revision);
    add_holders(view, candidates_of(view, *this), asker, fetching, swarm);
    for (const auto& fetcher : view.fetchers) {
      if (const auto* known = peer(fetcher.host)) *swarm.add_fetchers() = *known;
    }
  }
  return out;
}

std::vector<topology::fetcher_record>
swarm_index::records_of(const std::vector<topology::pack_fetcher>& fetchers) const {
  std::vector<topology::fetcher_record> records;
  for (const auto& fetcher : fetchers) {
    if (const auto* known = peer(fetcher.host)) {
      records.push_back({fetcher.host, std::hash<std::string>{}(known->SerializeAsString())});
    }
  }
  return records;
}

void swarm_index::leave_out_known(const wire::Lookup& lookup, wire::Swarms& answer) {
  const auto keys = keys_of(lookup.packs());
  if (!keys || answer.swarms_size() != lookup.packs_size()) return;
  const auto views = table_.lookup(*keys, lookup.asker().host());
  for (int i = 0; i < answer.swarms_size(); ++i) {
    const auto& view = views[static_cast<std::size_t>(i)];
    const auto records = records_of(view.fetchers);
    const auto known = i < lookup.known_size() ? lookup.known(i) : wire::SwarmStamp{};
    if (known.table() == table_id_ && known.revision() <= view.revision &&
        told_.knows_all(view.pack, known.revision(), records)) {
      auto& swarm = *answer.mutable_swarms(i);
      swarm.clear_fetchers();
      swarm.set_base_revision(known.revision());
    } else if (!records.empty()) {
      told_.answered(view.pack, records);
    }
  }
}

namespace {

/// Tells one list of candidates from another.
std::size_t fingerprint(const std::vector<topology::peer_candidate>& candidates) {
  std::string all;
  for (const auto& one : candidates)
    all += one.host + '\n' + one.where.path() + (one.all ? "\n1\n" : "\n0\n");
  return std::hash<std::string>{}(all);
}

} // namespace

std::map<std::string, wire::Swarms> swarm_index::news(const std::set<topology::pack_key>& packs) {
  std::map<std::string, wire::Swarms> out;
  for (const auto& view : table_.lookup(std::vector(packs.begin(), packs.end()))) {
    const auto records = records_of(view.fetchers);
    if (records.empty()) {
      told_.forget(view.pack);
      continue;
    }
    const auto candidates = candidates_of(view, *this);
    const auto news = told_.tell(view.pack, view.revision, records, fingerprint(candidates));
    if (news.empty()) continue;
    wire::Swarm shared;
    shared.set_pack(raw_of(view.pack));
    shared.set_table(table_id_);
    shared.set_revision(news.revision);
    shared.set_base_revision(news.base);
    shared.set_same_holders(!news.other_holders);
    for (const auto& host : news.came) *shared.add_fetchers() = *peer(host);
    for (const auto& host : news.gone) shared.add_gone(host);
    for (const auto& fetcher : records) {
      auto& swarm = *out[fetcher.host].add_swarms();
      swarm = shared;
      if (news.other_holders) add_holders(view, candidates, *peer(fetcher.host), true, swarm);
    }
  }
  return out;
}

} // namespace shoal::actors
