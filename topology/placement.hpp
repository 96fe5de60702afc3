// On which hosts VMs of an image are to start (VDN §III, PAPERS V25; issue "Placement").
//
// Threads: pure functions over values; randomness is an argument. Errors: none; what cannot be
// placed is counted with the reason. Cost: O(hosts) for one VM, O((hosts + VMs) log hosts) for many.
#pragma once

#include "topology/result.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shoal::topology {

/// How hosts are compared. Ties go to the less loaded host, then by a hash of (seed, host), so that
/// equal hosts take turns from request to request.
enum class placement_strategy : std::uint8_t {
  /// Any host that can take the VM, uniformly.
  random,
  /// The host with the smallest load.
  min_loaded,
  /// The host that lacks the fewest bytes of the image (the paper's VDN-friendly).
  shoal_friendly,
  /// The smallest weighted sum of what the others look at (`placement_weights`).
  weighted,
};

/// Which failure domain the VMs of one request are dealt over before anything else is compared: the
/// domains that have the fewest of them come first, as long as they can take more.
enum class placement_spread : std::uint8_t { none, rack, cluster };

/// What `placement_strategy::weighted` adds up; zero leaves a term out. Terms have natural units, so
/// that weights say what is worth what. @pre finite and not negative.
struct placement_weights {
  /// The cost of lacking the whole image.
  double bytes = 1.0;
  /// The cost of each VM and each transfer that runs on the host.
  double load = 0.1;
  /// The cost of a store without any room left; a store half free costs half.
  double room = 0.1;
  /// The cost of each VM of the same request in the same rack.
  double rack = 0.05;
  /// The cost of each VM of the same request in the same cluster.
  double cluster = 0.01;
};

/// @returns errc::invalid_argument naming the weight that is negative or no number.
result<void> check(const placement_weights& weights);

/// No limit on bytes or on VMs.
inline constexpr std::uint64_t unlimited_bytes = std::numeric_limits<std::uint64_t>::max();
inline constexpr std::uint32_t unlimited_vms = std::numeric_limits<std::uint32_t>::max();

/// A living host as it is now. Numbers of domains are the caller's (`topology::network`'s, or any
/// others, as long as different domains have different numbers); a rack is in one cluster.
struct placement_candidate {
  /// What the caller calls the host. @pre differs from host to host.
  std::uint32_t host = 0;
  std::uint32_t rack = 0;
  std::uint32_t cluster = 0;
  /// VMs that run on it or are assigned to it.
  std::uint32_t vms = 0;
  /// Transfers that run on it.
  std::uint32_t transfers = 0;
  /// How many more VMs it may take.
  std::uint32_t free_slots = unlimited_vms;
  /// VMs of this request's group that are there already; they count for spreading. Part of `vms`.
  std::uint32_t placed_before = 0;
  /// Bytes of the image that it would have to fetch.
  std::uint64_t lacking_bytes = 0;
  /// Bytes its store could take, counting what it may evict.
  std::uint64_t room_bytes = unlimited_bytes;
  /// Its store's size.
  std::uint64_t quota_bytes = unlimited_bytes;

  /// What `min_loaded` compares.
  [[nodiscard]] std::uint64_t load() const { return std::uint64_t{vms} + transfers; }
};

struct placement_request {
  placement_strategy strategy = placement_strategy::weighted;
  /// How many VMs.
  std::uint32_t count = 1;
  /// How many of them one host may take, whatever its slots say. 1 chooses different hosts.
  std::uint32_t per_host_max = unlimited_vms;
  placement_spread spread = placement_spread::none;
  placement_weights weights;
  /// What a host without any of the image would fetch; what `lacking_bytes` is compared with.
  std::uint64_t image_bytes = 0;
  /// Any number; another gives another random order. Equal input gives equal output.
  std::uint64_t seed = 0;
};

/// Why a host takes no VM.
enum class placement_refusal : std::uint8_t {
  /// Its VMs are at their limit.
  no_slot,
  /// The bytes it lacks do not fit into its store.
  no_room,
};

/// One VM's host, and the numbers that decided: the host as it was just before this choice, with
/// what earlier choices of the request had added to it.
struct placement_choice {
  std::uint32_t host = 0;
  std::uint64_t lacking_bytes = 0;
  /// How much of the image it holds, 0 to 1.
  double held_share = 0;
  std::uint64_t load = 0;
  std::uint64_t room_bytes = unlimited_bytes;
  /// VMs it could take still, this one not yet counted.
  std::uint32_t free_slots = unlimited_vms;
  /// VMs of the request in its rack and cluster before this one.
  std::uint32_t in_rack = 0;
  std::uint32_t in_cluster = 0;
  /// What was compared: for `weighted` the sum, for `min_loaded` the load, for `shoal_friendly` the
  /// share of the image it lacks, for `random` zero. Smaller is better.
  double cost = 0;
};

/// Where the VMs go. Fewer choices than asked for: the rest of the hosts could take no more.
struct placement_outcome {
  /// In the order they were made; a host that takes several VMs appears several times.
  std::vector<placement_choice> choices;
  /// How many VMs found no host.
  std::uint32_t missing = 0;
  /// Hosts that could not take one more VM in the end, by reason; only counted if VMs are missing.
  std::uint32_t hosts_without_slot = 0;
  std::uint32_t hosts_without_room = 0;
};

/// Chooses hosts for `request.count` VMs, one after the other: a chosen host's load grows by one and
/// it lacks nothing any more (its VMs share one copy), its room shrinks by what it fetches, and its
/// domains count as chosen. Never a host that cannot take the VM. The order of `candidates` does not
/// matter.
placement_outcome place_vms(std::span<const placement_candidate> candidates,
                            const placement_request& request);

/// Every host that could take one VM now, best first: the order of preference before anything is
/// chosen (spreading looks at `placed_before` alone).
std::vector<placement_choice> rank_hosts(std::span<const placement_candidate> candidates,
                                         const placement_request& request);

/// Why the host cannot take one VM; nothing if it can.
std::optional<placement_refusal> refusal_of(const placement_candidate& candidate,
                                            const placement_request& request);

/// The choice's reasons as a sentence without a full stop: "holds 80 % of the image (1.2 GiB to
/// fetch), load 3, room for 12.0 GiB, 2 of this request in its rack".
std::string explain(const placement_choice& choice);

/// Why fewer were placed than asked: "4 of 20 VMs find no host: 3 hosts have no free slot, 2 have no
/// room for the image". Empty if none is missing.
std::string explain_missing(const placement_outcome& outcome);

/// Names as users write them: `random`, `min_loaded`, `shoal_friendly`, `weighted`; `none`, `rack`,
/// `cluster`; `no_slot`, `no_room`. Nothing for a text that is no name.
std::string_view to_string(placement_strategy strategy);
std::string_view to_string(placement_spread spread);
std::string_view to_string(placement_refusal refusal);
std::optional<placement_strategy> placement_strategy_of(std::string_view name);
std::optional<placement_spread> placement_spread_of(std::string_view name);

} // namespace shoal::topology
