#include "topology/fetcher_sample.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <utility>

namespace shoal::topology {

namespace {

/// The smallest domain that holds `where` and not `viewer`; empty inside the viewer's rack.
std::string foreign_domain(const place& where, const place& viewer) {
  switch (distance_between(where, viewer)) {
  case distance::same_rack: return {};
  case distance::same_cluster: return where.path();
  case distance::same_site: return where.site + "/" + where.cluster;
  case distance::other_site: break;
  }
  return where.site;
}

} // namespace

std::vector<std::uint32_t> sample_fetchers(std::uint64_t pack_key,
                                           const std::vector<fetcher>& fetchers,
                                           const place& viewer, std::size_t per_domain) {
  std::vector<std::uint32_t> named;
  using ranked = std::pair<std::uint64_t, std::uint32_t>;
  std::map<std::string, std::vector<ranked>> foreign;
  for (std::uint32_t i = 0; i < fetchers.size(); ++i) {
    const auto domain = foreign_domain(fetchers[i].where, viewer);
    if (domain.empty())
      named.push_back(i);
    else
      foreign[domain].emplace_back(host_score(pack_key, fetchers[i].host), i);
  }
  for (auto& [domain, hosts] : foreign) {
    const auto count = std::min(per_domain, hosts.size());
    const auto end = hosts.begin() + static_cast<std::ptrdiff_t>(count);
    std::partial_sort(hosts.begin(), end, hosts.end(), std::greater<>{});
    for (auto one = hosts.begin(); one != end; ++one)
      named.push_back(one->second);
  }
  std::sort(named.begin(), named.end());
  return named;
}

} // namespace shoal::topology
