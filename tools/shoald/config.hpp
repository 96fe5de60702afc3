// What a daemon is told: a TOML file and flags, both from one table of options; flags win.
// The keys are documented in tools/man/shoald.toml.5.
//
// Threads: values. Errors: errc::invalid_argument with `file:line`, the key and what was expected.
#pragma once

#include "swarm/cache_policy.hpp"
#include "topology/index_node.hpp"
#include "topology/place.hpp"
#include "topology/result.hpp"
#include "topology/source_choice.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace shoal::daemon {

/// Where another node listens.
struct host_port {
  std::string host;
  std::uint16_t port = 0;

  friend bool operator==(const host_port&, const host_port&) = default;
  /// `host:port`, `[2001:db8::1]:port`.
  [[nodiscard]] std::string text() const;
  /// @returns errc::invalid_argument for anything but `text`'s form with a port from 1 to 65535.
  static result<host_port> parse(std::string_view text);
};

/// Which bulk connections are encrypted (DESIGN §8).
enum class bulk_tls : std::uint8_t {
  /// None: for one trusted network.
  off,
  /// Those that cross a site border.
  sites,
  /// Every one. Costs CPU on both ends.
  all,
};

enum class log_level : std::uint8_t { trace, debug, info, warn, error, off };
enum class log_format : std::uint8_t { text, json };

std::string_view to_string(bulk_tls value) noexcept;
std::string_view to_string(log_level value) noexcept;
std::string_view to_string(log_format value) noexcept;

struct store_config {
  std::string directory = "/var/lib/shoal/store";
  /// Most bytes of packs to keep; 0 is as much as the disk has.
  std::uint64_t quota_bytes = 0;
  /// Free bytes of the file system never to touch, whatever the quota.
  std::uint64_t reserve_bytes = 1ull << 30;
  /// What goes first when room is needed.
  swarm::cache_policy_kind policy = swarm::cache_policy_kind::rarity;
  /// The last so many copies of a site are never evicted. More survives more hosts' loss and makes
  /// a get fail when only last copies are left.
  std::uint32_t copies_floor = 0;
};

struct link_config {
  /// Numeric address to listen on.
  std::string address = "0.0.0.0";
  /// 0: the kernel chooses.
  std::uint16_t port = 7440;
};

struct bulk_config {
  /// Numeric address to listen on; empty: the link's.
  std::string address;
  std::uint16_t port = 7441;
  /// For encrypted transfers, if there are any.
  std::uint16_t tls_port = 7442;
  bulk_tls tls = bulk_tls::off;
  /// Over all transfers; 0 is no limit.
  std::uint64_t upload_limit_bytes_per_second = 0;
  std::uint64_t download_limit_bytes_per_second = 0;
  /// Whether holders beyond the nearest level are used where that ends a fetch earlier.
  topology::source_policy sources = topology::source_policy::earliest_finish;
};

struct gis_config {
  /// Where the general index servers listen (their link ports).
  std::vector<host_port> addresses;
  /// Be a general index server.
  bool enabled = false;
  /// The catalogue's file, when enabled.
  std::string database = "/var/lib/shoal/catalogue.sqlite";
};

struct index_config {
  /// How the swarm locates pieces; the general index server's counts, for everybody.
  topology::index_scheme scheme = topology::index_scheme::topo;
};

struct tls_config {
  /// PEM files; the key must be readable by the daemon only.
  std::string certificate = "/etc/shoal/tls/host.crt";
  std::string key = "/etc/shoal/tls/host.key";
  std::string authority = "/etc/shoal/tls/ca.crt";
};

struct api_config {
  std::string socket = "/run/shoal/shoald.sock";
};

struct log_config {
  log_level level = log_level::info;
  log_format format = log_format::text;
};

struct publish_config {
  /// Threads that hash and compress; 0 is one a core.
  std::uint32_t threads = 0;
};

/// How to name a value in a fault, by its key: `shoald.toml:7: store.quota` or `--store-quota`. A
/// key that was left at its default is not in it; under the empty key is the file that was read.
using value_origins = std::map<std::string, std::string, std::less<>>;

/// Everything a daemon is told.
struct daemon_config {
  /// Empty: this machine's host name up to its first dot (`complete` fills it in).
  std::string name;
  topology::place where{"default", "default", "default"};
  store_config store;
  link_config link;
  bulk_config bulk;
  gis_config gis;
  index_config index;
  tls_config tls;
  api_config api;
  log_config log;
  publish_config publish;
  /// Where the values came from; no value itself.
  value_origins origins;
};

/// Fills in what is derived: the name from the machine's, the bulk address from the link's.
void complete(daemon_config& config);

/// Whether the values fit together. @returns the first fault, as a sentence that begins with where
/// the value came from (`origins`), else with its key.
result<void> validate(const daemon_config& config);

/// The configuration as the TOML file that would give it, every key named (`--check` prints it).
std::string effective_toml(const daemon_config& config);

/// Reads TOML text over `config`; `file` is only named in errors. Unknown keys, wrong types and
/// values out of range are errors with `file:line`. Does not `validate`.
result<void> read_toml(std::string_view text, const std::string& file, daemon_config& config);

/// The same from a file. @returns errc::not_found or errc::permission when it cannot be read.
result<void> read_toml_file(const std::string& file, daemon_config& config);

} // namespace shoal::daemon
