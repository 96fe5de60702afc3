// The index: who holds which pieces. Three schemes behind one interface (DESIGN §6, VDN §III).
//
//   naive  no index: a lookup is broadcast to the rack, then the cluster, the site, everybody.
//   flat   a consistent-hash ring of all hosts; each host is the index of its share of the pieces.
//   topo   an index per rack, cluster, site and for the world; each knows its children's aggregate.
//
// Pure and driven by messages: `handle` and `tick` append what is to be sent. The simulator runs one
// object per address, the daemon one per actor. Which address lives on which host is not known here.
// Threads: one owner. Errors: what makes no sense is dropped. Crashes: soft state; see `start`.
#pragma once

#include "topology/hash_ring.hpp"
#include "topology/index_counters.hpp"
#include "topology/index_message.hpp"
#include "topology/late_owners.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace shoal::topology {

enum class index_scheme : std::uint8_t { naive, flat, topo };

/// `naive`, `flat`, `topo`; as users write them.
std::string_view to_string(index_scheme scheme);
std::optional<index_scheme> index_scheme_of(std::string_view name);

struct index_config {
  /// Holders named for one pack, once every piece wanted has one. More cost bytes, fewer sources.
  std::uint32_t holders_max = 8;
  /// Fetchers named for one pack.
  std::uint32_t fetchers_max = 64;
  /// topo: child domains asked for one pack, once every piece wanted has one.
  std::uint32_t domains_max = 2;
  /// topo: fetchers an index names to the index above.
  std::uint32_t representatives_max = 1;
  /// flat: pieces in a row that have the same owner. 1 is the paper's scheme.
  std::uint32_t run_pieces = 1;
  /// What one hop of a lookup may take. Those who wait give up after a multiple of it, the more the
  /// longer the way is that they wait for.
  std::chrono::milliseconds hop_timeout{200};
  /// How often a client asks again before it says what it knows.
  std::uint32_t retries = 1;
  /// topo: how long answers are remembered on the way; zero: not at all.
  std::chrono::milliseconds cache_for{30'000};
  /// topo: of how many packs, in one index.
  std::uint32_t cache_packs_max = 4096;
  /// How often children say that they have said all (`index_kind::sync`); zero: never. Needed only
  /// where the last message before a silence may get lost.
  std::chrono::milliseconds sync_every{0};
  /// topo: a new index waits this long for its children before it tells its parent what they hold.
  std::chrono::milliseconds recover_for{2000};
  /// topo: how often at most fetchers, and the index above, are told of changes; the first after a
  /// quiet time goes out at once.
  std::chrono::milliseconds push_every{200};
};

/// What all parts of an index share. The pointers stay valid and follow the network's changes.
struct index_setting {
  index_scheme scheme = index_scheme::topo;
  index_config config;
  const network* net = nullptr;
  /// flat: its ring; others ignore it.
  const hash_ring* ring = nullptr;
  /// Every message sent is counted here; nullptr: nowhere.
  index_counters* counters = nullptr;
};

/// How much a node knows.
struct index_node_counts {
  std::size_t packs = 0;
  /// (pack, child) pairs held, and those being fetched.
  std::size_t holdings = 0;
  std::size_t fetches = 0;
  /// Lookups waiting for answers of others.
  std::size_t waiting = 0;
  std::size_t cached_packs = 0;
  /// Bytes of the table.
  std::size_t table_bytes = 0;
};

/// An index: of one domain (topo) or of one share of the ring (flat). naive has none.
class index_node {
public:
  virtual ~index_node() = default;

  [[nodiscard]] virtual index_address address() const = 0;
  /// A node with an empty table asks its children for all they hold. Once, before anything else.
  virtual void start(instant now, index_outbox& out) = 0;
  /// Takes a message whose `to` is this node.
  virtual void handle(const index_message& message, instant now, index_outbox& out) = 0;
  /// Late answers, pushes, expiry. Call at `due`, or just regularly.
  virtual void tick(instant now, index_outbox& out) = 0;
  /// When `tick` has something to do; nothing: not before the next message.
  [[nodiscard]] virtual std::optional<instant> due() const = 0;
  /// A child (host, or index that will not be replaced) is gone, or no longer in this domain.
  virtual void child_gone(std::uint32_t child, instant now, index_outbox& out) = 0;
  /// The index above lost what it knew: tell it everything. (It asks by itself too: `want_all`.)
  virtual void parent_restarted(instant now, index_outbox& out) = 0;
  [[nodiscard]] virtual index_node_counts counts() const = 0;
};

/// The node at `address`. @param epoch greater than that of whoever had the role before.
/// @returns nullptr where the scheme has no node there: naive anywhere, flat but at hosts, topo at
/// hosts.
std::unique_ptr<index_node> make_index_node(const index_setting& setting, index_address address,
                                            std::uint64_t epoch);

/// Whether a message to a host is for its `index_client` (else for its `index_node`).
bool is_for_client(index_scheme scheme, const index_message& message);

} // namespace shoal::topology
