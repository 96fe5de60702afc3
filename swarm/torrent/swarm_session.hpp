// Bulk transfer: packs as BitTorrent v2 swarms, over libtorrent with our own disk backend.
//
// One pack is up to five swarms ("channels") with the same pieces and root but different info
// dictionaries, so that each border of the network is its own swarm and a host decides exactly
// which pieces cross which border (DESIGN §6, the border rule):
//   source    the pack's own torrent: holders serve it, fetchers take what they own from it
//   sites     fetchers in other sites
//   clusters  fetchers in other clusters of the site
//   racks     fetchers in other racks of the cluster
//   inner     fetchers in the same rack
// With `bulk_tls::sites`, the second is encrypted, and the first has an encrypted twin for holders
// in other sites.
// A piece got in one channel is offered in the others at once. A stock client can join `source`.
//
// Threads: methods may be called from any thread; events come on one thread of the session's own
//          and must not block.
// Errors:  returned, or told through `events`.
// Crashes: pieces are kept by the pack store; a restart resumes from what it holds.
#pragma once

#include "swarm/pack.hpp"
#include "swarm/piece_set.hpp"
#include "swarm/store/pack_store.hpp"
#include "topology/border_owner.hpp"
#include "topology/place.hpp"
#include "topology/source_choice.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace shoal::swarm {

/// Which bulk connections are encrypted and authenticated by certificate.
enum class bulk_tls : std::uint8_t { off, sites, all };

struct swarm_session_config {
  /// This host's own name and place.
  topology::fetcher self;
  /// The address peers reach this host at; outgoing connections leave from it too.
  std::string listen_address = "127.0.0.1";
  /// 0 asks the kernel; `swarm_session::port` and `tls_port` tell. The plain one is not opened when
  /// all is TLS, the TLS one when nothing is.
  std::uint16_t listen_port = 0;
  std::uint16_t listen_tls_port = 0;
  bulk_tls tls = bulk_tls::off;
  /// PEM files; needed unless `tls` is off.
  std::string certificate_file, key_file, authority_file;
  /// Ceilings for all bulk traffic of this host; zero means none.
  std::uint64_t upload_bytes_per_second_max = 0;
  std::uint64_t download_bytes_per_second_max = 0;
  /// Whether holders beyond the nearest level are used where that ends a fetch earlier.
  topology::source_policy source_policy = topology::source_policy::earliest_finish;
  /// A fetch without a new piece for this long takes overdue pieces across the border itself.
  std::chrono::milliseconds owner_slack{1500};
};

/// A member of a pack's swarm, as an index names it.
struct swarm_peer {
  std::string host;
  topology::place where;
  std::string address;
  /// Where it takes plain and encrypted connections; zero where it takes none.
  std::uint16_t port = 0;
  std::uint16_t tls_port = 0;

  friend bool operator==(const swarm_peer&, const swarm_peer&) = default;
};

/// Everybody who matters for one fetch, all replaced at every update.
struct swarm_view {
  /// Hosts that hold pieces and are not fetching.
  std::vector<swarm_peer> holders;
  /// Hosts that are fetching now, this one included.
  std::vector<swarm_peer> fetchers;
  /// The racks of all holders that have the whole pack, named above or not; everybody is told the
  /// same, because ownership is computed from them.
  std::vector<topology::place> sources;
};

/// What one pack's transfer has done so far.
struct transfer_status {
  pack_id pack;
  bool fetching = false;
  std::uint32_t pieces_wanted = 0;
  std::uint32_t pieces_done = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t download_bytes_per_second = 0;
  std::uint64_t upload_bytes_per_second = 0;
  std::uint32_t peer_count = 0;
  /// Payload bytes received, by the peer's host name (unknown peers under their address).
  std::vector<std::pair<std::string, std::uint64_t>> received_from;
};

/// Told by the session. Must not block and must not call back into the session.
class swarm_events {
public:
  virtual ~swarm_events() = default;
  /// Pieces that are verified, stored and readable now; batched.
  virtual void on_pieces(pack_id pack, std::vector<std::uint32_t> pieces) = 0;
  /// Every wanted piece is here.
  virtual void on_fetched(pack_id pack) = 0;
  /// A fetch cannot go on (the store refused: no space, broken disk). It stays stopped.
  virtual void on_failed(pack_id pack, error why) = 0;
  /// A peer sent bytes that do not match; `banned` when it will not be talked to again.
  virtual void on_corrupt(pack_id pack, std::uint32_t piece, std::string peer, bool banned) = 0;
};

/// One host's bulk transfers.
class swarm_session {
public:
  /// @returns errc::conflict when a port is taken, errc::invalid_argument for bad addresses, and
  ///          with TLS the fault of a certificate file.
  static result<std::unique_ptr<swarm_session>> start(swarm_session_config config,
                                                      pack_store& store, swarm_events& events);
  /// Stops within seconds, losing nothing verified.
  virtual ~swarm_session() = default;

  /// Where plain and where encrypted connections are taken; zero where none are.
  [[nodiscard]] virtual std::uint16_t port() const = 0;
  [[nodiscard]] virtual std::uint16_t tls_port() const = 0;

  /// The addresses of the hosts that are members now. A connection from or to anybody else is
  /// refused before it gets a byte; connections of removed members are closed.
  /// @returns the names of members that cannot be met because their `bulk_tls` does not fit.
  virtual std::vector<std::string> set_members(std::vector<swarm_peer> members) = 0;

  /// Offers what the store holds of a pack it knows. Idempotent. Ready when it returns.
  virtual result<void> serve(pack_id pack) = 0;
  /// Fetches `wanted` (those not held yet) of a pack the store knows, from `view`; serves
  /// meanwhile and afterwards. Calling again replaces wanted pieces and view.
  virtual result<void> fetch(pack_id pack, piece_set wanted, swarm_view view) = 0;
  /// Replaces who is who; unknown packs are ignored.
  virtual void update(pack_id pack, swarm_view view) = 0;
  /// Stops fetching; still serves.
  virtual void stop_fetching(pack_id pack) = 0;
  /// A further ceiling for all downloads of this host, from now on; zero takes it away.
  virtual void limit_downloads(std::uint64_t bytes_per_second_max) = 0;
  /// Unloads the pack altogether (idle, or about to be evicted).
  virtual void unload(pack_id pack) = 0;

  [[nodiscard]] virtual std::vector<transfer_status> transfers() const = 0;
};

/// The `.torrent` of a pack's source swarm, with which a stock BitTorrent v2 client can fetch it.
std::string torrent_file(const pack_descriptor& pack);

} // namespace shoal::swarm
