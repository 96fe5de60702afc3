// What a node's own actors say to one another. These never leave the process; what does is in
// wire.proto.
#pragma once

#include "actors/link_transport.hpp"
#include "actors/node_control.hpp"
#include "actors/services.hpp"
#include "actors/swarm_news.hpp"
#include "swarm/id.hpp"
#include "swarm/piece_set.hpp"
#include "swarm/torrent/swarm_session.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace shoal::actors {

/// Something is due: an actor's own periodic work.
struct tick {};

/// A peer's link is open; `agent` stands for its host agent.
struct attach_host {
  std::string host;
  host_actor agent;
};

/// Fetch these pieces; `subscriber` is told of `pieces_came`, `pack_fetched` and `fetch_failed`.
struct begin_fetch {
  swarm::pack_id pack;
  swarm::piece_set wanted;
  swarm_news news;
  caf::actor subscriber;
  /// The host's downloads are held below this as long as every subscriber wants it so; zero: it
  /// does not.
  std::uint64_t bytes_per_second_max = 0;
};

/// This subscriber needs no more of the pack; when it was the last, fetching stops and serving
/// goes on.
struct cease_fetch {
  swarm::pack_id pack;
  caf::actor subscriber;
};

/// Who holds and fetches a pack has changed.
struct new_view {
  swarm::pack_id pack;
  swarm_news news;
};

/// As of when the swarms of these packs are known here.
struct ask_stamps {
  std::vector<swarm::pack_id> packs;
};

/// In the order asked.
struct stamp_list {
  std::vector<swarm_stamp> stamps;
};

/// More holders of a pack, beside those of its view, from now until the fetch ends.
struct more_holders {
  swarm::pack_id pack;
  std::vector<swarm::swarm_peer> holders;
};

/// Load these packs for others to fetch.
struct serve_packs {
  std::vector<swarm::pack_id> packs;
};

/// The store's holdings of these packs changed by other means than a transfer (publish, verify).
struct holdings_changed {
  std::vector<swarm::pack_id> packs;
};

/// The store evicted pieces of these packs.
struct packs_evicted {
  std::vector<swarm::pack_id> packs;
};

/// Have the index count the copies of what would be evicted next; answered when that is known, or
/// cannot be.
struct refresh_copies {};

/// Drop these packs if they are removed from the catalogue and nothing here needs them.
struct forget_packs {
  std::vector<swarm::pack_id> packs;
};

/// The store has a pack that the catalogue will know soon: it is kept from the reply on until
/// `publication_ended`, whatever was removed before.
struct publication_begun {
  swarm::pack_id pack;
};
struct publication_ended {
  swarm::pack_id pack;
};

/// From the transfer engine, and on to subscribers.
struct pieces_came {
  swarm::pack_id pack;
  std::vector<std::uint32_t> pieces;
};
struct pack_fetched {
  swarm::pack_id pack;
};
struct fetch_failed {
  swarm::pack_id pack;
  error why;
};
struct corrupt_piece {
  swarm::pack_id pack;
  std::uint32_t piece = 0;
  std::string peer;
  bool banned = false;
};

/// Whom holdings are announced to from now on: the rack's index, or (null) the GIS. A GIS not known
/// before is asked what was removed meanwhile.
struct announce_to {
  rack_index_actor index;
  gis_actor gis;
};

/// Who hears of everything held at once and of each change soon; there is one, of this node.
using holdings_listener = caf::typed_actor<caf::reacts_to<wire::Announce>>;
struct tell_holdings_to {
  holdings_listener listener;
};

/// What every transfer has done; the reply to `ask_transfers`.
struct ask_transfers {};
struct transfer_list {
  std::vector<swarm::transfer_status> transfers;
};

/// The ways out of this node as they are now; null while unreachable.
struct ask_uplinks {};
struct uplinks {
  gis_actor gis;
  rack_index_actor index;
  std::string gis_name;
  std::string index_name;
  bool joined = false;
  wire::Peer self;
  std::uint64_t session = 0;
  /// Every member's place, by host name.
  std::map<std::string, topology::place> places;
  /// While not joined: what went wrong last; empty before anything did.
  std::string why_not_joined;
};

/// A link came about or did not; `attempt` tells late answers from current ones.
struct dial_ended {
  std::uint64_t attempt = 0;
  bool to_gis = false;
  caf::actor link;
  error why;
};

/// A job starts, reports, is asked after, is to stop.
struct start_publish {
  publish_order order;
};
struct start_get {
  get_order order;
};
struct start_verify {
  verify_order order;
};
struct job_report {
  job_status status;
};
struct ask_job {
  job_id id = 0;
};
struct ask_jobs {};
struct job_list {
  std::vector<job_status> jobs;
};
struct cancel_job {
  job_id id = 0;
};
/// To a job: stop soon.
struct please_stop {};
/// From the job board: how many jobs run now.
struct running_jobs {
  std::uint32_t count = 0;
};
struct start_prestage {
  prestage_order order;
};
/// The board that this host's prestager starts its gets on.
struct use_board {
  caf::actor board;
};

} // namespace shoal::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::attach_host)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::begin_fetch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::cease_fetch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::new_view)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::ask_stamps)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::stamp_list)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::more_holders)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::serve_packs)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::holdings_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::forget_packs)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::packs_evicted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::refresh_copies)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::publication_begun)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::publication_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::pieces_came)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::pack_fetched)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::fetch_failed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::corrupt_piece)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::announce_to)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::tell_holdings_to)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::ask_transfers)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::transfer_list)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::ask_uplinks)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::uplinks)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::dial_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::start_publish)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::start_get)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::start_verify)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::job_report)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::ask_job)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::ask_jobs)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::job_list)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::cancel_job)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::please_stop)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::job_status)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::running_jobs)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::start_prestage)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::use_board)
