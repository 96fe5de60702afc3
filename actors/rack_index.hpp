// RACK INDEX: answers "who in this rack holds these pieces, and who is fetching them?". What the
// rack cannot answer alone it asks the GENERAL INDEX SERVER. State is soft: hosts announce
// everything again to whoever becomes the index.
#pragma once

#include "actors/document_cache.hpp"
#include "actors/messages.hpp"
#include "actors/swarm_index.hpp"

namespace shoal::actors {

/// The service, and what only this node says to it.
using rack_index_local_actor = rack_index_actor::extend<
    // A host's link is open: it can be woken.
    caf::reacts_to<attach_host>,
    // The GIS, as it can be reached now; null while it is away.
    caf::reacts_to<gis_actor>,
    // How members are reached.
    caf::reacts_to<wire::Members>>;

struct rack_index_state {
  static inline const char* name = "rack-index";
  swarm_index index;
  gis_actor parent;
  document_cache documents;
  /// Who waits for a part that was asked for already.
  std::map<std::string, std::vector<caf::typed_response_promise<wire::DocumentPart>>> waiting;
};

/// Spawn with `system.spawn(rack_index)`.
rack_index_local_actor::behavior_type
rack_index(rack_index_local_actor::stateful_pointer<rack_index_state> self);

} // namespace shoal::actors
