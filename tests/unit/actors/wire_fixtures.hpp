// Short ways to say link messages in tests.
#pragma once

#include "actors/swarm_news.hpp"
#include "actors/wire_convert.hpp"
#include "swarm/id.hpp"

#include <string>

namespace shoal::test {

/// A pack named by one byte.
inline swarm::pack_id pack(int number) {
  swarm::pack_id id;
  id.bytes[0] = static_cast<std::byte>(number);
  return id;
}

inline wire::Peer peer(const std::string& host, const std::string& rack = "r1",
                       const std::string& site = "s") {
  wire::Peer made;
  made.set_host(host);
  made.set_place(site + "/c/" + rack);
  made.set_address("10.0.0.1");
  made.set_link_port(7440);
  made.set_bulk_port(7441);
  return made;
}

inline wire::Hello hello(const std::string& host, std::uint64_t session = 1,
                         const std::string& rack = "r1") {
  wire::Hello made;
  made.set_session(session);
  *made.mutable_self() = peer(host, rack);
  return made;
}

/// `host` holds all (or, with a bitmap, some) of a pack of eight pieces.
inline wire::Announce holds(const std::string& host, swarm::pack_id what, std::uint64_t session = 1,
                            const std::string& bitmap = {}) {
  wire::Announce made;
  made.set_host(host);
  made.set_session(session);
  auto& holding = *made.add_holdings();
  holding.set_pack(what.raw());
  holding.set_piece_count(8);
  holding.set_all(bitmap.empty());
  holding.set_bitmap(bitmap);
  return made;
}

inline wire::Lookup lookup(const wire::Peer& asker, swarm::pack_id what, bool fetching,
                           std::uint64_t session = 1) {
  wire::Lookup made;
  *made.mutable_asker() = asker;
  made.set_session(session);
  made.add_packs(what.raw());
  made.set_fetching(fetching);
  return made;
}

inline std::vector<std::string> holders(const wire::Swarms& swarms) {
  std::vector<std::string> names;
  for (const auto& swarm : swarms.swarms()) {
    for (const auto& holder : swarm.holders()) names.push_back(holder.peer().host());
  }
  return names;
}

inline std::vector<std::string> fetchers(wire::Swarms swarms) {
  actors::unfold(swarms);
  std::vector<std::string> names;
  for (const auto& swarm : swarms.swarms()) {
    for (const auto& fetcher : swarm.fetchers()) names.push_back(fetcher.host());
  }
  return names;
}

} // namespace shoal::test
