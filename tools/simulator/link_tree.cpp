#include "tools/simulator/link_tree.hpp"

namespace shoal::simulator {

std::uint32_t link_tree::add_host(const topology::place& where, double rate_bytes_per_second) {
  node one;
  one.own = make(rate_bytes_per_second > 0 ? rate_bytes_per_second : rates_.host);
  if (rates_.disk > 0) one.disk = links_.add_link(rates_.disk);
  one.site_link = domain(where.site, rates_.site, one.site);
  one.cluster_link = domain(where.site + "/" + where.cluster, rates_.cluster, one.cluster);
  one.rack_link = domain(where.path(), rates_.rack, one.rack);
  hosts_.push_back(one);
  return static_cast<std::uint32_t>(hosts_.size() - 1);
}

void link_tree::path(std::uint32_t from, std::uint32_t to, std::vector<link_number>& path) const {
  SHOAL_ASSERT(from < hosts_.size() && to < hosts_.size());
  path.clear();
  if (from == to) return;
  const auto& a = hosts_[from];
  const auto& b = hosts_[to];
  const auto cross = [&](const uplink& out, const uplink& in) {
    if (out.up != nowhere) path.push_back(out.up);
    if (in.down != nowhere) path.push_back(in.down);
  };
  cross(a.own, b.own);
  if (a.rack != b.rack) cross(a.rack_link, b.rack_link);
  if (a.cluster != b.cluster) cross(a.cluster_link, b.cluster_link);
  if (a.site != b.site) cross(a.site_link, b.site_link);
  if (b.disk != nowhere) path.push_back(b.disk);
}

link_tree::uplink link_tree::make(double rate) {
  if (rate <= 0) return {};
  const auto up = links_.add_link(rate);
  return {up, links_.add_link(rate)};
}

link_tree::uplink link_tree::domain(const std::string& path, double rate, std::uint32_t& number) {
  const auto [at, added] = numbers_.emplace(path, static_cast<std::uint32_t>(numbers_.size()));
  number = at->second;
  if (added) domains_.emplace(path, make(rate));
  return domains_.at(path);
}

} // namespace shoal::simulator
