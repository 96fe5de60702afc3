#include "actors/placement_messages.hpp"

#include "swarm/recipe.hpp"
#include "topology/place.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace shoal::actors {

namespace {

constexpr const char* offline = "offline";

/// What an image needs, and how much of that each host holds.
struct image_holdings {
  std::uint64_t needed_bytes = 0;
  std::map<std::string, std::uint64_t> held_bytes;
};

std::uint64_t held_of(const swarm::pack_reference& pack, const swarm::piece_set& needed,
                      const topology::holder& holder) {
  if (holder.all) return swarm::bytes_of(pack, needed);
  const auto held = swarm::piece_set::from_bitmap(needed.size(), holder.bitmap);
  return held ? swarm::bytes_of(pack, *held & needed) : 0;
}

result<image_holdings> holdings_of(swarm::catalogue& catalogue, const wire::PlaceImage& order,
                                   const topology::holder_table& table) {
  auto image = catalogue.image(order.name(), order.version());
  if (!image) return image.error();
  auto bytes = catalogue.recipe_bytes(image->recipe);
  if (!bytes) return bytes.error();
  auto recipe = swarm::decode_recipe(*bytes);
  if (!recipe) return recipe.error();
  const auto needs = swarm::needed_pieces(*recipe);
  std::vector<topology::pack_key> keys;
  for (const auto& pack : recipe->packs) keys.push_back(pack.id.bytes);
  image_holdings out;
  const auto views = table.lookup(keys);
  for (std::size_t i = 0; i < needs.size(); ++i) {
    const auto& pack = recipe->packs[i];
    out.needed_bytes += swarm::bytes_of(pack, needs[i]);
    for (const auto& holder : views[i].holders) {
      out.held_bytes[holder.host] += held_of(pack, needs[i], holder);
    }
  }
  return out;
}

result<topology::placement_request> request_of(const wire::PlaceImage& order) {
  topology::placement_request request;
  const auto strategy = topology::placement_strategy_of(order.strategy());
  if (!strategy) {
    return {errc::invalid_argument, "\"" + order.strategy().substr(0, 64) +
                                        "\" is no strategy; expected random, min_loaded, "
                                        "shoal_friendly or weighted"};
  }
  const auto spread = topology::placement_spread_of(order.spread());
  if (!spread) {
    return {errc::invalid_argument, "\"" + order.spread().substr(0, 64) +
                                        "\" is no spread; expected rack, cluster or none"};
  }
  if (order.count() == 0 || order.count() > placed_vms_max) {
    return {errc::invalid_argument, "one request places 1 to " + std::to_string(placed_vms_max) +
                                        " VMs, not " + std::to_string(order.count())};
  }
  request.strategy = *strategy;
  request.spread = *spread;
  request.count = order.count();
  request.seed = order.seed();
  if (order.per_host_max() > 0) request.per_host_max = order.per_host_max();
  if (order.has_weights()) {
    const auto& weights = order.weights();
    request.weights = {weights.bytes(), weights.load(), weights.room(), weights.rack(),
                       weights.cluster()};
  }
  if (auto checked = topology::check(request.weights); !checked) return checked.error();
  return request;
}

/// The hosts an order is about, as candidates; numbers are positions in `records`.
class candidate_list {
public:
  static result<candidate_list> make(const wire::PlaceImage& order, const wire::Hosts& hosts,
                                     const image_holdings& image) {
    candidate_list list{order};
    std::map<std::string, const wire::HostRecord*> known;
    for (const auto& record : hosts.hosts()) known.emplace(record.peer().host(), &record);
    for (const auto& named : {order.hosts(), order.beside()}) {
      for (const auto& host : named) {
        if (!known.contains(host)) {
          return error{errc::not_found, "no host named " + host.substr(0, 128) + " has joined"};
        }
      }
    }
    const std::set<std::string> only{order.hosts().begin(), order.hosts().end()};
    for (const auto& [name, record] : known) {
      if (!only.empty() && !only.contains(name)) continue;
      if (!lies_within(record->peer().place(), order.within())) continue;
      if (record->online()) list.add(*record, image);
      else list.absent.push_back(record);
    }
    return list;
  }

  std::vector<topology::placement_candidate> candidates;
  std::vector<const wire::HostRecord*> records;
  std::vector<const wire::HostRecord*> absent;

private:
  explicit candidate_list(const wire::PlaceImage& order) : slots_{order.slots_per_host()} {
    for (const auto& told : order.vms()) vms_[told.host()] += told.vms();
    for (const auto& host : order.beside()) ++beside_[host];
  }

  void add(const wire::HostRecord& record, const image_holdings& image) {
    const auto& name = record.peer().host();
    const auto place = topology::place::parse(record.peer().place());
    if (!place) return;
    const auto held = image.held_bytes.find(name);
    const auto held_bytes = held == image.held_bytes.end() ? 0 : held->second;
    topology::placement_candidate made;
    made.host = static_cast<std::uint32_t>(records.size());
    made.rack = number(racks_, place->path());
    made.cluster = number(clusters_, place->site + "/" + place->cluster);
    made.vms = vms_[name];
    made.transfers = record.running_jobs();
    made.placed_before = beside_[name];
    if (slots_ > 0) made.free_slots = slots_ > made.vms ? slots_ - made.vms : 0;
    made.lacking_bytes = image.needed_bytes - std::min(image.needed_bytes, held_bytes);
    if (record.quota_bytes() > 0) made.quota_bytes = record.quota_bytes();
    // Of what it could evict, what it holds of this image is of no use to the image.
    if (record.has_room_bytes()) {
      made.room_bytes = record.room_bytes() - std::min(record.room_bytes(), held_bytes);
    }
    records.push_back(&record);
    candidates.push_back(made);
  }

  static std::uint32_t number(std::map<std::string, std::uint32_t>& numbers,
                              const std::string& name) {
    return numbers.emplace(name, static_cast<std::uint32_t>(numbers.size())).first->second;
  }

  std::uint32_t slots_ = 0;
  std::map<std::string, std::uint32_t> vms_;
  std::map<std::string, std::uint32_t> beside_;
  std::map<std::string, std::uint32_t> racks_;
  std::map<std::string, std::uint32_t> clusters_;
};

void fill(wire::PlacementChoice& out, const wire::HostRecord& record,
          const topology::placement_choice& choice) {
  out.set_host(record.peer().host());
  out.set_place(record.peer().place());
  out.set_lacking_bytes(choice.lacking_bytes);
  out.set_held_share(choice.held_share);
  out.set_load(choice.load);
  if (choice.room_bytes != topology::unlimited_bytes) out.set_room_bytes(choice.room_bytes);
  if (choice.free_slots != topology::unlimited_vms) out.set_free_slots(choice.free_slots);
  out.set_in_rack(choice.in_rack);
  out.set_in_cluster(choice.in_cluster);
  out.set_cost(choice.cost);
}

void add_ranking(wire::Placement& out, const candidate_list& list,
                 const topology::placement_request& request) {
  const auto full = [&] {
    return static_cast<std::size_t>(out.ranking_size()) >= ranked_hosts_max;
  };
  for (const auto& choice : topology::rank_hosts(list.candidates, request)) {
    if (full()) return;
    fill(*out.add_ranking(), *list.records[choice.host], choice);
  }
  for (const auto& candidate : list.candidates) {
    const auto refusal = topology::refusal_of(candidate, request);
    if (!refusal) continue;
    if (full()) return;
    auto& line = *out.add_ranking();
    topology::placement_choice numbers;
    numbers.lacking_bytes = candidate.lacking_bytes;
    numbers.load = candidate.load();
    numbers.room_bytes = candidate.room_bytes;
    numbers.free_slots = candidate.free_slots;
    fill(line, *list.records[candidate.host], numbers);
    line.set_refusal(std::string{topology::to_string(*refusal)});
  }
  for (const auto* record : list.absent) {
    if (full()) return;
    auto& line = *out.add_ranking();
    line.set_host(record->peer().host());
    line.set_place(record->peer().place());
    line.set_refusal(offline);
  }
}

placed_host host_of(const wire::PlacementChoice& line) {
  placed_host out{line.host(), line.place(), {}, line.refusal()};
  auto& numbers = out.numbers;
  numbers.lacking_bytes = line.lacking_bytes();
  numbers.held_share = line.held_share();
  numbers.load = line.load();
  if (line.has_room_bytes()) numbers.room_bytes = line.room_bytes();
  if (line.has_free_slots()) numbers.free_slots = line.free_slots();
  numbers.in_rack = line.in_rack();
  numbers.in_cluster = line.in_cluster();
  numbers.cost = line.cost();
  return out;
}

} // namespace

bool lies_within(const std::string& place, const std::string& domain) {
  return domain.empty() || place == domain || place.starts_with(domain + "/") ||
         place.ends_with("/" + domain) || place.find("/" + domain + "/") != std::string::npos;
}

wire::PlaceImage to_wire(const place_order& order, const std::string& name,
                         const std::string& version) {
  wire::PlaceImage out;
  out.set_name(name);
  out.set_version(version);
  out.set_count(order.request.count);
  out.set_strategy(std::string{topology::to_string(order.request.strategy)});
  out.set_spread(std::string{topology::to_string(order.request.spread)});
  auto& weights = *out.mutable_weights();
  weights.set_bytes(order.request.weights.bytes);
  weights.set_load(order.request.weights.load);
  weights.set_room(order.request.weights.room);
  weights.set_rack(order.request.weights.rack);
  weights.set_cluster(order.request.weights.cluster);
  out.set_seed(order.request.seed);
  if (order.request.per_host_max != topology::unlimited_vms) {
    out.set_per_host_max(order.request.per_host_max);
  }
  out.set_slots_per_host(order.slots_per_host);
  for (const auto& host : order.hosts) out.add_hosts(host);
  out.set_within(order.within);
  for (const auto& [host, vms] : order.vms) {
    auto& told = *out.add_vms();
    told.set_host(host);
    told.set_vms(vms);
  }
  for (const auto& host : order.beside) out.add_beside(host);
  return out;
}

placement_status from_wire(const wire::Placement& placement, const place_order& order) {
  placement_status out;
  out.image = order.image;
  out.request = order.request;
  out.request.image_bytes = placement.image_bytes();
  for (const auto& choice : placement.choices()) out.choices.push_back(host_of(choice));
  out.missing = placement.missing();
  out.why_missing = placement.why_missing();
  for (const auto& line : placement.ranking()) out.ranking.push_back(host_of(line));
  out.considered = placement.considered();
  return out;
}

result<wire::Placement> place_image(swarm::catalogue& catalogue, const wire::PlaceImage& order,
                                    const wire::Hosts& hosts,
                                    const topology::holder_table& table) {
  auto request = request_of(order);
  if (!request) return request.error();
  auto image = holdings_of(catalogue, order, table);
  if (!image) return image.error();
  auto list = candidate_list::make(order, hosts, *image);
  if (!list) return list.error();
  request->image_bytes = image->needed_bytes;
  const auto outcome = topology::place_vms(list->candidates, *request);
  wire::Placement out;
  out.set_image_bytes(image->needed_bytes);
  for (const auto& choice : outcome.choices) {
    fill(*out.add_choices(), *list->records[choice.host], choice);
  }
  out.set_missing(outcome.missing);
  out.set_why_missing(topology::explain_missing(outcome));
  add_ranking(out, *list, *request);
  out.set_considered(static_cast<std::uint32_t>(list->records.size() + list->absent.size()));
  return out;
}

} // namespace shoal::actors
