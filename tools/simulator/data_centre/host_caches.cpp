#include "tools/simulator/data_centre/host_caches.hpp"

#include "topology/assert.hpp"

#include <algorithm>

namespace shoal::simulator {

namespace {

/// Room is made for so many arrivals at a time.
constexpr std::size_t batch_items = 64;

swarm::instant instant_of(double seconds) {
  return swarm::instant{
      std::chrono::duration_cast<swarm::instant::duration>(std::chrono::duration<double>{seconds})};
}

std::uint64_t quota_of(const data_centre_config& config, const data_centre_load& load) {
  const auto image_bytes = load.pieces_per_pack * config.piece_bytes;
  return swarm::cache_quota{.images = config.cache_images}.limit_bytes(image_bytes);
}

} // namespace

host_caches::host_caches(const data_centre_config& config, const data_centre_load& load)
    : shape_{config.shape}, live_{config.cache == swarm::cache_policy_kind::live},
      piece_bytes_{config.piece_bytes}, quota_bytes_{quota_of(config, load)},
      pieces_per_pack_{load.pieces_per_pack}, held_{config.shape.hosts(), load.packs,
                                                    load.pieces_per_pack},
      awaited_{config.shape.hosts(), load.packs, load.pieces_per_pack},
      copies_(std::size_t{load.packs} * load.pieces_per_pack), awaiting_(copies_.size()) {
  if (config.cache == swarm::cache_policy_kind::rarity) {
    cluster_copies_.resize(copies_.size() * shape_.clusters);
    rack_copies_.resize(copies_.size() * shape_.clusters * shape_.racks_per_cluster);
  }
  hosts_.resize(config.shape.hosts());
  for (std::uint32_t number = 0; number < hosts_.size(); ++number) {
    auto& host = hosts_[number];
    host.policy =
        swarm::make_cache_policy({.kind = config.cache,
                                  .capacity_bytes = quota_bytes_,
                                  .copies_floor = config.copies_floor,
                                  .copies = [this, number](swarm::cache_item item) {
                                    return copies_seen_from(number, static_cast<item_number>(item));
                                  }});
    if (live_) host.users.resize(copies_.size());
  }
}

void host_caches::expect(std::uint32_t number, std::vector<arrival> coming) {
  auto& host = hosts_[number];
  for (const auto& one : coming) {
    awaited_.insert(number, one.item);
    ++awaiting_[one.item];
  }
  std::sort(coming.begin(), coming.end());
  host.coming.erase(host.coming.begin(),
                    host.coming.begin() + static_cast<std::ptrdiff_t>(host.taken));
  host.taken = 0;
  const auto middle = static_cast<std::ptrdiff_t>(host.coming.size());
  host.coming.insert(host.coming.end(), coming.begin(), coming.end());
  std::inplace_merge(host.coming.begin(), host.coming.begin() + middle, host.coming.end());
}

std::span<const arrival> host_caches::coming(std::uint32_t host) const {
  return std::span{hosts_[host].coming}.subspan(hosts_[host].taken);
}

std::span<const holding_change> host_caches::take_arrivals(std::uint32_t number, double now_s) {
  auto& host = hosts_[number];
  changes_.clear();
  while (host.taken < host.coming.size() && host.coming[host.taken].time_s <= now_s) {
    auto end = host.taken;
    while (end < host.coming.size() && end - host.taken < batch_items &&
           host.coming[end].time_s <= now_s)
      ++end;
    make_room(number, (end - host.taken) * piece_bytes_, host.coming[host.taken].time_s);
    for (; host.taken < end; ++host.taken) {
      const auto& [time_s, item] = host.coming[host.taken];
      keep(number, item, time_s);
    }
  }
  return changes_;
}

void host_caches::await(std::uint32_t host, std::span<const item_number> items) {
  for (const auto item : items) {
    awaited_.insert(host, item);
    ++awaiting_[item];
  }
}

std::span<const holding_change> host_caches::arrived(std::uint32_t host, item_number item,
                                                     double now_s) {
  changes_.clear();
  make_room(host, piece_bytes_, now_s);
  keep(host, item, now_s);
  return changes_;
}

void host_caches::keep(std::uint32_t number, item_number item, double now_s) {
  auto& host = hosts_[number];
  awaited_.erase(number, item);
  --awaiting_[item];
  // Where nothing may go, the instance has the piece but the cache does not keep it.
  if (quota_bytes_ > 0 && host.policy->held_bytes() + piece_bytes_ > quota_bytes_) return;
  held_.insert(number, item);
  count_copy(number, item, 1);
  host.policy->inserted(item, static_cast<std::uint32_t>(piece_bytes_), instant_of(now_s));
  if (live_ && host.users[item] > 0) host.policy->set_in_use(item, host.users[item]);
  changes_.push_back({item, true});
}

swarm::cache_copies host_caches::copies_seen_from(std::uint32_t host, item_number item) const {
  const std::uint32_t everywhere = copies_[item];
  if (everywhere < 2) return {everywhere, topology::distance::other_site};
  if (rack_copies_.empty()) return {everywhere, topology::distance::same_site};
  if (rack_copies_[shape_.rack_of(host) * copies_.size() + item] > 1)
    return {everywhere, topology::distance::same_rack};
  if (cluster_copies_[shape_.cluster_of(host) * copies_.size() + item] > 1)
    return {everywhere, topology::distance::same_cluster};
  return {everywhere, topology::distance::same_site};
}

void host_caches::count_copy(std::uint32_t host, item_number item, int by) {
  const auto add = [by](std::uint16_t& count) { count = static_cast<std::uint16_t>(count + by); };
  add(copies_[item]);
  if (rack_copies_.empty()) return;
  add(rack_copies_[shape_.rack_of(host) * copies_.size() + item]);
  add(cluster_copies_[shape_.cluster_of(host) * copies_.size() + item]);
}

void host_caches::make_room(std::uint32_t host, std::uint64_t bytes, double now_s) {
  if (quota_bytes_ == 0) return;
  const auto needed = hosts_[host].policy->held_bytes() + bytes;
  if (needed > quota_bytes_)
    give_up(host, hosts_[host].policy->evict(needed - quota_bytes_, instant_of(now_s)));
}

void host_caches::give_up(std::uint32_t host, std::span<const swarm::cache_victim> victims) {
  for (const auto& victim : victims) {
    const auto item = static_cast<item_number>(victim.item);
    held_.erase(host, item);
    SHOAL_ASSERT(copies_[item] > 0);
    count_copy(host, item, -1);
    changes_.push_back({item, false});
  }
}

void host_caches::use(std::uint32_t host, const image_layout& image, double now_s) {
  const auto now = instant_of(now_s);
  for (const auto& part : image.parts) {
    const auto held = held_.words(host, part.pack);
    for (std::size_t i = 0; i < part.pieces.size(); ++i) {
      for (auto word = part.pieces[i] & held[i]; word != 0; word &= word - 1) {
        const auto piece = i * 64 + static_cast<unsigned>(std::countr_zero(word));
        hosts_[host].policy->used(part.pack * pieces_per_pack_ + piece, now);
      }
    }
  }
}

void host_caches::set_running(std::uint32_t number, const image_layout& image, int by) {
  if (!live_) return;
  auto& host = hosts_[number];
  for (const auto& part : image.parts) {
    for_each_piece(part.pieces, [&](std::uint32_t piece) {
      const auto item = part.pack * pieces_per_pack_ + piece;
      host.users[item] = static_cast<std::uint16_t>(host.users[item] + by);
      host.policy->set_in_use(item, host.users[item]);
    });
  }
}

std::span<const holding_change> host_caches::drop_idle(std::uint32_t host, double now_s) {
  changes_.clear();
  if (live_) give_up(host, hosts_[host].policy->evict_idle(instant_of(now_s)));
  return changes_;
}

std::uint64_t host_caches::held_bytes(std::uint32_t host) const {
  return hosts_[host].policy->held_bytes();
}

} // namespace shoal::simulator
