#include "tools/simulator/data_centre/pair_transfers.hpp"

#include "tools/simulator/data_centre/data_centre.hpp"
#include "tools/simulator/data_centre/holder_groups.hpp"
#include "topology/assert.hpp"

#include <algorithm>

namespace shoal::simulator {

using topology::no_source;

namespace {

/// Of the hosts a piece is on its way to, this many are considered: those that have it first.
constexpr std::size_t arriving_sources_max = 4;
/// The source with this id is the server.
constexpr std::uint32_t server_id = ~0u;

} // namespace

pair_transfers::pair_transfers(const data_centre_config& config, const data_centre_load& load,
                               host_caches& caches)
    : config_{config}, load_{load}, caches_{caches},
      pair_free_s_(std::size_t{config.shape.hosts()} * config.shape.hosts()),
      number_of_host_(config.shape.hosts(), no_source) {}

double pair_transfers::whole_image_from_server(std::uint64_t bytes, double now_s) {
  server_free_s_ = std::max(server_free_s_, now_s) +
                   static_cast<double>(bytes) / config_.links.server_bytes_per_second();
  return server_free_s_ - now_s;
}

double pair_transfers::fetch(std::uint32_t host, std::span<const image_part> wanted,
                             std::span<const found_holder> found, double now_s,
                             provision_bytes& bytes) {
  if (wanted.empty()) return 0;
  pose(host, wanted, found, now_s);
  return carry_out(host, now_s, bytes);
}

double& pair_transfers::pair_free_s(std::uint32_t from, std::uint32_t to) {
  return pair_free_s_[std::size_t{from} * config_.shape.hosts() + to];
}

/// The source's number in the problem; a new one the first time.
std::uint32_t pair_transfers::source_number(std::uint32_t from, std::uint32_t to, double now_s) {
  auto& number = number_of_host_[from];
  if (number == no_source) {
    number = static_cast<std::uint32_t>(problem_.sources.size());
    const auto away = config_.shape.between(from, to);
    problem_.sources.push_back({.id = from,
                                .away = away,
                                .bytes_per_second = config_.links.bytes_per_second(away),
                                .busy_s = std::max(0.0, pair_free_s(from, to) - now_s)});
  }
  return number;
}

/// Writes the wanted pieces down as a problem of choice. Source 0 is the server.
void pair_transfers::pose(std::uint32_t host, std::span<const image_part> wanted,
                          std::span<const found_holder> found, double now_s) {
  problem_.sources.clear();
  problem_.groups.clear();
  problem_.pieces.clear();
  problem_.arriving.clear();
  items_.clear();
  problem_.sources.push_back({.id = server_id,
                              .away = topology::distance::same_site,
                              .origin = true,
                              .bytes_per_second = config_.links.server_bytes_per_second(),
                              .busy_s = std::max(0.0, server_free_s_ - now_s)});
  for (const auto& group : group_by_holders(wanted, found)) {
    std::vector<std::uint32_t> peers;
    for (const auto from : group.hosts)
      peers.push_back(source_number(from, host, now_s));
    auto all = peers;
    all.push_back(0);
    const auto number = static_cast<std::uint32_t>(problem_.groups.size());
    problem_.groups.push_back(std::move(all));
    problem_.groups.push_back(std::move(peers));
    pose_group(group.pack, number, number + 1, group.pieces, host, now_s);
  }
  for (const auto& source : problem_.sources) {
    if (source.id != server_id) number_of_host_[source.id] = no_source;
  }
}

/// The server is no source of a piece that is on its way into the data centre already.
void pair_transfers::pose_group(std::uint32_t pack, std::uint32_t group,
                                std::uint32_t group_without_server, const piece_words& pieces,
                                std::uint32_t host, double now_s) {
  for_each_piece(pieces, [&](std::uint32_t piece) {
    const auto item = pack * load_.pieces_per_pack + piece;
    const bool coming = config_.shares == sharing::in_flight && pose_arrivals(item, host, now_s);
    problem_.pieces.push_back({config_.piece_bytes, coming ? group_without_server : group});
    items_.push_back(item);
  });
}

/// The hosts that get the piece soon as sources of it. @returns whether there are any.
bool pair_transfers::pose_arrivals(item_number item, std::uint32_t host, double now_s) {
  const auto found = under_way_.find(item);
  if (found == under_way_.end()) return false;
  const auto piece = static_cast<std::uint32_t>(problem_.pieces.size());
  std::size_t posed = 0;
  for (const auto& one : found->second) {
    if (one.ready_s <= now_s || one.host == host) continue;
    problem_.arriving.push_back({piece, source_number(one.host, host, now_s), one.ready_s - now_s});
    if (++posed == arriving_sources_max) break;
  }
  return posed > 0;
}

double pair_transfers::carry_out(std::uint32_t host, double now_s, provision_bytes& bytes) {
  const auto choices = topology::choose_sources(problem_, config_.sources);
  std::vector<arrival> coming;
  coming.reserve(choices.size());
  double last_s = now_s;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    SHOAL_ASSERT(choices[i].source != no_source);
    const auto& source = problem_.sources[choices[i].source];
    const double arrives_s = now_s + choices[i].finish_s;
    auto& free_s = source.origin ? server_free_s_ : pair_free_s(source.id, host);
    free_s = std::max(free_s, arrives_s);
    (source.origin ? bytes.server : bytes.peers[static_cast<std::size_t>(source.away)]) +=
        config_.piece_bytes;
    coming.push_back({arrives_s, items_[i]});
    last_s = std::max(last_s, arrives_s);
  }
  if (config_.shares == sharing::image_arrived) {
    for (auto& one : coming)
      one.time_s = last_s;
  }
  note_on_its_way(host, coming);
  caches_.expect(host, std::move(coming));
  return last_s;
}

void pair_transfers::note_on_its_way(std::uint32_t host, std::span<const arrival> coming) {
  if (config_.shares != sharing::in_flight) return;
  for (const auto& one : coming) {
    auto& hosts = under_way_[one.item];
    const auto place = std::upper_bound(
        hosts.begin(), hosts.end(), one.time_s,
        [](double time_s, const on_its_way& other) { return time_s < other.ready_s; });
    hosts.insert(place, {host, one.time_s});
  }
}

void pair_transfers::stage(std::uint32_t host, item_number item) {
  server_free_s_ +=
      static_cast<double>(config_.piece_bytes) / config_.links.server_bytes_per_second();
  const arrival one{server_free_s_, item};
  note_on_its_way(host, {&one, 1});
  caches_.expect(host, {one});
}

double pair_transfers::awaited_until(std::uint32_t host, const image_layout& image) const {
  const auto coming = caches_.coming(host);
  // The latest first: the first that belongs to the image is the answer.
  for (auto one = coming.rbegin(); one != coming.rend(); ++one) {
    const auto pack = one->item / load_.pieces_per_pack;
    const auto piece = one->item % load_.pieces_per_pack;
    for (const auto& part : image.parts) {
      if (part.pack == pack && (part.pieces[piece / 64] >> (piece % 64) & 1) != 0)
        return one->time_s;
    }
  }
  return 0;
}

void pair_transfers::forget_before(double now_s) {
  for (auto entry = under_way_.begin(); entry != under_way_.end();) {
    auto& hosts = entry->second;
    std::erase_if(hosts, [&](const on_its_way& one) { return one.ready_s <= now_s; });
    entry = hosts.empty() ? under_way_.erase(entry) : std::next(entry);
  }
}

} // namespace shoal::simulator
