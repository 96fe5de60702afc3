// The physical network as numbers: hosts, and the domains (rack, cluster, site, world) around them.
//
// Names live here; everything else counts hosts and domains. A number once given stays with its
// name: hosts that move or leave, and domains that become empty, keep theirs.
// Threads: one owner changes it; const calls may run side by side between changes.
// Errors: `add` and `move` refuse what contradicts the table. Cost: O(1), but hosts of a rack.
#pragma once

#include "topology/place.hpp"
#include "topology/result.hpp"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace shoal::topology {

/// A host's place in the table, dense from 0 in the order of arrival.
using host_number = std::uint32_t;
/// A domain's number, dense from 0 within its level.
using domain_number = std::uint32_t;

/// No host and no domain.
inline constexpr std::uint32_t nobody = std::numeric_limits<std::uint32_t>::max();

/// The levels of the network, innermost first. A host is the domain of itself.
enum class network_level : std::uint8_t { host, rack, cluster, site, world };
inline constexpr std::size_t network_level_count = 5;

/// `host`, `rack`, `cluster`, `site`, `world`.
std::string_view to_string(network_level level);

/// One domain, or one host (`network_level::host`).
struct domain_id {
  network_level level = network_level::host;
  std::uint32_t number = nobody;

  friend auto operator<=>(const domain_id&, const domain_id&) = default;
};

/// The domain around everything.
inline constexpr domain_id whole_world{network_level::world, 0};

/// How many domains a regular network has below each of the level above.
struct network_shape {
  std::uint32_t sites = 1;
  std::uint32_t clusters = 1;
  std::uint32_t racks = 1;
  std::uint32_t hosts = 1;
};

/// The table.
class network {
public:
  /// A tree in which everything has equally many children, its hosts numbered rack by rack. Names:
  /// hosts `h0`, `h1`, ...; sites `s0`, clusters `c0`, racks `r0`, ... within what holds them.
  /// @pre no number of the shape is 0.
  static network regular(const network_shape& shape);

  /// A host arrives. One that had left comes back under its old number, wherever it stands now.
  /// @returns errc::conflict if a host of that name is there; errc::invalid_argument for a name
  /// that is none (`valid_name`).
  result<host_number> add(std::string_view name, const place& where);
  /// The host stands somewhere else now. @returns errc::not_found if it is not there.
  result<void> move(host_number host, const place& where);
  /// The host is gone; its number and last place stay known. Nothing if it was gone already.
  void leave(host_number host);

  /// Hosts that were ever there: numbers are below this.
  [[nodiscard]] std::uint32_t host_count() const;
  /// Hosts that are there now.
  [[nodiscard]] std::uint32_t present_count() const { return present_count_; }
  [[nodiscard]] bool present(host_number host) const;
  /// The host's number, also after it left.
  [[nodiscard]] std::optional<host_number> find(std::string_view name) const;
  [[nodiscard]] const std::string& name(host_number host) const;
  [[nodiscard]] place where(host_number host) const;

  /// Domains of the level, empty ones included: numbers are below this. For `host` as `host_count`.
  [[nodiscard]] std::uint32_t domain_count(network_level level) const;
  /// Whether there is, or was, such a domain or host.
  [[nodiscard]] bool known(domain_id domain) const {
    return domain.level <= network_level::world && domain.number < domain_count(domain.level);
  }
  /// The domain of that level around the host (its last one, if it left); itself for `host`.
  [[nodiscard]] domain_id domain_of(host_number host, network_level level) const;
  /// The domain of that level around the domain; itself for its own level. @pre not below its own.
  [[nodiscard]] domain_id around(domain_id domain, network_level level) const;
  /// The next larger domain. @pre not the world.
  [[nodiscard]] domain_id parent(domain_id domain) const;
  /// Numbers of the next smaller domains, ascending: of a rack, the hosts that are there now; of
  /// others, also empty domains. None for a host. Valid until the next change.
  [[nodiscard]] std::span<const std::uint32_t> children(domain_id domain) const;
  /// The hosts that are there now, those of one rack together; ascending in a regular network.
  [[nodiscard]] std::vector<host_number> hosts(domain_id domain) const;
  /// How many they are.
  [[nodiscard]] std::uint32_t host_count(domain_id domain) const;
  /// The domain's path (`s0`, `s0/c0`, `s0/c0/r0`), a host's name, or `world`.
  [[nodiscard]] std::string path(domain_id domain) const;
  /// The domain with that path. Of hosts: by name.
  [[nodiscard]] std::optional<domain_id> find(network_level level, std::string_view path) const;

  /// How far two hosts are apart; a host is in its own rack.
  [[nodiscard]] distance between(host_number a, host_number b) const;
  /// The level of the smallest domain that holds both; `host` only for one and the same host.
  [[nodiscard]] network_level common_level(domain_id a, domain_id b) const;
  /// Whether `inner` lies within `outer` or is the same.
  [[nodiscard]] bool contains(domain_id outer, domain_id inner) const;

private:
  struct host_entry {
    std::string name;
    domain_number rack = nobody;
    bool present = false;
  };
  struct domain_entry {
    /// The last part of its path.
    std::string name;
    domain_number parent = nobody;
    std::uint32_t hosts = 0;
    std::vector<std::uint32_t> children;
  };

  [[nodiscard]] const domain_entry& entry(domain_id domain) const;
  [[nodiscard]] domain_entry& entry(domain_id domain);
  domain_number enter_domain(network_level level, domain_number parent, const std::string& name,
                             const std::string& path);
  domain_number enter_rack(const place& where);
  void count_host(domain_number rack, bool joins);
  void put_into_rack(host_number host, domain_number rack);
  void take_out_of_rack(host_number host);

  std::vector<host_entry> hosts_;
  std::unordered_map<std::string, host_number> host_numbers_;
  /// By level; that of `host` stays empty.
  std::array<std::vector<domain_entry>, network_level_count> domains_{
      {{}, {}, {}, {}, {domain_entry{.name = "world"}}}};
  std::array<std::unordered_map<std::string, domain_number>, network_level_count> domain_numbers_;
  std::uint32_t present_count_ = 0;
};

} // namespace shoal::topology

/// Domains as keys of hash tables.
template <>
struct std::hash<shoal::topology::domain_id> {
  std::size_t operator()(const shoal::topology::domain_id& domain) const noexcept {
    const auto mixed =
        (std::uint64_t{domain.number} << 8 | static_cast<std::uint64_t>(domain.level)) *
        0x9e3779b97f4a7c15ULL;
    return static_cast<std::size_t>(mixed ^ mixed >> 32);
  }
};
