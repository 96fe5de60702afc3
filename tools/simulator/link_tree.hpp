// The tree of physical links: every host, rack, cluster and site has one link towards the core and
// one from it (full duplex); bytes between two hosts cross those below their smallest common
// domain.
//
// Threads: one. Errors: a host nobody added is our bug.
#pragma once

#include "tools/simulator/flow_network.hpp"
#include "topology/place.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace shoal::simulator {

/// How fast the links of each level are, each way, in bytes per second; 0: not a limit.
struct link_rates {
  double host = 0;
  double rack = 0;
  double cluster = 0;
  double site = 0;
  /// What a host's disk writes: a link that everything coming in crosses.
  double disk = 0;
};

/// Mbit/s, as links are sold, in bytes per second.
constexpr double megabits(double count) { return count * 1e6 / 8; }

/// Hosts by dense number, in the order they were added, and the links between them.
class link_tree {
public:
  /// The two directions of one node's link; `nowhere` where the level has no limit.
  struct uplink {
    link_number up = nowhere;
    link_number down = nowhere;
  };
  static constexpr link_number nowhere = ~0u;

  /// @pre `links` outlives the tree.
  link_tree(flow_network& links, link_rates rates) : links_{links}, rates_{rates} {}

  /// Adds a host. @param rate_bytes_per_second of its own link where that differs from the others'.
  /// @returns its number.
  std::uint32_t add_host(const topology::place& where, double rate_bytes_per_second = 0);

  /// The links that bytes cross from one host to another, into `path`.
  void path(std::uint32_t from, std::uint32_t to, std::vector<link_number>& path) const;

  [[nodiscard]] const uplink& host_link(std::uint32_t host) const { return hosts_[host].own; }
  /// The links of all racks (`site/cluster/rack`), clusters (`site/cluster`) and sites, by path.
  [[nodiscard]] const std::map<std::string, uplink>& domain_links() const { return domains_; }

private:
  struct node {
    uplink own;
    link_number disk = nowhere;
    /// Dense numbers of the rack, cluster and site.
    std::uint32_t rack = 0, cluster = 0, site = 0;
    uplink rack_link, cluster_link, site_link;
  };

  uplink make(double rate);
  uplink domain(const std::string& path, double rate, std::uint32_t& number);

  flow_network& links_;
  link_rates rates_;
  std::vector<node> hosts_;
  std::map<std::string, uplink> domains_;
  std::map<std::string, std::uint32_t> numbers_;
};

} // namespace shoal::simulator
