#include "tools/shoald/config.hpp"

#include "tools/shoald/option_table.hpp"
#include "tools/shoald/quantity.hpp"

#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <climits>
#include <cstring>
#include <netinet/in.h>
#include <sys/un.h>
#include <unistd.h>

namespace shoal::daemon {

namespace {

/// Smaller quotas cannot hold one image and only produce errors later.
constexpr std::uint64_t quota_bytes_min = 16ull << 20;
constexpr std::size_t host_bytes_max = 253;

error fault(const daemon_config& config, std::string_view key, std::string sentence) {
  auto name = std::string{key};
  if (const auto own = config.origins.find(key); own != config.origins.end()) {
    name = own->second;
  } else if (const auto file = config.origins.find(""); file != config.origins.end()) {
    name.insert(0, file->second + ": ");
  }
  return {errc::invalid_argument, name + ": " + std::move(sentence)};
}

bool numeric_address(const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return inet_pton(AF_INET, text.c_str(), bytes.data()) == 1 ||
         inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1;
}

result<void> check_address(const daemon_config& config, std::string_view key,
                           const std::string& text) {
  if (numeric_address(text)) return {};
  return fault(config, key, "'" + text + "' is not a numeric address, such as 0.0.0.0 or 10.0.0.1");
}

result<void> check_path(const daemon_config& config, std::string_view key,
                        const std::string& path) {
  if (path.empty() || path.front() != '/') {
    return fault(config, key, "'" + path + "' is not an absolute path");
  }
  if (path.size() >= PATH_MAX) return fault(config, key, "the path is too long");
  return {};
}

result<void> validate_paths(const daemon_config& config) {
  const std::array<std::pair<std::string_view, const std::string*>, 6> paths{{
      {"store.directory", &config.store.directory},
      {"gis.database", &config.gis.database},
      {"tls.certificate", &config.tls.certificate},
      {"tls.key", &config.tls.key},
      {"tls.authority", &config.tls.authority},
      {"api.socket", &config.api.socket},
  }};
  for (const auto& [key, path] : paths) {
    if (const auto checked = check_path(config, key, *path); !checked) return checked.error();
  }
  if (config.api.socket.size() >= sizeof(sockaddr_un::sun_path)) {
    return fault(config, "api.socket", "a socket's path has at most 107 bytes");
  }
  return {};
}

/// Whether each listener has a port of its own. Of two that share one, it names the one chosen.
result<void> validate_ports(const daemon_config& config) {
  struct listener {
    std::string_view key;
    std::uint16_t port;
  };
  std::vector<listener> listeners{{"link.port", config.link.port}, {"bulk.port", config.bulk.port}};
  if (config.bulk.tls != bulk_tls::off) {
    listeners.push_back({"bulk.tls_port", config.bulk.tls_port});
  }
  for (std::size_t later = 1; later < listeners.size(); ++later) {
    for (std::size_t earlier = 0; earlier < later; ++earlier) {
      auto wrong = listeners[later];
      auto other = listeners[earlier];
      if (wrong.port == 0 || wrong.port != other.port) continue;
      if (!config.origins.contains(wrong.key) && config.origins.contains(other.key)) {
        std::swap(wrong, other);
      }
      return fault(config, wrong.key,
                   "must differ from " + std::string{other.key} + ", which is " +
                       std::to_string(other.port) + " too");
    }
  }
  return {};
}

} // namespace

std::string host_port::text() const {
  const bool six = host.find(':') != std::string::npos;
  return (six ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

result<host_port> host_port::parse(std::string_view text) {
  const error wrong{errc::invalid_argument,
                    "'" + std::string{text.substr(0, 64)} +
                        "' is not an address; expected HOST:PORT or [IPV6]:PORT"};
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong;
  auto name = text.substr(0, colon);
  const bool bracketed = name.size() > 2 && name.front() == '[' && name.back() == ']';
  if (bracketed) name = name.substr(1, name.size() - 2);
  host_port out{.host = std::string{name}};
  if (out.host.empty() || out.host.size() > host_bytes_max) return wrong;
  for (const char c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '.' || c == '-' || c == '_';
    if (!plain && !(bracketed && c == ':')) return wrong;
  }
  if (bracketed && !numeric_address(out.host)) return wrong;
  const auto digits = text.substr(colon + 1);
  const auto* end = digits.data() + digits.size();
  const auto [stop, failed] = std::from_chars(digits.data(), end, out.port);
  if (failed != std::errc{} || stop != end || out.port == 0) return wrong;
  return out;
}

std::string_view to_string(bulk_tls value) noexcept {
  switch (value) {
  case bulk_tls::off: return "off";
  case bulk_tls::sites: return "sites";
  case bulk_tls::all: return "all";
  }
  return "all";
}

std::string_view to_string(log_level value) noexcept {
  switch (value) {
  case log_level::trace: return "trace";
  case log_level::debug: return "debug";
  case log_level::info: return "info";
  case log_level::warn: return "warn";
  case log_level::error: return "error";
  case log_level::off: return "off";
  }
  return "info";
}

std::string_view to_string(log_format value) noexcept {
  switch (value) {
  case log_format::text: return "text";
  case log_format::json: return "json";
  }
  return "text";
}

void complete(daemon_config& config) {
  if (config.bulk.address.empty()) config.bulk.address = config.link.address;
  if (!config.name.empty()) return;
  std::array<char, HOST_NAME_MAX + 1> machine{};
  if (gethostname(machine.data(), machine.size() - 1) != 0) return;
  const std::string_view whole{machine.data()};
  config.name = whole.substr(0, whole.find('.'));
}

result<void> validate(const daemon_config& config) {
  if (!topology::valid_name(config.name)) {
    return fault(config, "name",
                 "'" + config.name.substr(0, 64) +
                     "' is not a name: 1 to 128 letters, digits, '.', '_', '-' or '+', "
                     "beginning with a letter or digit");
  }
  if (const auto paths = validate_paths(config); !paths) return paths.error();
  if (auto link = check_address(config, "link.address", config.link.address); !link) return link;
  if (!config.bulk.address.empty()) {
    if (auto bulk = check_address(config, "bulk.address", config.bulk.address); !bulk) return bulk;
  }
  if (auto ports = validate_ports(config); !ports) return ports;
  if (config.store.quota_bytes != 0 && config.store.quota_bytes < quota_bytes_min) {
    return fault(config, "store.quota",
                 format_size(config.store.quota_bytes) +
                     " is too small; expected 0 (no quota) or at least 16MiB");
  }
  if (!config.gis.enabled && config.gis.addresses.empty()) {
    return fault(config, "gis.addresses",
                 "names no general index server; give one as HOST:PORT, or be "
                 "one with gis.enabled = true (--gis)");
  }
  return {};
}

std::string effective_toml(const daemon_config& config) {
  std::string out;
  std::string_view table;
  for (const auto& one : options()) {
    const auto dot = one.key.find('.');
    const auto in = dot == std::string_view::npos ? std::string_view{} : one.key.substr(0, dot);
    if (in != table) {
      out += (out.empty() ? "[" : "\n[") + std::string{in} + "]\n";
      table = in;
    }
    const auto name = dot == std::string_view::npos ? one.key : one.key.substr(dot + 1);
    out += std::string{name} + " = " + one.show(config) + "\n";
  }
  return out;
}

} // namespace shoal::daemon
