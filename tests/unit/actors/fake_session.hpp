// A transfer engine for tests of who gives it orders.
#pragma once

#include "swarm/torrent/swarm_session.hpp"

#include <map>
#include <vector>

namespace shoal::test {

/// A transfer engine that writes down its orders.
class fake_session final : public swarm::swarm_session {
public:
  [[nodiscard]] std::uint16_t port() const override { return 1; }
  [[nodiscard]] std::uint16_t tls_port() const override { return 0; }
  std::vector<std::string> set_members(std::vector<swarm::swarm_peer> all) override {
    members = std::move(all);
    return {};
  }
  result<void> serve(swarm::pack_id pack) override {
    served.push_back(pack);
    return {};
  }
  result<void> fetch(swarm::pack_id pack, swarm::piece_set wanted, swarm::swarm_view) override {
    fetching[pack] = std::move(wanted);
    return {};
  }
  void update(swarm::pack_id, swarm::swarm_view view) override {
    ++updates;
    seen = std::move(view);
  }
  void limit_downloads(std::uint64_t bytes_per_second_max) override {
    limits.push_back(bytes_per_second_max);
  }
  void stop_fetching(swarm::pack_id pack) override { fetching.erase(pack); }
  void unload(swarm::pack_id pack) override { unloaded.push_back(pack); }
  [[nodiscard]] std::vector<swarm::transfer_status> transfers() const override { return loaded; }

  std::vector<swarm::swarm_peer> members;
  std::vector<swarm::pack_id> served;
  std::map<swarm::pack_id, swarm::piece_set> fetching;
  std::vector<swarm::pack_id> unloaded;
  std::vector<swarm::transfer_status> loaded;
  int updates = 0;
  /// The latest update.
  swarm::swarm_view seen;
  std::vector<std::uint64_t> limits;
};

} // namespace shoal::test
