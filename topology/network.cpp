#include "topology/network.hpp"

#include <algorithm>

namespace shoal::topology {

namespace {

constexpr std::size_t index_of(network_level level) { return static_cast<std::size_t>(level); }

constexpr network_level above(network_level level) {
  return static_cast<network_level>(index_of(level) + 1);
}

constexpr network_level below(network_level level) {
  return static_cast<network_level>(index_of(level) - 1);
}

} // namespace

std::string_view to_string(network_level level) {
  switch (level) {
  case network_level::host: return "host";
  case network_level::rack: return "rack";
  case network_level::cluster: return "cluster";
  case network_level::site: return "site";
  case network_level::world: return "world";
  }
  return "world";
}

network network::regular(const network_shape& shape) {
  SHOAL_ASSERT(shape.sites > 0 && shape.clusters > 0 && shape.racks > 0 && shape.hosts > 0);
  network made;
  std::uint32_t next = 0;
  for (std::uint32_t site = 0; site < shape.sites; ++site) {
    for (std::uint32_t cluster = 0; cluster < shape.clusters; ++cluster) {
      for (std::uint32_t rack = 0; rack < shape.racks; ++rack) {
        const place where{"s" + std::to_string(site), "c" + std::to_string(cluster),
                          "r" + std::to_string(rack)};
        for (std::uint32_t host = 0; host < shape.hosts; ++host) {
          const auto added = made.add("h" + std::to_string(next++), where);
          SHOAL_ASSERT(added.ok());
        }
      }
    }
  }
  return made;
}

result<host_number> network::add(std::string_view name, const place& where) {
  if (!valid_name(name)) {
    return {errc::invalid_argument, "\"" + std::string{name.substr(0, 200)} +
                                        "\" is not a host's name; expected letters, digits and "
                                        ". _ - +"};
  }
  const auto [known, is_new] = host_numbers_.emplace(name, host_count());
  const auto host = known->second;
  if (is_new) {
    hosts_.push_back({.name = std::string{name}});
  } else if (hosts_[host].present) {
    return {errc::conflict, "a host named \"" + std::string{name} + "\" is there already, at " +
                                this->where(host).path()};
  }
  put_into_rack(host, enter_rack(where));
  return host;
}

result<void> network::move(host_number host, const place& where) {
  if (!present(host)) {
    return {errc::not_found, "host number " + std::to_string(host) + " is not there to be moved"};
  }
  take_out_of_rack(host);
  put_into_rack(host, enter_rack(where));
  return {};
}

void network::leave(host_number host) {
  if (present(host)) take_out_of_rack(host);
}

std::uint32_t network::host_count() const { return static_cast<std::uint32_t>(hosts_.size()); }

bool network::present(host_number host) const {
  return host < hosts_.size() && hosts_[host].present;
}

std::optional<host_number> network::find(std::string_view name) const {
  const auto known = host_numbers_.find(std::string{name});
  if (known == host_numbers_.end()) return std::nullopt;
  return known->second;
}

const std::string& network::name(host_number host) const {
  SHOAL_ASSERT(host < hosts_.size());
  return hosts_[host].name;
}

place network::where(host_number host) const {
  const auto rack = domain_of(host, network_level::rack);
  const auto cluster = parent(rack);
  return {entry(parent(cluster)).name, entry(cluster).name, entry(rack).name};
}

std::uint32_t network::domain_count(network_level level) const {
  if (level == network_level::host) return host_count();
  return static_cast<std::uint32_t>(domains_[index_of(level)].size());
}

domain_id network::domain_of(host_number host, network_level level) const {
  return around({network_level::host, host}, level);
}

domain_id network::around(domain_id domain, network_level level) const {
  SHOAL_ASSERT(domain.level <= level);
  if (level == network_level::world) return whole_world;
  while (domain.level < level) domain = parent(domain);
  return domain;
}

domain_id network::parent(domain_id domain) const {
  SHOAL_ASSERT(domain.level != network_level::world);
  if (domain.level == network_level::host) {
    SHOAL_ASSERT(domain.number < hosts_.size());
    return {network_level::rack, hosts_[domain.number].rack};
  }
  return {above(domain.level), entry(domain).parent};
}

std::span<const std::uint32_t> network::children(domain_id domain) const {
  if (domain.level == network_level::host) return {};
  return entry(domain).children;
}

std::vector<host_number> network::hosts(domain_id domain) const {
  if (domain.level == network_level::host) {
    return present(domain.number) ? std::vector{domain.number} : std::vector<host_number>{};
  }
  std::vector<host_number> found;
  found.reserve(host_count(domain));
  if (domain.level == network_level::rack) {
    const auto& members = entry(domain).children;
    found.assign(members.begin(), members.end());
    return found;
  }
  for (const auto child : entry(domain).children) {
    const auto members = hosts({below(domain.level), child});
    found.insert(found.end(), members.begin(), members.end());
  }
  return found;
}

std::uint32_t network::host_count(domain_id domain) const {
  if (domain.level == network_level::host) return present(domain.number) ? 1 : 0;
  return entry(domain).hosts;
}

std::string network::path(domain_id domain) const {
  if (domain.level == network_level::host) return name(domain.number);
  const auto& own = entry(domain).name;
  return domain.level >= network_level::site ? own : path(parent(domain)) + "/" + own;
}

std::optional<domain_id> network::find(network_level level, std::string_view path) const {
  if (level == network_level::world) return whole_world;
  const auto& names =
      level == network_level::host ? host_numbers_ : domain_numbers_[index_of(level)];
  const auto known = names.find(std::string{path});
  if (known == names.end()) return std::nullopt;
  return domain_id{level, known->second};
}

distance network::between(host_number a, host_number b) const {
  switch (common_level({network_level::host, a}, {network_level::host, b})) {
  case network_level::host:
  case network_level::rack: return distance::same_rack;
  case network_level::cluster: return distance::same_cluster;
  case network_level::site: return distance::same_site;
  case network_level::world: return distance::other_site;
  }
  return distance::other_site;
}

network_level network::common_level(domain_id a, domain_id b) const {
  while (a != b) {
    auto& inner = a.level <= b.level ? a : b;
    inner = parent(inner);
  }
  return a.level;
}

bool network::contains(domain_id outer, domain_id inner) const {
  return inner.level <= outer.level && around(inner, outer.level) == outer;
}

const network::domain_entry& network::entry(domain_id domain) const {
  const auto& level = domains_[index_of(domain.level)];
  SHOAL_ASSERT(domain.number < level.size());
  return level[domain.number];
}

network::domain_entry& network::entry(domain_id domain) {
  auto& level = domains_[index_of(domain.level)];
  SHOAL_ASSERT(domain.number < level.size());
  return level[domain.number];
}

domain_number network::enter_domain(network_level level, domain_number parent,
                                    const std::string& name, const std::string& path) {
  auto& entries = domains_[index_of(level)];
  const auto [known, is_new] = domain_numbers_[index_of(level)].emplace(
      path, static_cast<domain_number>(entries.size()));
  if (is_new) {
    entries.push_back({.name = name, .parent = parent});
    entry({above(level), parent}).children.push_back(known->second);
  }
  return known->second;
}

domain_number network::enter_rack(const place& where) {
  const auto site = enter_domain(network_level::site, 0, where.site, where.site);
  const auto cluster_path = where.site + "/" + where.cluster;
  const auto cluster = enter_domain(network_level::cluster, site, where.cluster, cluster_path);
  return enter_domain(network_level::rack, cluster, where.rack, cluster_path + "/" + where.rack);
}

void network::count_host(domain_number rack, bool joins) {
  domain_id domain{network_level::rack, rack};
  while (true) {
    auto& counted = entry(domain);
    counted.hosts = joins ? counted.hosts + 1 : counted.hosts - 1;
    if (domain.level == network_level::world) break;
    domain = parent(domain);
  }
  present_count_ = joins ? present_count_ + 1 : present_count_ - 1;
}

void network::put_into_rack(host_number host, domain_number rack) {
  hosts_[host].rack = rack;
  hosts_[host].present = true;
  auto& members = entry({network_level::rack, rack}).children;
  members.insert(std::lower_bound(members.begin(), members.end(), host), host);
  count_host(rack, true);
}

void network::take_out_of_rack(host_number host) {
  auto& members = entry({network_level::rack, hosts_[host].rack}).children;
  members.erase(std::lower_bound(members.begin(), members.end(), host));
  hosts_[host].present = false;
  count_host(hosts_[host].rack, false);
}

} // namespace shoal::topology
