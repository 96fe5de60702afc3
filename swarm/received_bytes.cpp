#include "swarm/received_bytes.hpp"

#include <algorithm>

namespace shoal::swarm {

namespace {

using topology::distance;

/// What the hosts of each place sent, whatever it was.
fetch_amounts sent_by_place(const sender_bytes& sent, const topology::place& here,
                            const std::map<std::string, topology::place>& places) {
  fetch_amounts sums;
  for (const auto& [host, bytes] : sent) {
    const auto there = places.find(host);
    const auto away = there == places.end() ? distance::other_site
                                            : topology::distance_between(here, there->second);
    if (away == distance::same_rack)
      sums.same_rack_bytes += bytes;
    else if (away == distance::other_site)
      sums.other_sites_bytes += bytes;
    else
      sums.same_site_bytes += bytes;
  }
  return sums;
}

} // namespace

sender_bytes received_since(const received_bytes& before, const received_bytes& now,
                            const std::set<pack_id>& packs) {
  sender_bytes came;
  for (const auto& [from, bytes] : now) {
    if (!packs.contains(from.first)) continue;
    const auto old = before.find(from);
    const auto known = old == before.end() || old->second > bytes ? 0 : old->second;
    if (bytes > known) came[from.second] += bytes - known;
  }
  return came;
}

fetch_amounts split_by_place(std::uint64_t total, const sender_bytes& sent,
                             const topology::place& here,
                             const std::map<std::string, topology::place>& places) {
  const auto sums = sent_by_place(sent, here, places);
  const auto all = sums.fetch_bytes();
  if (all == 0) return {};
  std::uint64_t summed = 0;
  std::uint64_t given = 0;
  // The running sum is rounded, not each part: so nothing is left over for anybody.
  const auto part_of = [&](std::uint64_t bytes) {
    summed += bytes;
    const auto share = static_cast<double>(summed) / static_cast<double>(all);
    const auto until =
        summed == all ? total : static_cast<std::uint64_t>(static_cast<double>(total) * share);
    return std::min(until, total) - std::exchange(given, std::min(until, total));
  };
  fetch_amounts parts;
  parts.same_rack_bytes = part_of(sums.same_rack_bytes);
  parts.same_site_bytes = part_of(sums.same_site_bytes);
  parts.other_sites_bytes = part_of(sums.other_sites_bytes);
  return parts;
}

} // namespace shoal::swarm
