#include "topology/role_assignment.hpp"

#include <algorithm>
#include <tuple>
#include <vector>

namespace shoal::topology {

namespace {

/// Takes `host` out of `rack`. @returns its name, or nothing where it is not there.
std::string take(std::vector<const role_candidate*>& rack, const std::string& host) {
  const auto found = std::find_if(rack.begin(), rack.end(),
                                  [&](const auto* candidate) { return candidate->host == host; });
  if (found == rack.end()) return {};
  rack.erase(found);
  return host;
}

std::string take_first(std::vector<const role_candidate*>& rack) {
  return rack.empty() ? std::string{} : take(rack, std::string{rack.front()->host});
}

bool is_burdened(const std::vector<const role_candidate*>& rack, const std::string& host) {
  return std::any_of(rack.begin(), rack.end(), [&](const auto* candidate) {
    return candidate->host == host && candidate->burdened;
  });
}

rack_roles assign_rack(std::vector<const role_candidate*> rack, const rack_roles& present) {
  std::sort(rack.begin(), rack.end(), [](const auto* a, const auto* b) {
    return std::tie(a->burdened, a->joined, a->host) < std::tie(b->burdened, b->joined, b->host);
  });
  rack_roles roles;
  if (rack.size() > 1 && is_burdened(rack, present.index) && !rack.front()->burdened) {
    roles.index = take_first(rack);
    roles.standby = take_first(rack);
    return roles;
  }
  roles.index = take(rack, present.index);
  if (roles.index.empty()) roles.index = take(rack, present.standby);
  if (roles.index.empty()) roles.index = take_first(rack);
  roles.standby = take(rack, present.standby);
  if (roles.standby.empty()) roles.standby = take_first(rack);
  return roles;
}

} // namespace

role_map assign_roles(std::span<const role_candidate> alive, const role_map& present) {
  std::map<std::string, std::vector<const role_candidate*>> racks;
  for (const auto& candidate : alive)
    racks[candidate.where.path()].push_back(&candidate);
  role_map roles;
  for (auto& [path, rack] : racks) {
    const auto before = present.find(path);
    roles.emplace(path, assign_rack(std::move(rack),
                                    before == present.end() ? rack_roles{} : before->second));
  }
  return roles;
}

} // namespace shoal::topology
