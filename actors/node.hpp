// NODE: the one place that shows which actors live together, and in which order they come and go.
//
// Threads: `start` and `stop` are the owner's; the rest of node_control may be called from any.
// Errors:  returned by `start`, naming what was in the way.
// Crashes: the store and the catalogue keep their promises; everything else is soft.
#pragma once

#include "actors/host_agent.hpp"
#include "actors/link_transport.hpp"
#include "actors/node_control.hpp"
#include "swarm/store/pack_store.hpp"
#include "swarm/torrent/swarm_session.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace shoal::actors {

/// This node's end of all links, however it is made.
class link_endpoint {
public:
  virtual ~link_endpoint() = default;
  virtual link_dialer& dialer() = 0;
  [[nodiscard]] virtual std::uint16_t port() const = 0;
  /// Closes all links; no handler is called after it returned.
  virtual void stop() = 0;
};

struct node_config {
  std::string name;
  topology::place where;
  std::string version;
  swarm::pack_store_config store;
  swarm::swarm_session_config bulk;
  /// The address others reach this node's link and bulk ports at.
  std::string address;
  std::vector<gis_address> gis;
  /// This node is the GIS, and this is its database.
  bool is_gis = false;
  /// Of a GIS: how the swarm locates pieces.
  std::string index_scheme = "topo";
  std::filesystem::path catalogue;
  /// Threads for hashing, compressing and expanding; zero means as many as cores.
  unsigned thread_count = 0;
};

/// Makes this node's end of the links; `accepted` is told of links others open.
using link_factory = std::function<result<std::unique_ptr<link_endpoint>>(link_handler accepted)>;

/// A running node.
class node : public node_control {
public:
  static result<std::unique_ptr<node>> start(node_config config, const link_factory& make_links);
  ~node() override = default;

  /// Lets jobs end, leaves the swarm and makes the store durable; seconds at most.
  virtual void stop() = 0;
  [[nodiscard]] virtual std::uint16_t link_port() const = 0;
  [[nodiscard]] virtual std::uint16_t bulk_port() const = 0;
  [[nodiscard]] virtual std::uint16_t bulk_tls_port() const = 0;
};

} // namespace shoal::actors
