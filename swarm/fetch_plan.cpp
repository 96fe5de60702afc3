#include "swarm/fetch_plan.hpp"

namespace shoal::swarm {

namespace {

using topology::distance;

/// Of `wanted`, what hosts at `nearest` to `farthest` have.
piece_set held_within(const piece_set& wanted, std::span<const pack_holder> holders,
                      distance nearest, distance farthest) {
  piece_set found{wanted.size()};
  for (const auto& holder : holders) {
    if (holder.away < nearest || holder.away > farthest) continue;
    if (!holder.pieces) return wanted;
    found = found | (wanted & *holder.pieces);
  }
  return found;
}

pack_fetch plan_pack(const pack_reference& pack, const piece_set& needed, piece_set missing,
                     std::span<const pack_holder> holders) {
  pack_fetch plan{.pack = pack, .missing = std::move(missing), .unavailable = {}, .amounts = {}};
  plan.amounts.own_store_bytes = bytes_of(pack, needed - plan.missing);
  auto rest = plan.missing;
  const auto take = [&](distance nearest, distance farthest) {
    const auto found = held_within(rest, holders, nearest, farthest);
    rest = rest - found;
    return bytes_of(pack, found);
  };
  plan.amounts.same_rack_bytes = take(distance::same_rack, distance::same_rack);
  plan.amounts.same_site_bytes = take(distance::same_cluster, distance::same_site);
  plan.amounts.other_sites_bytes = take(distance::other_site, distance::other_site);
  plan.amounts.nobody_bytes = bytes_of(pack, rest);
  plan.unavailable = std::move(rest);
  return plan;
}

std::vector<piece_set> subtract_held(std::vector<piece_set> needed,
                                     std::span<const piece_set> held) {
  SHOAL_ASSERT(held.size() == needed.size());
  for (std::size_t i = 0; i < needed.size(); ++i) {
    if (held[i].size() != 0) needed[i] = needed[i] - held[i];
  }
  return needed;
}

} // namespace

fetch_amounts& fetch_amounts::operator+=(const fetch_amounts& other) {
  own_store_bytes += other.own_store_bytes;
  same_rack_bytes += other.same_rack_bytes;
  same_site_bytes += other.same_site_bytes;
  other_sites_bytes += other.other_sites_bytes;
  nobody_bytes += other.nobody_bytes;
  return *this;
}

std::vector<piece_set> missing_pieces(const recipe& image, std::span<const piece_set> held) {
  return subtract_held(needed_pieces(image), held);
}

fetch_plan plan_fetch(const recipe& image, std::span<const piece_set> held,
                      std::span<const std::vector<pack_holder>> holders) {
  SHOAL_ASSERT(holders.size() == image.packs.size());
  const auto needed = needed_pieces(image);
  auto missing = subtract_held(needed, held);
  fetch_plan plan;
  for (std::size_t i = 0; i < needed.size(); ++i) {
    if (needed[i].empty()) continue;
    plan.packs.push_back(plan_pack(image.packs[i], needed[i], std::move(missing[i]), holders[i]));
    plan.total += plan.packs.back().amounts;
  }
  return plan;
}

} // namespace shoal::swarm
