#include "tools/simulator/data_centre/stager.hpp"

namespace shoal::simulator {

stager::stager(const data_centre_config& config, const data_centre_load& load,
               const host_caches& caches, pair_transfers& transfers)
    : config_{config}, caches_{caches}, transfers_{transfers} {
  if (!config.prestage) return;
  std::vector<bool> known(std::size_t{load.packs} * load.pieces_per_pack);
  for (const auto& image : load.images) {
    for (const auto& part : image.parts) {
      for_each_piece(part.pieces, [&](std::uint32_t piece) {
        const auto item = part.pack * load.pieces_per_pack + piece;
        if (!known[item]) items_.push_back(item);
        known[item] = true;
      });
    }
  }
}

void stager::use_idle_time(double now_s) {
  while (next_ < items_.size() && transfers_.server_free_s() < now_s) {
    const auto item = items_[next_++];
    if (caches_.copies(item) + caches_.awaiting(item) > 0) continue;
    transfers_.stage(next_host(), item);
    staged_bytes_ += config_.piece_bytes;
  }
}

/// Racks in turn, then the hosts of a rack in turn.
std::uint32_t stager::next_host() {
  const auto racks = config_.shape.clusters * config_.shape.racks_per_cluster;
  const auto rack = static_cast<std::uint32_t>(turn_ % racks);
  const auto host = static_cast<std::uint32_t>(turn_ / racks % config_.shape.hosts_per_rack);
  ++turn_;
  return rack * config_.shape.hosts_per_rack + host;
}

} // namespace shoal::simulator
