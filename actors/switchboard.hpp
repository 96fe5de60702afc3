// SWITCHBOARD: how this node reaches any other host: by a link that is open, or by one that it opens
// because there is something to say.
//
// What is said to one host arrives in order. A host that cannot be reached costs those who have
// something to say to it a fault each; a link that nobody used for a while is closed.
#pragma once

#include "actors/messages.hpp"

#include <deque>
#include <functional>
#include <map>
#include <string>

namespace shoal::actors {

/// Something to say to a host.
struct post {
  std::string host;
  wire::IndexMail mail;
};

/// A link that this node opened came about or did not.
struct link_opened {
  std::string host;
  caf::actor link;
  error why;
};

/// A host opened a link to this node; `mail` reaches its PIECE INDEX.
struct attach_mail {
  std::string host;
  index_mail_actor mail;
};

using switchboard_actor = caf::typed_actor<
    caf::replies_to<post>::with<wire::Ack>,
    caf::reacts_to<attach_mail>,
    // Addresses.
    caf::reacts_to<wire::Members>, caf::reacts_to<link_opened>, caf::reacts_to<tick>>;

} // namespace shoal::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::post)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::link_opened)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::attach_mail)

namespace shoal::actors {

struct switchboard_config {
  /// What waits for one link at most; more is refused.
  std::size_t waiting_max = 1024;
  /// A link that this node opened is closed when it carried nothing for this long.
  std::chrono::seconds idle_max{120};
  /// Opens a link that offers this node's own services to the other side.
  std::function<void(const std::string& address, std::uint16_t port,
                     std::function<void(result<caf::actor>)> done)>
      dial;
};

struct switchboard_state {
  static inline const char* name = "switchboard";
  switchboard_config config;
  std::map<std::string, wire::Peer> peers;
  /// Links that others opened.
  std::map<std::string, index_mail_actor> accepted;
  struct line {
    index_mail_actor remote;
    caf::actor link;
    bool dialling = false;
    std::deque<std::pair<wire::IndexMail, caf::typed_response_promise<wire::Ack>>> waiting;
    caf::actor_clock::time_point used;
  };
  /// Links that this node opened or is opening.
  std::map<std::string, line> opened;
};

/// Spawn with `system.spawn(switchboard, config)`.
switchboard_actor::behavior_type
switchboard(switchboard_actor::stateful_pointer<switchboard_state> self, switchboard_config config);

} // namespace shoal::actors
