#include "actors/membership.hpp"

#include "topology/place.hpp"

namespace shoal::actors {

result<void> membership::join(const wire::Hello& hello) {
  const auto& self = hello.self();
  if (!topology::valid_name(self.host())) {
    return {errc::invalid_argument, "\"" + self.host().substr(0, 200) + "\" is not a host name"};
  }
  if (auto place = topology::place::parse(self.place()); !place) return place.error();
  auto& known = members_[self.host()];
  const bool again = known.online && known.hello.session() == hello.session() &&
                     known.hello.self().SerializeAsString() == self.SerializeAsString();
  // A host that was restarted before its old link was missed comes with a higher session, from where
  // it was; anybody else of that name is another host.
  const bool restarted = hello.session() > known.hello.session() &&
                         known.hello.self().address() == self.address();
  if (known.online && !again && !restarted) {
    return {errc::conflict, "a host named " + self.host() + " is online already at " +
                                known.hello.self().address() + "; names must differ"};
  }
  known.hello = hello;
  if (!again) known.beat.Clear();
  if (again) return {};
  if (restarted && known.online) returned_.insert(hello.self().host());
  known.online = true;
  known.joined = ++joins_;
  touched_.insert(self.host());
  assign();
  return {};
}

result<void> membership::beat(const wire::Beat& beat) {
  const auto found = members_.find(beat.host());
  if (found == members_.end() || !found->second.online ||
      found->second.hello.session() != beat.session()) {
    return {errc::not_found, "join first"};
  }
  found->second.hello.set_held_bytes(beat.held_bytes());
  found->second.hello.set_quota_bytes(beat.quota_bytes());
  found->second.beat = beat;
  return {};
}

bool membership::leave(const std::string& host) {
  const auto found = members_.find(host);
  if (found == members_.end() || !found->second.online) return false;
  found->second.online = false;
  touched_.insert(host);
  assign();
  return true;
}

bool membership::online(const std::string& host) const {
  const auto found = members_.find(host);
  return found != members_.end() && found->second.online;
}

std::vector<std::string> membership::names() const {
  std::vector<std::string> online;
  for (const auto& [name, member] : members_) {
    if (member.online) online.push_back(name);
  }
  return online;
}

std::uint64_t membership::session(const std::string& host) const {
  const auto found = members_.find(host);
  return found == members_.end() ? 0 : found->second.hello.session();
}

void membership::assign() {
  std::vector<topology::role_candidate> alive;
  for (const auto& [name, member] : members_) {
    if (!member.online) continue;
    alive.push_back({name, *topology::place::parse(member.hello.self().place()), member.joined,
                     name == gis_host_});
  }
  auto roles = topology::assign_roles(alive, roles_);
  for (const auto& [domain, given] : roles) {
    const auto before = roles_.find(domain);
    const bool same = before != roles_.end() && before->second.index == given.index &&
                      !returned_.contains(given.index);
    if (!same) role_epochs_[domain] = ++epoch_;
    if (!same || before->second != given) touched_.insert({given.index, given.standby});
  }
  for (const auto& [domain, given] : roles_) {
    const auto after = roles.find(domain);
    const bool same = after != roles.end() && after->second == given;
    if (!same) touched_.insert({given.index, given.standby});
  }
  // Nobody stands by.
  touched_.erase("");
  returned_.clear();
  roles_ = std::move(roles);
  ++revision_;
}

// Roles by host.
std::multimap<std::string, wire::IndexRole> membership::roles_by_host() const {
  std::multimap<std::string, wire::IndexRole> made;
  for (const auto& [domain, given] : roles_) {
    wire::IndexRole role;
    role.set_domain(domain);
    role.set_epoch(role_epochs_.at(domain));
    made.emplace(given.index, role);
    role.set_standby(true);
    if (!given.standby.empty()) made.emplace(given.standby, role);
  }
  return made;
}

wire::Members membership::members(const std::string& gis_host) const {
  wire::Members out;
  out.set_revision(revision_);
  out.set_gis_host(gis_host);
  out.set_index_scheme(index_scheme_);
  out.set_gis_epoch(first_epoch_);
  const auto given = roles_by_host();
  for (const auto& [name, member] : members_) {
    if (!member.online) continue;
    auto& added = *out.add_members();
    const auto [first, last] = given.equal_range(name);
    for (auto role = first; role != last; ++role)
      *added.add_roles() = role->second;
    *added.mutable_peer() = member.hello.self();
    const auto roles = roles_.find(member.hello.self().place());
    added.set_rack_index(roles != roles_.end() && roles->second.index == name);
  }
  return out;
}

wire::Members membership::news(const std::string& gis_host) {
  auto out = members(gis_host);
  out.set_base_revision(told_revision_);
  std::map<std::string, std::string> now;
  std::vector<wire::Member> changed;
  for (auto& member : *out.mutable_members()) {
    const auto& host = member.peer().host();
    const auto& text = now[host] = member.SerializeAsString();
    const auto before = told_.find(host);
    if (before == told_.end() || before->second != text || touched_.contains(host)) {
      changed.push_back(std::move(member));
    }
  }
  out.mutable_members()->Assign(changed.begin(), changed.end());
  for (const auto& [host, text] : told_) {
    if (!now.contains(host)) touched_.insert(host);
  }
  for (const auto& host : std::exchange(touched_, {})) {
    if (!now.contains(host)) out.add_gone(host);
  }
  told_ = std::move(now);
  told_revision_ = revision_;
  return out;
}

bool merge_members(wire::Members& known, const wire::Members& news) {
  if (!news.has_base_revision()) {
    known = news;
    return true;
  }
  if (news.gis_host() != known.gis_host() || news.gis_epoch() != known.gis_epoch() ||
      news.base_revision() > known.revision()) {
    return false;
  }
  std::map<std::string, const wire::Member*> members;
  for (const auto& member : known.members()) members[member.peer().host()] = &member;
  for (const auto& host : news.gone()) members.erase(host);
  for (const auto& member : news.members()) members[member.peer().host()] = &member;
  auto merged = news;
  merged.clear_members();
  merged.clear_gone();
  merged.clear_base_revision();
  for (const auto& [host, member] : members) *merged.add_members() = *member;
  known = std::move(merged);
  return true;
}

wire::Hosts membership::hosts(const std::string& gis_host) const {
  wire::Hosts out;
  for (const auto& [name, member] : members_) {
    auto& record = *out.add_hosts();
    *record.mutable_peer() = member.hello.self();
    record.set_online(member.online);
    record.set_held_bytes(member.hello.held_bytes());
    record.set_quota_bytes(member.hello.quota_bytes());
    record.set_version(member.hello.version());
    record.set_running_jobs(member.beat.running_jobs());
    if (member.beat.has_room_bytes()) record.set_room_bytes(member.beat.room_bytes());
    record.add_roles("host");
    const auto roles = roles_.find(member.hello.self().place());
    if (member.online && roles != roles_.end() && roles->second.index == name) {
      record.add_roles("index");
    }
    if (name == gis_host) record.add_roles("gis");
  }
  return out;
}

} // namespace shoal::actors
