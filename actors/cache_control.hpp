// What a node's users may ask of its cache. No CAF and no HTTP here, as in node_control.hpp.
//
// Threads: any thread; calls may block for seconds (they ask the general index server what packs an
//          image needs). Errors: returned.
#pragma once

#include "swarm/cache_policy.hpp"
#include "topology/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace shoal::actors {

/// One pack in the cache.
struct cache_line {
  std::string pack;
  std::uint64_t held_bytes = 0;
  std::uint64_t length_bytes = 0;
  std::uint32_t pieces_held = 0;
  std::uint32_t piece_count = 0;
  /// Images that refer to it, `name:version`; none is known while the server is away.
  std::vector<std::string> images;
  /// Who keeps it: `publisher`, `operator web:1`, `get-7`.
  std::vector<std::string> pins;
  double idle_seconds = 0;
  /// Bytes that may go, and where its first run stands among all packs, from 1; 0: nothing may go.
  std::uint64_t evictable_bytes = 0;
  std::uint32_t goes = 0;
  /// Why it goes when it does, or why it does not.
  std::string why;
  /// Hosts of the site that hold it; 0: not known.
  std::uint32_t copies_in_site = 0;
};

struct cache_status {
  std::string policy;
  std::string configured_policy;
  /// Zero: no limit of our own.
  std::uint64_t quota_bytes = 0;
  std::uint64_t configured_quota_bytes = 0;
  std::uint32_t copies_floor = 0;
  std::uint64_t held_bytes = 0;
  std::uint64_t evictable_bytes = 0;
  std::uint64_t policy_memory_bytes = 0;
  /// Those that go first first, then those that do not go.
  std::vector<cache_line> packs;
};

/// What to evict: an image's pieces, or so many bytes, or (neither) what is over the limit.
struct cache_gc_order {
  std::string image;
  std::uint64_t bytes = 0;
  bool dry_run = false;
};

struct cache_gc_line {
  std::string pack;
  std::uint32_t piece_count = 0;
  std::uint64_t bytes = 0;
};

struct cache_gc_outcome {
  bool dry_run = false;
  std::uint64_t freed_bytes = 0;
  std::vector<cache_gc_line> packs;
  /// What is over the limit still, because it may not go.
  std::uint64_t over_bytes = 0;
  /// Packs of the image that stay, with who keeps them.
  std::vector<std::string> kept;
};

/// A new limit; none: the configuration's counts again.
struct cache_limit_order {
  std::optional<swarm::cache_quota> limit;
};

struct cache_limit_outcome {
  std::uint64_t quota_bytes = 0;
  /// Multiples were asked for: of which image, and how large it is.
  std::string image;
  std::uint64_t image_bytes = 0;
  cache_gc_outcome evicted;
};

struct cache_pin_outcome {
  std::string image;
  bool pinned = false;
  std::uint32_t pack_count = 0;
  /// Bytes the image needs, and those of them that are here.
  std::uint64_t needed_bytes = 0;
  std::uint64_t held_bytes = 0;
};

/// The cache, as its users may ask it.
class cache_control {
public:
  virtual ~cache_control() = default;

  virtual result<cache_status> cache() = 0;
  virtual result<cache_gc_outcome> collect(const cache_gc_order& order) = 0;
  /// Durable; goes before the configuration. Evicts what is over the new limit.
  virtual result<cache_limit_outcome> limit(const cache_limit_order& order) = 0;
  /// Durable. Takes a policy's name; empty: the configuration's counts again.
  virtual result<cache_status> choose_policy(const std::string& name) = 0;
  /// Keeps what is here of an image, durably. errc::not_found if nothing is.
  virtual result<cache_pin_outcome> pin(const std::string& image) = 0;
  virtual result<cache_pin_outcome> unpin(const std::string& image) = 0;
};

} // namespace shoal::actors
