#include "swarm/torrent/membership.hpp"

namespace shoal::swarm {

result<lt::address> parse_address(const std::string& text) {
  lt::error_code failed;
  const auto address = lt::make_address(text, failed);
  if (failed) return {errc::invalid_argument, "'" + text + "' is not an IP address"};
  return address;
}

void membership::set(const std::vector<swarm_peer>& members) {
  members_.clear();
  for (const auto& member : members) {
    if (const auto address = parse_address(member.address)) members_.insert(*address);
  }
  learn(members);
}

void membership::learn(const std::vector<swarm_peer>& peers) {
  for (const auto& peer : peers) {
    if (const auto address = parse_address(peer.address))
      known_[*address] = {peer.host, peer.where};
  }
}

std::string membership::name(const lt::address& address) const {
  const auto found = known_.find(address);
  return found != known_.end() ? found->second.name : address.to_string();
}

bool membership::other_site(const lt::address& address, const topology::place& from) const {
  const auto found = known_.find(address);
  return found != known_.end() &&
         topology::distance_between(found->second.where, from) == topology::distance::other_site;
}

lt::ip_filter membership::filter() const {
  lt::ip_filter made;
  made.add_rule(lt::address_v4::any(), lt::address_v4::broadcast(), lt::ip_filter::blocked);
  made.add_rule(lt::make_address_v6("::"),
                lt::make_address_v6("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
                lt::ip_filter::blocked);
  for (const auto& member : members_) {
    if (!banned_.contains(member)) made.add_rule(member, member, 0);
  }
  return made;
}

} // namespace shoal::swarm
