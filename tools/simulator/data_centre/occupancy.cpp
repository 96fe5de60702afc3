#include "tools/simulator/data_centre/occupancy.hpp"

#include <bit>

namespace shoal::simulator {

occupancy::occupancy(const data_centre_config& config) : config_{config} {
  for (std::uint32_t host = 0; host < config.shape.hosts(); ++host) {
    candidates_.push_back({.host = host,
                           .rack = config.shape.rack_of(host),
                           .cluster = config.shape.cluster_of(host),
                           .free_slots = config.slots_per_host});
  }
}

std::optional<instance_end> occupancy::next_end(double now_s) {
  if (ends_.empty() || ends_.top().time_s > now_s) return std::nullopt;
  const auto end = ends_.top();
  ends_.pop();
  --candidates_[end.host].vms;
  ++candidates_[end.host].free_slots;
  --running_;
  return end;
}

std::optional<std::uint32_t> occupancy::place(const instance_request& request,
                                              const image_layout& image,
                                              const host_caches& caches) {
  const bool looks_at_bytes = config_.placement == topology::placement_strategy::shoal_friendly ||
                              config_.placement == topology::placement_strategy::weighted;
  if (looks_at_bytes) {
    for (auto& candidate : candidates_)
      candidate.lacking_bytes = lacking_bytes(candidate.host, image, caches);
  }
  // Golden-ratio steps: every request draws its own order of the hosts.
  const auto outcome =
      topology::place_vms(candidates_, {.strategy = config_.placement,
                                        .image_bytes = image.count() * config_.piece_bytes,
                                        .seed = config_.seed * 0x9e3779b97f4a7c15ull +
                                                placed_++ * 0xd1b54a32d192ed03ull});
  if (outcome.choices.empty()) return std::nullopt;
  const auto host = outcome.choices.front().host;
  ++candidates_[host].vms;
  --candidates_[host].free_slots;
  ++running_;
  ends_.push({request.time_s + request.lifetime_s, host, request.image});
  return host;
}

std::uint64_t occupancy::lacking_bytes(std::uint32_t host, const image_layout& image,
                                       const host_caches& caches) const {
  std::uint64_t lacking = 0;
  for (const auto& part : image.parts) {
    const auto held = caches.held().words(host, part.pack);
    const auto awaited = caches.awaited().words(host, part.pack);
    for (std::size_t i = 0; i < part.pieces.size(); ++i)
      lacking += static_cast<unsigned>(std::popcount(part.pieces[i] & ~held[i] & ~awaited[i]));
  }
  return lacking * config_.piece_bytes;
}

} // namespace shoal::simulator
