// Who may talk to this host's bulk port, under what name, and who has lost that right.
//
// Threads: libtorrent's network thread only.
#pragma once

#include "swarm/torrent/libtorrent_headers.hpp"
#include "swarm/torrent/swarm_session.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace shoal::swarm {

/// Parses an address of the configuration or of an index. @returns errc::invalid_argument.
result<lt::address> parse_address(const std::string& text);

/// The members' addresses and the ban list. A ban lasts as long as the session.
class membership {
public:
  /// Replaces the members; those with an address nobody can parse are left out.
  void set(const std::vector<swarm_peer>& members);
  /// Remembers names only; a name gives no right.
  void learn(const std::vector<swarm_peer>& peers);
  void ban(const lt::address& address) { banned_.insert(address); }

  [[nodiscard]] bool banned(const lt::address& address) const { return banned_.contains(address); }
  /// Whether the host at that address is known to be of another site than `place`.
  [[nodiscard]] bool other_site(const lt::address& address, const topology::place& from) const;
  /// The host at that address, or the address itself.
  [[nodiscard]] std::string name(const lt::address& address) const;
  /// Blocks everything but members that are not banned.
  [[nodiscard]] lt::ip_filter filter() const;

private:
  std::set<lt::address> members_;
  std::set<lt::address> banned_;
  struct known_host {
    std::string name;
    topology::place where;
  };
  std::map<lt::address, known_host> known_;
};

} // namespace shoal::swarm
