// Who is in the swarm now, and which of them are rack indexes: the GIS's knowledge of hosts.
//
// Threads: part of one actor's state. Crashes: soft; hosts join again.
#pragma once

#include "actors/wire.pb.h"
#include "topology/result.hpp"
#include "topology/role_assignment.hpp"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace shoal::actors {

/// The hosts that have joined since this GIS started, online or not.
class membership {
public:
  /// The host of the GIS itself, which is to be spared other roles.
  void set_gis_host(std::string host) { gis_host_ = std::move(host); }
  /// How pieces are located, and what the epochs of all roles are greater than: those of an earlier
  /// GIS must be smaller.
  void set_index(std::string scheme, std::uint64_t first_epoch) {
    index_scheme_ = std::move(scheme);
    first_epoch_ = epoch_ = first_epoch;
  }

  /// A host joins, or joins again. @returns errc::conflict when a host of that name is online with a
  /// later session (two machines with one name), errc::invalid_argument for a malformed peer.
  result<void> join(const wire::Hello& hello);
  /// @returns errc::not_found for a host that is not a member: it has to join again.
  result<void> beat(const wire::Beat& beat);
  /// The host's link fell. @returns whether it was online.
  bool leave(const std::string& host);

  [[nodiscard]] bool online(const std::string& host) const;
  /// Everybody online.
  [[nodiscard]] std::vector<std::string> names() const;
  /// The session the host joined with; zero for an unknown host.
  [[nodiscard]] std::uint64_t session(const std::string& host) const;
  /// Everybody online, with roles.
  [[nodiscard]] wire::Members members(const std::string& gis_host) const;
  /// What changed since the last call; nothing but a revision where nothing did. Everybody who joined
  /// before or since can use it (`merge_members`).
  wire::Members news(const std::string& gis_host);
  /// Everybody ever seen.
  [[nodiscard]] wire::Hosts hosts(const std::string& gis_host) const;

private:
  struct member_record {
    wire::Hello hello;
    /// The last one of this session.
    wire::Beat beat;
    bool online = false;
    std::uint64_t joined = 0;
  };
  void assign();
  [[nodiscard]] std::multimap<std::string, wire::IndexRole> roles_by_host() const;

  std::map<std::string, member_record> members_;
  /// Came back before they were missed: what they knew as an index is lost.
  std::set<std::string> returned_;
  std::string gis_host_;
  topology::role_map roles_;
  /// By domain: since when its index is who it is.
  std::map<std::string, std::uint64_t> role_epochs_;
  std::string index_scheme_;
  std::uint64_t first_epoch_ = 1;
  std::uint64_t epoch_ = 1;
  std::uint64_t joins_ = 0;
  std::uint64_t revision_ = 1;
  /// As of the last news: the revision, each member as it was told, and who came or went since.
  std::uint64_t told_revision_ = 0;
  std::map<std::string, std::string> told_;
  std::set<std::string> touched_;
};

/// Brings `known` up to date. @returns false, and changes nothing, where `news` are of another GIS or
/// follow others that were missed: say hello anew.
bool merge_members(wire::Members& known, const wire::Members& news);

} // namespace shoal::actors
