// Who is the index of each rack, cluster and site, and who stands by.
//
// Threads: pure. Errors: none.
#pragma once

#include "topology/place.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <string>

namespace shoal::topology {

/// A living host that may take a role.
struct role_candidate {
  std::string host;
  place where;
  /// Lower joined earlier; any clock or counter of whoever assigns.
  std::uint64_t joined = 0;
  /// It serves everybody already (the GIS): an index only while nobody else can be.
  bool burdened = false;
};

/// The roles of one domain. Empty names: nobody.
struct domain_roles {
  std::string index;
  std::string standby;

  friend bool operator==(const domain_roles&, const domain_roles&) = default;
};

/// Roles of all domains by path: `site`, `site/cluster`, `site/cluster/rack`.
using role_map = std::map<std::string, domain_roles>;

/// Gives each rack, cluster and site that has a living host an index and, where it has two, a
/// standby (VDN §III-C: at least one index node for each domain, redundant ones for reliability).
///
/// Moving a role costs a re-publication by the whole domain, so roles stick: an index or standby
/// that lives in its domain keeps its role, unless the index is burdened or is that of a smaller
/// domain too and another is not. A lost index is followed by its standby, then by whoever has the
/// fewest roles and, of those, joined first (ties by name), the burdened last. Equal input gives
/// equal roles, whatever the order of `alive`. O(hosts log hosts).
role_map assign_roles(std::span<const role_candidate> alive, const role_map& present);

} // namespace shoal::topology
