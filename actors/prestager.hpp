// PRESTAGER: this host's part in filling caches ahead. An order from the GIS becomes a get on the
// JOB BOARD; asked again, it says how far that get is.
//
// Crashes: soft; an order that comes again after a restart fetches what is missing.
#pragma once

#include "actors/messages.hpp"

#include <deque>
#include <map>
#include <string>

namespace shoal::actors {

using prestager_actor =
    caf::typed_actor<caf::replies_to<wire::Prestage>::with<wire::PrestageProgress>,
                     caf::replies_to<wire::CancelPrestage>::with<wire::Ack>,
                     // Before that, orders are put off (errc::unreachable).
                     caf::reacts_to<use_board>>;

struct prestager_state {
  static inline const char* name = "prestager";
  std::string host;
  caf::actor board;
  struct get_of_order {
    /// Zero while the board has not answered yet.
    job_id job = 0;
    std::uint32_t attempt = 0;
    bool cancelled = false;
  };
  std::map<std::string, get_of_order> orders;
  /// The orders from the oldest on, of which only so many are remembered.
  std::deque<std::string> history;
};

/// Spawn with `system.spawn(prestager, host)`.
prestager_actor::behavior_type prestager(prestager_actor::stateful_pointer<prestager_state> self,
                                         std::string host);

} // namespace shoal::actors
