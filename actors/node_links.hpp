// Makes link actors of connections: what each offers to the other side, and who stands for it here.
//
// Threads: any; called by the transport's.
#pragma once

#include "actors/general_index_server.hpp"
#include "actors/link.hpp"
#include "actors/piece_index.hpp"
#include "actors/rack_index.hpp"

#include <memory>

namespace shoal::actors {

/// The actors of this node that others may speak to.
struct offered_services {
  caf::actor_system* system = nullptr;
  rack_index_local_actor rack_index;
  piece_index_actor piece_index;
  switchboard_actor switchboard;
  /// Null unless this node is the GIS.
  gis_local_actor gis;
};

/// For links that others open: offers index and GIS, and has them know the other's host agent.
link_handler accept_links(std::shared_ptr<const offered_services> services);

/// What a node offers to those it dials.
struct dialling_services {
  host_actor agent;
  index_mail_actor piece_index;
};

/// Opens a link that offers `own` to the other side; `done` gets the link actor.
void dial_link(link_dialer& dialer, caf::actor_system& system, dialling_services own,
               const std::string& address, std::uint16_t port, node_role expected,
               std::function<void(result<caf::actor>)> done);

} // namespace shoal::actors
