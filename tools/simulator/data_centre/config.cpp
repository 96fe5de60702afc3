#include "tools/simulator/data_centre/config.hpp"

#include <array>
#include <string>

namespace shoal::simulator {

namespace {

constexpr std::array<std::string_view, 5> scheme_names{"baseline", "local", "naive", "flat",
                                                       "topo"};
constexpr std::uint32_t hosts_max = 100'000;

error wrong(std::string_view field, std::string_view expected) {
  return {errc::invalid_argument, std::string{field} + ": expected " + std::string{expected}};
}

} // namespace

std::string_view to_string(scheme which) { return scheme_names[static_cast<std::size_t>(which)]; }

std::optional<scheme> scheme_of(std::string_view name) {
  for (std::size_t i = 0; i < scheme_names.size(); ++i) {
    if (scheme_names[i] == name) return static_cast<scheme>(i);
  }
  return std::nullopt;
}

double pair_links::bytes_per_second(topology::distance away) const {
  switch (away) {
  case topology::distance::same_rack: return rack_bits_per_second / 8;
  case topology::distance::same_cluster: return cluster_bits_per_second / 8;
  case topology::distance::same_site:
  case topology::distance::other_site: return site_bits_per_second / 8;
  }
  return site_bits_per_second / 8;
}

result<void> validate(const data_centre_config& config) {
  const auto& shape = config.shape;
  if (shape.clusters == 0 || shape.racks_per_cluster == 0 || shape.hosts_per_rack == 0)
    return wrong("topology", "at least one cluster, rack and host");
  const auto hosts = std::uint64_t{shape.clusters} * shape.racks_per_cluster * shape.hosts_per_rack;
  if (hosts > hosts_max) return wrong("topology", "at most 100000 hosts");
  const auto& links = config.links;
  for (const double rate :
       {links.rack_bits_per_second, links.cluster_bits_per_second, links.site_bits_per_second,
        links.server_bits_per_second, config.physical.host_bits_per_second,
        config.physical.rack_bits_per_second, config.physical.cluster_bits_per_second,
        config.physical.server_bits_per_second}) {
    if (!(rate > 0)) return wrong("links", "rates above 0");
  }
  if (!(links.server_time_factor > 0)) return wrong("server_time_factor", "a number above 0");
  if (config.mode == link_mode::physical) {
    if (config.scheme == scheme::baseline)
      return wrong("scheme", "local, naive, flat or topo in physical mode");
    if (config.prestage) return wrong("prestage", "false in physical mode");
  }
  if (config.slots_per_host == 0) return wrong("slots_per_host", "at least 1");
  if (config.piece_bytes == 0) return wrong("piece_bytes", "at least 1");
  if (!(config.cache_images >= 0)) return wrong("cache.images", "0 (no limit) or more");
  return {};
}

} // namespace shoal::simulator
