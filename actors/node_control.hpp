// What a node can be asked by its own users (the local API, later the console). No CAF and no HTTP
// here: `actors/node.cpp` implements it, `web/routes.cpp` speaks for it.
//
// Threads: any thread; calls may block for seconds (they ask indexes over the network).
// Errors:  returned; `errc` becomes the HTTP status and the command's exit code.
#pragma once

#include "actors/cache_control.hpp"
#include "swarm/recipe.hpp"
#include "topology/placement.hpp"
#include "topology/result.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace shoal::actors {

/// A unit of long work that runs in the daemon, whoever started it and whether they wait or not.
using job_id = std::uint64_t;

struct publish_order {
  /// Absolute path, read by the daemon.
  std::string file;
  std::string name;
  std::string version;
  /// `name:version`, or empty.
  std::string parent;
  swarm::chunking cut = swarm::chunking::blocks;
  swarm::compression how = swarm::compression::zstd;
  int compression_level = 1;
};

enum class export_format : std::uint8_t { raw, qcow2 };

struct get_order {
  /// `name:version`.
  std::string image;
  /// Absolute path to export to, written by the daemon; empty: into the store only.
  std::string to_file;
  export_format format = export_format::raw;
  /// The host's downloads are held below this while nothing else is fetched; zero: no such limit.
  std::uint64_t download_bytes_per_second_max = 0;
};

struct verify_order {
  /// `name:version`, checked down to every chunk; empty: every held piece of the store.
  std::string image;
};

struct place_order {
  /// `name:version`.
  std::string image;
  /// `image_bytes` is filled in by whoever knows the image.
  topology::placement_request request;
  /// VMs a host may run in all; zero: no limit.
  std::uint32_t slots_per_host = 0;
  /// VMs that run on hosts now, as whoever asks knows; hosts that are no members do not matter.
  std::vector<std::pair<std::string, std::uint32_t>> vms;
  /// Hosts that run VMs of the same group already, named once for each.
  std::vector<std::string> beside;
  /// Only these hosts; empty: all that are online.
  std::vector<std::string> hosts;
  /// Only hosts in this domain: `site`, `site/cluster`, `site/cluster/rack`, or one of these names
  /// alone; empty: anywhere.
  std::string within;
};

/// Fills caches ahead. Exactly one of `hosts`, `count` and `all` says which.
struct prestage_order {
  /// `name:version`.
  std::string image;
  std::vector<std::string> hosts;
  /// So many hosts, chosen by `strategy`.
  std::uint32_t count = 0;
  /// Every host that is online.
  bool all = false;
  topology::placement_strategy strategy = topology::placement_strategy::shoal_friendly;
  topology::placement_spread spread = topology::placement_spread::none;
  /// As in `place_order`; restricts `count` and `all`.
  std::string within;
  /// Ceiling for the downloads of each host while nothing else is fetched there; zero: none.
  std::uint64_t host_bytes_per_second_max = 0;
  /// Hosts that fetch at the same time at most; zero: all.
  std::uint32_t at_once = 0;
  /// How long a host may be away before the job ends without it.
  std::chrono::seconds patience{3600};
};

/// Bytes by where they came (or would come) from.
struct source_bytes {
  std::uint64_t own_store = 0;
  std::uint64_t own_rack = 0;
  std::uint64_t own_site = 0;
  std::uint64_t other_sites = 0;
  /// Nobody who is reachable now holds them.
  std::uint64_t nowhere = 0;
};

enum class job_state : std::uint8_t { running, done, failed, cancelled };

/// How far one host of a prestaging is.
struct prestaged_host {
  std::string host;
  /// `waiting`, `fetching`, `away`, `done` or `failed`.
  std::string state;
  std::uint64_t done_bytes = 0;
  std::uint64_t total_bytes = 0;
  /// Why, when `failed` or `away`.
  std::optional<error> fault;
};

struct job_status {
  job_id id = 0;
  /// `publish`, `get`, `verify` or `prestage`.
  std::string kind;
  /// `name:version`, or empty.
  std::string image;
  job_state state = job_state::running;
  /// What it is doing now, in a word or two: `reading`, `fetching`, `exporting`, `verifying`.
  std::string phase;
  std::uint64_t done_bytes = 0;
  /// Zero while not known.
  std::uint64_t total_bytes = 0;
  double seconds = 0;
  /// A get: where its bytes came from, and what the image needs in all (stored bytes).
  source_bytes sources;
  std::uint64_t needed_bytes = 0;
  /// A get: received from each host.
  std::vector<std::pair<std::string, std::uint64_t>> received_from;
  /// Every byte was checked against the image's recipe.
  bool verified = false;
  /// A publish: expanded bytes, what was new, what the new pack takes, and the recipe's own waste.
  std::uint64_t data_bytes = 0;
  std::uint64_t new_bytes = 0;
  std::uint64_t pack_bytes = 0;
  double waste = 0;
  /// A prestage: each host.
  std::vector<prestaged_host> hosts;
  /// Things a user should see although the job goes on: a banned peer, a slow source.
  std::vector<std::string> warnings;
  /// Why, when `failed`.
  std::optional<error> fault;
};

struct image_status {
  std::string name;
  std::string version;
  std::string parent;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t data_bytes = 0;
  /// Stored bytes its recipe refers to, what a fresh host moves for it, and what this version added.
  std::uint64_t referred_bytes = 0;
  std::uint64_t fetch_bytes = 0;
  std::uint64_t pack_bytes = 0;
  std::uint32_t chunk_count = 0;
  std::string recipe;
  std::string publisher;
  /// RFC 3339, UTC.
  std::string published_at;
  /// Hosts that hold the whole image now.
  std::uint32_t holder_count = 0;
};

struct host_status {
  std::string name;
  std::string place;
  std::string address;
  std::uint16_t link_port = 0;
  /// Zero where it takes no such connections.
  std::uint16_t bulk_port = 0;
  std::uint16_t bulk_tls_port = 0;
  bool online = false;
  /// `host`, `index`, `gis` as they act now.
  std::vector<std::string> roles;
  std::uint64_t held_bytes = 0;
  std::uint64_t quota_bytes = 0;
  std::string version;
  /// What it could take still, counting what it may evict; not known: nothing.
  std::optional<std::uint64_t> room_bytes;
  std::uint32_t running_jobs = 0;
};

struct transfer_line {
  std::string pack;
  bool fetching = false;
  std::uint32_t pieces_wanted = 0;
  std::uint32_t pieces_done = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t sent_bytes = 0;
  std::uint32_t peer_count = 0;
};

/// What this node does for the index of pieces.
struct index_status {
  /// `naive`, `flat` or `topo`.
  std::string scheme;
  /// Paths of the domains it is the index of; the GIS is that of the `world`.
  std::vector<std::string> domains;
  /// Roles it took over since it started.
  std::uint64_t take_overs = 0;
  std::uint64_t pack_count = 0;
  std::uint64_t holding_count = 0;
  std::uint64_t table_bytes = 0;
  /// Messages this node sent for the index since it started, by kind and by the smallest domain that
  /// holds both ends.
  struct traffic_line {
    std::string kind;
    std::string level;
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
  };
  std::vector<traffic_line> traffic;
};

struct node_status {
  host_status self;
  /// `joined`, `joining` or `gis`.
  std::string state;
  std::string gis;
  std::string rack_index;
  std::uint32_t pack_count = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t sent_bytes = 0;
  double uptime_seconds = 0;
  std::vector<transfer_line> transfers;
  std::vector<job_status> jobs;
  std::vector<std::string> warnings;
  index_status index;
};

struct plan_status {
  std::string image;
  std::uint64_t needed_bytes = 0;
  source_bytes sources;
  /// Per pack: id, pieces needed, pieces missing here, and the same split.
  struct pack_line {
    std::string pack;
    std::uint32_t pieces_needed = 0;
    std::uint32_t pieces_missing = 0;
    source_bytes sources;
  };
  std::vector<pack_line> packs;
};

/// A host that was considered or chosen, and the numbers that decided.
struct placed_host {
  std::string name;
  std::string place;
  /// `host` means nothing here.
  topology::placement_choice numbers;
  /// In a ranking, why it takes no VM: `no_slot`, `no_room`, `offline`; empty if it can.
  std::string refusal;
};

struct placement_status {
  std::string image;
  /// As it was carried out, the seed included.
  topology::placement_request request;
  /// One for each VM, in the order chosen.
  std::vector<placed_host> choices;
  std::uint32_t missing = 0;
  /// A sentence, if any are missing.
  std::string why_missing;
  /// The best of the hosts considered, before anything was chosen; those that take no VM come last.
  std::vector<placed_host> ranking;
  std::uint32_t considered = 0;
};

struct removal_status {
  std::string image;
  /// Stored bytes nobody refers to any more.
  std::uint64_t freed_bytes = 0;
  std::uint32_t freed_pack_count = 0;
};

/// The node, as its users may ask it.
class node_control : public cache_control {
public:

  virtual result<job_id> publish(const publish_order& order) = 0;
  virtual result<job_id> get(const get_order& order) = 0;
  virtual result<job_id> verify(const verify_order& order) = 0;
  virtual result<job_id> prestage(const prestage_order& order) = 0;
  /// errc::not_found for a job this node does not know (any more: the last 1000 are kept).
  virtual result<job_status> job(job_id id) = 0;
  /// Waits until the job is no longer running or `milliseconds` passed.
  virtual result<job_status> wait(job_id id, std::uint32_t milliseconds) = 0;
  virtual result<void> cancel(job_id id) = 0;

  virtual result<std::vector<image_status>> images() = 0;
  virtual result<std::vector<host_status>> hosts() = 0;
  virtual result<node_status> status() = 0;
  virtual result<plan_status> plan(const std::string& image) = 0;
  /// Where VMs of an image are to start; moves nothing. @returns errc::not_found for an image or host
  /// that is not known.
  virtual result<placement_status> place(const place_order& order) = 0;
  virtual result<removal_status> remove(const std::string& image) = 0;
  /// The `.torrent` of one pack (64 hexadecimal digits), for stock clients.
  virtual result<std::string> torrent(const std::string& pack) = 0;
};

} // namespace shoal::actors
