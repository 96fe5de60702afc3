// Who is the index of each rack, and who stands by.
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
  /// It serves everybody already (the GIS): index of its rack only while nobody else can be.
  bool burdened = false;
};

/// The roles of one rack. Empty names: nobody.
struct rack_roles {
  std::string index;
  std::string standby;

  friend bool operator==(const rack_roles&, const rack_roles&) = default;
};

/// Roles of all racks, by `place::path()`.
using role_map = std::map<std::string, rack_roles>;

/// Gives each rack that has a living host an index and, where it has two, a standby.
///
/// Moving a role costs a re-publication by the whole rack, so roles stick: an index or standby that
/// lives keeps its role, unless it is burdened and another is not. A lost index is followed by its
/// standby, then by who joined first (ties by name), the burdened last. Equal input gives equal
/// roles, whatever the order of `alive`.
role_map assign_roles(std::span<const role_candidate> alive, const role_map& present);

} // namespace shoal::topology
