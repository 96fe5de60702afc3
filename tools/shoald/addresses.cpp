#include "tools/shoald/addresses.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>
#include <optional>

namespace shoal::daemon {

namespace {

std::string text_of(const sockaddr* address, socklen_t length) {
  char text[NI_MAXHOST];
  if (getnameinfo(address, length, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0) return {};
  return text;
}

/// The kernel says which of our addresses leads there; a datagram socket sends nothing for it.
std::optional<std::string> address_towards(const host_port& target) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(target.host.c_str(), std::to_string(target.port).c_str(), &hints, &found) != 0) {
    return std::nullopt;
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned{found, freeaddrinfo};
  const int descriptor = socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return std::nullopt;
  std::optional<std::string> answer;
  sockaddr_storage own{};
  socklen_t length = sizeof own;
  if (connect(descriptor, found->ai_addr, found->ai_addrlen) == 0 &&
      getsockname(descriptor, reinterpret_cast<sockaddr*>(&own), &length) == 0) {
    answer = text_of(reinterpret_cast<const sockaddr*>(&own), length);
  }
  close(descriptor);
  return answer;
}

std::optional<std::string> first_outside_address() {
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return std::nullopt;
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owned{list, freeifaddrs};
  for (const auto* entry = list; entry; entry = entry->ifa_next) {
    if (!entry->ifa_addr || entry->ifa_addr->sa_family != AF_INET) continue;
    if ((entry->ifa_flags & IFF_LOOPBACK) != 0 || (entry->ifa_flags & IFF_UP) == 0) continue;
    return text_of(entry->ifa_addr, sizeof(sockaddr_in));
  }
  return std::nullopt;
}

bool is_wildcard(const std::string& address) { return address == "0.0.0.0" || address == "::"; }

} // namespace

result<std::string> reachable_address(const daemon_config& config) {
  const auto& given = config.bulk.address.empty() ? config.link.address : config.bulk.address;
  if (!is_wildcard(given)) return given;
  if (!is_wildcard(config.link.address)) return config.link.address;
  if (!config.gis.enabled && !config.gis.addresses.empty()) {
    if (auto address = address_towards(config.gis.addresses.front())) return *address;
  }
  if (auto address = first_outside_address()) return *address;
  return {errc::invalid_argument, "this machine has no address that others could reach; set "
                                  "link.address to one (127.0.0.1 for a try on one machine)"};
}

} // namespace shoal::daemon
