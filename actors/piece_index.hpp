// PIECE INDEX: this host's part in the index of who holds which pieces: its own client, and the
// nodes of the domains it is the index of (DESIGN §6; topology/index_node.hpp decides).
//
// The GIS names the scheme and who has which role, by the members. State is soft: whoever takes a
// role over is told everything again. What cannot be delivered is told again a little later.
#pragma once

#include "actors/host_cache.hpp"
#include "actors/index_parts.hpp"
#include "actors/switchboard.hpp"
#include "topology/index_client.hpp"
#include "topology/index_node.hpp"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace shoal::actors {

/// Who holds these pieces, and who fetches them?
struct find_pieces {
  std::vector<topology::pack_pieces> wanted;
  /// The host fetches them from now on.
  bool fetching = false;
  /// What was answered lately is not good enough.
  bool fresh = false;
  /// Holders of all levels, although nearer ones have the pieces.
  bool every_level = false;
};

/// Packs this host fetches no longer.
struct stopped_fetching {
  std::vector<topology::pack_key> packs;
};

/// What this node does for the index; the reply to `ask_index`.
struct ask_index {};
struct index_state {
  std::string scheme;
  /// Paths of the domains this node is the index of; `world` for everything.
  std::vector<std::string> domains;
  topology::index_counters traffic;
  topology::index_node_counts counts;
  /// How long the latest take-over of a role took until all children had told all, and how many
  /// roles were taken over.
  std::uint64_t take_overs = 0;
};

using piece_index_actor = caf::typed_actor<
    caf::replies_to<wire::IndexMail>::with<wire::Ack>,
    // Places, roles, scheme.
    caf::reacts_to<wire::Members>,
    // What this host holds now, or what changed.
    caf::reacts_to<wire::Announce>, caf::replies_to<find_pieces>::with<wire::Swarms>,
    caf::reacts_to<stopped_fetching>, caf::replies_to<ask_index>::with<index_state>,
    caf::reacts_to<tick>>;

} // namespace shoal::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::find_pieces)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::stopped_fetching)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::ask_index)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::index_state)

namespace shoal::actors {

struct piece_index_config {
  std::string host;
  /// Greater than at any earlier start of this host.
  std::uint64_t session = 0;
  topology::index_config index;
  /// What could not be delivered is told again after this.
  std::chrono::milliseconds again_after{500};
  /// Packs one lookup asks for; what a job asks for beyond goes into further ones.
  std::size_t lookup_packs_max = 4096;
  /// Mail is cut into pieces of this; well below the link's message limit.
  std::size_t mail_bytes_max = std::size_t{256} << 10;
  /// What may be on its way to one host, less than a link's queue; the rest waits here, up to
  /// `waiting_bytes_max`. Beyond that nothing is taken, and everything is told again later.
  std::size_t under_way_bytes_max = std::size_t{2} << 20;
  std::size_t waiting_bytes_max = std::size_t{64} << 20;
};

/// What it needs of the rest of the node.
struct piece_index_parts {
  switchboard_actor switchboard;
  host_cache_actor cache;
};

struct piece_index_state {
  static inline const char* name = "piece-index";

  struct bearer {
    std::string host;
    std::uint64_t epoch = 0;

    friend bool operator==(const bearer&, const bearer&) = default;
  };
  using bearer_map = std::map<topology::index_address, bearer>;

  /// What a job asked for, while some of its lookups are not answered.
  struct pending_find {
    caf::typed_response_promise<wire::Swarms> promise;
    wire::Swarms found;
    std::size_t lookups = 0;
  };
  /// Mail that was cut off and waits to be sent.
  struct waiting_mail {
    wire::IndexMail mail;
    std::size_t bytes = 0;
    /// Whom it tells something that must not get lost.
    std::set<topology::index_address> told;
  };
  /// What goes to one host.
  struct lane {
    std::deque<waiting_mail> waiting;
    std::size_t waiting_bytes = 0;
    std::size_t under_way_bytes = 0;
  };

  piece_index_config config;
  piece_index_parts parts;
  topology::network net;
  topology::hash_ring ring;
  topology::index_counters counters;
  topology::index_setting setting;
  std::map<std::string, wire::Peer> peers;
  /// Who has the role of each domain.
  bearer_map bearers;
  std::unique_ptr<topology::index_client> client;
  std::map<topology::index_address, std::unique_ptr<topology::index_node>> nodes;
  /// Everything this host holds, for a client that begins anew.
  std::map<topology::pack_key, topology::pack_pieces> held;
  /// By request.
  std::map<std::uint64_t, std::shared_ptr<pending_find>> waiting;
  /// By host.
  std::map<std::string, lane> lanes;
  /// Messages of others that have not arrived whole.
  index_parts parts_of_others;
  /// Indexes that did not get all that they were told.
  std::set<topology::index_address> to_tell_again;
  std::optional<topology::instant> tell_again_at;
  std::optional<topology::instant> tick_at;
  std::uint64_t take_overs = 0;
};

/// Spawn with `system.spawn(piece_index, config, parts)`.
piece_index_actor::behavior_type
piece_index(piece_index_actor::stateful_pointer<piece_index_state> self, piece_index_config config,
            piece_index_parts parts);

} // namespace shoal::actors
