#include "topology/role_assignment.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <unordered_map>
#include <vector>

namespace shoal::topology {

namespace {

using candidates = std::vector<const role_candidate*>;

/// One domain while its roles are given.
struct domain {
  candidates hosts;
  domain_roles before;
  domain_roles given;
};

/// The domains of one level, by path.
using level_domains = std::map<std::string, domain>;

/// Gives roles, and counts what each host has.
class assignment {
public:
  void give_index(domain& to) {
    to.given.index = keeper_of(to);
    if (to.given.index.empty()) to.given.index = lightest(to, {});
    ++load_[to.given.index];
  }

  void give_standby(domain& to) {
    const auto& before = to.before.standby;
    to.given.standby = lives(to, before) && before != to.given.index ? before
                                                                     : lightest(to, to.given.index);
    if (!to.given.standby.empty()) ++load_[to.given.standby];
  }

private:
  static bool lives(const domain& where, const std::string& host) {
    return !host.empty() && std::any_of(where.hosts.begin(), where.hosts.end(),
                                        [&](const auto* one) { return one->host == host; });
  }

  /// The index so far or its standby, where one of them may stay or follow.
  std::string keeper_of(const domain& where) {
    const auto someone = [&](auto holds) {
      return std::any_of(where.hosts.begin(), where.hosts.end(),
                         [&](const auto* one) { return holds(*one); });
    };
    const bool free = someone([&](const auto& one) { return load_of(one) == 0; });
    const bool unburdened = someone([&](const auto& one) { return !one.burdened; });
    for (const auto& host : {where.before.index, where.before.standby}) {
      const auto found = std::find_if(where.hosts.begin(), where.hosts.end(),
                                      [&](const auto* one) { return one->host == host; });
      if (found == where.hosts.end()) continue;
      const bool too_much = (*found)->burdened ? unburdened : free && load_of(**found) > 0;
      if (!too_much) return host;
    }
    return {};
  }

  /// Of the hosts but `except`: the one with the least to do.
  std::string lightest(const domain& where, const std::string& except) {
    const role_candidate* best = nullptr;
    const auto rank = [&](const role_candidate& one) {
      return std::tuple{load_of(one), one.joined, std::string_view{one.host}};
    };
    for (const auto* one : where.hosts) {
      if (one->host != except && (!best || rank(*one) < rank(*best))) best = one;
    }
    return best ? best->host : std::string{};
  }

  /// Being the GIS is more than any number of roles.
  std::uint32_t load_of(const role_candidate& one) {
    constexpr std::uint32_t burden = 1000;
    const auto found = load_.find(one.host);
    return (one.burdened ? burden : 0) + (found == load_.end() ? 0 : found->second);
  }

  std::unordered_map<std::string, std::uint32_t> load_;
};

} // namespace

role_map assign_roles(std::span<const role_candidate> alive, const role_map& present) {
  std::array<level_domains, 3> levels;
  for (const auto& one : alive) {
    const auto cluster = one.where.site + "/" + one.where.cluster;
    const std::array paths{one.where.path(), cluster, one.where.site};
    for (std::size_t level = 0; level < levels.size(); ++level)
      levels[level][paths[level]].hosts.push_back(&one);
  }
  assignment give;
  // All indexes first, the most numerous foremost: whoever stands by has nothing to do as a rule.
  for (auto& level : levels) {
    for (auto& [path, one] : level) {
      if (const auto before = present.find(path); before != present.end()) {
        one.before = before->second;
      }
      give.give_index(one);
    }
  }
  role_map roles;
  for (auto& level : levels) {
    for (auto& [path, one] : level) {
      give.give_standby(one);
      roles.emplace(path, std::move(one.given));
    }
  }
  return roles;
}

} // namespace shoal::topology
