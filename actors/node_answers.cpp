#include "actors/node_answers.hpp"

#include "actors/placement_messages.hpp"
#include "swarm/crypto/sha256.hpp"
#include "swarm/fetch_plan.hpp"

#include <algorithm>

namespace shoal::actors {

namespace {

image_status status_of(const wire::ImageRecord& image) {
  const auto recipe = swarm::recipe_id::from_raw(image.recipe());
  return {.name = image.name(),
          .version = image.version(),
          .parent = image.parent(),
          .virtual_bytes = image.virtual_bytes(),
          .data_bytes = image.data_bytes(),
          .referred_bytes = image.referred_bytes(),
          .fetch_bytes = image.fetch_bytes(),
          .pack_bytes = image.pack_bytes(),
          .chunk_count = image.chunk_count(),
          .recipe = recipe ? recipe->hex() : std::string{},
          .publisher = image.publisher(),
          .published_at = image.published_at(),
          .holder_count = image.holder_count()};
}

/// Holders per pack of the recipe, as the index told.
result<std::vector<std::vector<swarm::pack_holder>>>
holders_of(job& asker, const swarm::recipe& recipe, const uplinks& out) {
  wire::Lookup lookup;
  *lookup.mutable_asker() = out.self;
  lookup.set_session(out.session);
  for (const auto& pack : recipe.packs) lookup.add_packs(pack.id.raw());
  auto swarms = asker.ask_index<wire::Swarms>(lookup, std::chrono::seconds{3});
  if (!swarms) return swarms.error();
  const auto here = topology::place::parse(out.self.place());
  std::vector<std::vector<swarm::pack_holder>> holders(recipe.packs.size());
  for (const auto& swarm : swarms->swarms()) {
    for (std::size_t i = 0; i < recipe.packs.size(); ++i) {
      if (recipe.packs[i].id.raw() != swarm.pack()) continue;
      for (const auto& holder : swarm.holders()) {
        auto pieces = pieces_of(holder.holding());
        const auto where = topology::place::parse(holder.peer().place());
        if (!pieces || pieces->size() != recipe.packs[i].piece_count() || !where || !here) continue;
        holders[i].push_back({holder.peer().host(), topology::distance_between(*here, *where),
                              holder.holding().all() ? std::optional<swarm::piece_set>{}
                                                     : std::move(pieces)});
      }
    }
  }
  return holders;
}

source_bytes bytes_of(const swarm::fetch_amounts& amounts) {
  return {amounts.own_store_bytes, amounts.same_rack_bytes, amounts.same_site_bytes,
          amounts.other_sites_bytes, amounts.nobody_bytes};
}

std::uint64_t sum(const source_bytes& bytes) {
  return bytes.own_store + bytes.own_rack + bytes.own_site + bytes.other_sites + bytes.nowhere;
}

} // namespace

result<std::vector<image_status>> answer_images(job& asker) {
  std::vector<image_status> list;
  wire::ListImages request;
  while (true) {
    request.set_skip(static_cast<std::uint32_t>(list.size()));
    auto page = asker.ask_gis<wire::Images>(request);
    if (!page) return page.error();
    for (const auto& image : page->images()) list.push_back(status_of(image));
    if (!page->more()) return list;
  }
}

result<std::vector<host_status>> answer_hosts(job& asker) {
  auto hosts = asker.ask_gis<wire::Hosts>(wire::ListHosts{});
  if (!hosts) return hosts.error();
  std::vector<host_status> list;
  for (const auto& host : hosts->hosts()) {
    list.push_back({.name = host.peer().host(),
                    .place = host.peer().place(),
                    .address = host.peer().address(),
                    .link_port = static_cast<std::uint16_t>(host.peer().link_port()),
                    .bulk_port = static_cast<std::uint16_t>(host.peer().bulk_port()),
                    .bulk_tls_port = static_cast<std::uint16_t>(host.peer().bulk_tls_port()),
                    .online = host.online(),
                    .roles = {host.roles().begin(), host.roles().end()},
                    .held_bytes = host.held_bytes(),
                    .quota_bytes = host.quota_bytes(),
                    .version = host.version(),
                    .room_bytes = host.has_room_bytes()
                                      ? std::optional<std::uint64_t>{host.room_bytes()}
                                      : std::nullopt,
                    .running_jobs = host.running_jobs()});
  }
  return list;
}

result<plan_status> answer_plan(job& asker, const std::string& image) {
  auto name = image_name::parse(image);
  if (!name) return name.error();
  auto record = asker.find_image(*name, false);
  if (!record) return record.error();
  auto recipe = asker.fetch_recipe(*record);
  if (!recipe) return recipe.error();
  const auto out = asker.ways_out();
  auto holders = holders_of(asker, *recipe, out);
  if (!holders) return holders.error();
  std::vector<swarm::piece_set> held;
  for (const auto& pack : recipe->packs) held.push_back(asker.context().store->have(pack.id));
  const auto plan = swarm::plan_fetch(*recipe, held, *holders);
  plan_status status{image, 0, bytes_of(plan.total), {}};
  status.needed_bytes = sum(status.sources);
  const auto needed = swarm::needed_pieces(*recipe);
  for (const auto& pack : plan.packs) {
    plan_status::pack_line line{pack.pack.id.hex(), 0, pack.missing.count(), bytes_of(pack.amounts)};
    for (std::size_t i = 0; i < recipe->packs.size(); ++i) {
      if (recipe->packs[i].id == pack.pack.id) line.pieces_needed = needed[i].count();
    }
    status.packs.push_back(std::move(line));
  }
  return status;
}

result<placement_status> answer_placement(job& asker, const place_order& order) {
  auto name = image_name::parse(order.image);
  if (!name) return name.error();
  auto placement = asker.ask_gis<wire::Placement>(to_wire(order, name->name, name->version));
  if (!placement) return placement.error();
  return from_wire(*placement, order);
}

result<removal_status> answer_removal(job& asker, const std::string& image) {
  auto name = image_name::parse(image);
  if (!name) return name.error();
  wire::RemoveImage request;
  request.set_name(name->name);
  request.set_version(name->version);
  auto removal = asker.ask_gis<wire::Removal>(request);
  if (!removal) return removal.error();
  return removal_status{image, removal->freed_bytes(),
                        static_cast<std::uint32_t>(removal->packs_size())};
}

result<std::string> answer_torrent(job& asker, const std::string& pack) {
  const auto id = swarm::pack_id::parse(pack);
  if (!id) {
    return {errc::invalid_argument,
            "\"" + pack.substr(0, 100) + "\" is not a pack; expected 64 hexadecimal digits"};
  }
  if (const auto self = asker.ways_out().self; self.bulk_port() == 0 && self.bulk_tls_port() != 0) {
    return {errc::denied, "this host takes encrypted bulk connections only (bulk.tls = all), which "
                          "a .torrent cannot open for a stock client"};
  }
  if (auto known = asker.context().store->descriptor(*id)) return swarm::torrent_file(*known);
  auto bytes = asker.download(wire::PACK_DESCRIPTOR, id->raw());
  if (!bytes) return bytes.error();
  auto decoded = swarm::decode_pack_descriptor(*bytes, swarm::sha256);
  if (!decoded) return decoded.error();
  return swarm::torrent_file(*decoded);
}

index_status answer_index(const index_state& state) {
  index_status status;
  status.scheme = state.scheme;
  status.domains = state.domains;
  status.take_overs = state.take_overs;
  status.pack_count = state.counts.packs;
  status.holding_count = state.counts.holdings;
  status.table_bytes = state.counts.table_bytes;
  for (std::size_t kind = 0; kind < topology::index_kind_count; ++kind) {
    const auto one = static_cast<topology::index_kind>(kind);
    for (std::size_t level = 0; level < topology::network_level_count; ++level) {
      const auto crossed = static_cast<topology::network_level>(level);
      const auto sent = state.traffic.of(std::span{&one, 1}, crossed);
      if (sent.messages == 0) continue;
      status.traffic.push_back({std::string{topology::to_string(one)},
                                std::string{topology::to_string(crossed)}, sent.messages,
                                sent.bytes});
    }
  }
  return status;
}

node_status answer_status(const uplinks& out, const transfer_list& transfers, const job_list& jobs,
                          const swarm::pack_store& store, const std::string& version) {
  node_status status;
  status.self = {.name = out.self.host(),
                 .place = out.self.place(),
                 .address = out.self.address(),
                 .link_port = static_cast<std::uint16_t>(out.self.link_port()),
                 .bulk_port = static_cast<std::uint16_t>(out.self.bulk_port()),
                 .bulk_tls_port = static_cast<std::uint16_t>(out.self.bulk_tls_port()),
                 .online = out.joined,
                 .roles = {},
                 .held_bytes = store.held_bytes(),
                 .quota_bytes = store.quota_bytes(),
                 .version = version,
                 .room_bytes = store.room_bytes(),
                 .running_jobs = static_cast<std::uint32_t>(
                     std::count_if(jobs.jobs.begin(), jobs.jobs.end(), [](const auto& job) {
                       return job.state == job_state::running;
                     }))};
  status.state = out.joined ? "joined" : "joining";
  if (!out.joined && !out.why_not_joined.empty()) status.warnings.push_back(out.why_not_joined);
  status.gis = out.gis_name;
  status.rack_index = out.index_name;
  status.pack_count = static_cast<std::uint32_t>(store.packs().size());
  for (const auto& transfer : transfers.transfers) {
    status.received_bytes += transfer.received_bytes;
    status.sent_bytes += transfer.sent_bytes;
    status.transfers.push_back({transfer.pack.hex(), transfer.fetching, transfer.pieces_wanted,
                                transfer.pieces_done, transfer.received_bytes, transfer.sent_bytes,
                                transfer.peer_count});
  }
  status.jobs = jobs.jobs;
  return status;
}

} // namespace shoal::actors
