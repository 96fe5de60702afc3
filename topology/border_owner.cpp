#include "topology/border_owner.hpp"

#include "topology/assert.hpp"
#include "topology/equal_shares.hpp"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <tuple>
#include <utility>

namespace shoal::topology {

namespace {

using piece_list = std::vector<std::uint32_t>;

/// A domain with fetchers, or one fetcher.
struct domain {
  std::uint64_t hash = 0;
  /// Indices into the list of fetchers, by place and name.
  std::vector<std::uint32_t> hosts;
  std::vector<domain> children;
  /// Holders inside that have everything.
  std::size_t sources = 0;
};

/// How many parts of a host's path name a domain: none for the whole network, five for the host.
constexpr std::size_t depth_of_host = 4;

std::string_view part(const fetcher& one, std::size_t depth) {
  switch (depth) {
  case 0: return one.where.site;
  case 1: return one.where.cluster;
  case 2: return one.where.rack;
  default: return one.host;
  }
}

bool lies_in(const place& source, const fetcher& one, std::size_t depth) {
  return (depth < 1 || source.site == one.where.site) &&
         (depth < 2 || source.cluster == one.where.cluster) &&
         (depth < 3 || source.rack == one.where.rack) && depth < depth_of_host;
}

/// @param hosts those of the domain, sorted by place and name.
domain make_domain(const std::vector<fetcher>& fetchers, const std::vector<place>& sources,
                   std::vector<std::uint32_t> hosts, const std::string& path, std::size_t depth) {
  domain made;
  made.hash = hash_of(path);
  const auto& any = fetchers[hosts.front()];
  made.sources = static_cast<std::size_t>(std::count_if(
      sources.begin(), sources.end(),
      [&](const place& source) { return lies_in(source, any, depth); }));
  for (auto begin = hosts.begin(); depth < depth_of_host && begin != hosts.end();) {
    const auto name = part(fetchers[*begin], depth);
    const auto end = std::find_if(
        begin, hosts.end(), [&](auto host) { return part(fetchers[host], depth) != name; });
    made.children.push_back(make_domain(fetchers, sources, {begin, end},
                                        path + "/" + std::string{name}, depth + 1));
    begin = end;
  }
  made.hosts = std::move(hosts);
  return made;
}

/// How many copies a holder may have to send while every host gets one.
constexpr double copies_at_once = 1.5;

/// Goes down the tree of domains with pieces.
class descent {
public:
  descent(std::uint64_t pack_key, const std::vector<fetcher>& fetchers, std::uint32_t self,
          std::vector<piece_assignment>& assigned)
      : pack_key_{pack_key}, fetchers_{fetchers}, self_{self}, assigned_{assigned} {
    for (const auto& one : fetchers)
      host_hashes_.push_back(hash_of(one.host));
  }

  /// How `self`, who is in `where`, gets pieces that come into it by `route`.
  void assign(const domain& where, const piece_list& pieces, piece_route route,
              std::size_t depth) {
    if (pieces.empty()) return;
    const auto owners = deal(where, pieces);
    if (depth + 1 == depth_of_host) return assign_hosts(where, pieces, owners, route);
    const auto mine = std::find_if(
        where.children.begin(), where.children.end(), [&](const domain& child) {
          return std::find(child.hosts.begin(), child.hosts.end(), self_) != child.hosts.end();
        });
    const auto index = static_cast<std::uint32_t>(mine - where.children.begin());
    piece_list own, others;
    for (std::size_t i = 0; i < pieces.size(); ++i)
      (owners[i] == index ? own : others).push_back(pieces[i]);
    assign(*mine, own, route, depth + 1);
    if (keeps_to_itself(where, *mine)) {
      bring_in(*mine, others, &piece_assignment::source_owner);
      return assign(*mine, others, piece_route::source, depth + 1);
    }
    for (std::uint32_t child = 0; child < where.children.size(); ++child) {
      if (child == index) continue;
      piece_list theirs;
      for (std::size_t i = 0; i < pieces.size(); ++i) {
        if (owners[i] == child) theirs.push_back(pieces[i]);
      }
      bring_in(where.children[child], theirs, &piece_assignment::owner);
    }
    assign(*mine, others, fetcher_routes[depth], depth + 1);
  }

  /// Notes in `field` which host brings each piece into the domain.
  void bring_in(const domain& where, const piece_list& pieces,
                std::uint32_t piece_assignment::*field) {
    if (pieces.empty()) return;
    if (where.children.empty()) {
      for (const auto piece : pieces)
        assigned_[piece].*field = where.hosts.front();
      return;
    }
    const auto owners = deal(where, pieces);
    for (std::uint32_t child = 0; child < where.children.size(); ++child) {
      piece_list theirs;
      for (std::size_t i = 0; i < pieces.size(); ++i) {
        if (owners[i] == child) theirs.push_back(pieces[i]);
      }
      bring_in(where.children[child], theirs, field);
    }
  }

private:
  void assign_hosts(const domain& rack, const piece_list& pieces, const piece_list& owners,
                    piece_route route) {
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      auto& way = assigned_[pieces[i]];
      const auto owner = rack.children[owners[i]].hosts.front();
      way.route = owner == self_ ? route : piece_route::inner;
      if (way.route == piece_route::inner || way.route == piece_route::source) way.owner = owner;
    }
  }

  /// Which child brings each piece into the domain, as an index.
  std::vector<std::uint32_t> deal(const domain& where, const piece_list& pieces) const {
    std::vector<sharer> sharers;
    std::vector<std::uint32_t> index;
    const bool only_far = owned_by_far(where);
    for (std::uint32_t i = 0; i < where.children.size(); ++i) {
      const auto& child = where.children[i];
      if (only_far && child.sources > 0) continue;
      sharer one{child.children.empty() ? host_hashes_[child.hosts.front()] : child.hash, {}};
      for (const auto host : child.hosts)
        one.hosts.push_back(host_hashes_[host]);
      sharers.push_back(std::move(one));
      index.push_back(i);
    }
    auto owners = deal_out(pack_key_ ^ where.hash, pieces, sharers);
    for (auto& owner : owners)
      owner = index[owner];
    return owners;
  }

  /// How many of the children have no holder inside.
  static std::size_t far_count(const domain& where) {
    return static_cast<std::size_t>(
        std::count_if(where.children.begin(), where.children.end(),
                      [](const domain& child) { return child.sources == 0; }));
  }

  /// Whether the child needs nothing from the domains beside it: its holders can send it a copy, and
  /// their part of one to those without, in little more time than one copy takes.
  static bool keeps_to_itself(const domain& where, const domain& child) {
    if (child.sources == 0) return false;
    const auto far = far_count(where);
    const auto near = where.children.size() - far;
    const auto copies = 1.0 + (far == 0 ? 0.0 : 1.0 / static_cast<double>(near));
    return copies / static_cast<double>(child.sources) <= copies_at_once;
  }

  /// Whether only children without a holder own pieces. The uplink of one with a holder carries each
  /// piece out anyway; for its own pieces it would carry them once more for each further domain.
  static bool owned_by_far(const domain& where) {
    const auto far = far_count(where);
    if (far == 0 || far == where.children.size()) return false;
    return where.children.size() > 2 ||
           std::any_of(where.children.begin(), where.children.end(),
                       [&](const domain& child) { return keeps_to_itself(where, child); });
  }

  std::uint64_t pack_key_;
  const std::vector<fetcher>& fetchers_;
  std::uint32_t self_;
  std::vector<piece_assignment>& assigned_;
  std::vector<std::uint64_t> host_hashes_;
};

} // namespace

piece_route route_between(const place& a, const place& b) {
  switch (distance_between(a, b)) {
  case distance::same_rack: return piece_route::inner;
  case distance::same_cluster: return piece_route::racks;
  case distance::same_site: return piece_route::clusters;
  case distance::other_site: break;
  }
  return piece_route::sites;
}

std::vector<piece_assignment> piece_assignments(std::uint64_t pack_key, std::uint32_t piece_count,
                                                const std::vector<fetcher>& fetchers,
                                                const std::vector<place>& sources,
                                                const std::string& self) {
  const auto me = std::find_if(fetchers.begin(), fetchers.end(),
                               [&](const fetcher& one) { return one.host == self; });
  SHOAL_ASSERT(me != fetchers.end());
  std::vector<std::uint32_t> hosts(fetchers.size());
  std::iota(hosts.begin(), hosts.end(), 0u);
  std::sort(hosts.begin(), hosts.end(), [&](auto a, auto b) {
    return std::tie(fetchers[a].where, fetchers[a].host) <
           std::tie(fetchers[b].where, fetchers[b].host);
  });
  const auto network = make_domain(fetchers, sources, std::move(hosts), "", 0);

  piece_list pieces(piece_count);
  std::iota(pieces.begin(), pieces.end(), 0u);
  std::vector<piece_assignment> assigned(piece_count);
  descent down{pack_key, fetchers, static_cast<std::uint32_t>(me - fetchers.begin()), assigned};
  down.bring_in(network, pieces, &piece_assignment::source_owner);
  down.assign(network, pieces, piece_route::source, 0);
  return assigned;
}

std::uint64_t host_score(std::uint64_t pack_key, const std::string& host) {
  // Another score than that of ownership, or owners of neighbouring ranks would always meet.
  return mix(mix(~pack_key) ^ hash_of(host));
}

std::uint64_t piece_score(std::uint64_t host_score, std::uint32_t piece) {
  return mix(host_score + 0x9e3779b97f4a7c15ull * (std::uint64_t{piece} + 1));
}

} // namespace shoal::topology
