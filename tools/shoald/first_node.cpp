#include "tools/shoald/first_node.hpp"

#include "swarm/catalogue/catalogue.hpp"
#include "swarm/crypto/certificate.hpp"
#include "tools/shoald/addresses.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>

namespace shoal::daemon {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::hours certificate_lifetime{24 * 365};

result<void> make_directory_of(const fs::path& file) {
  std::error_code fault;
  fs::create_directories(fs::absolute(file).parent_path(), fault);
  if (!fault) return {};
  return {fault == std::errc::permission_denied ? errc::permission : errc::failed,
          "cannot make the directory of " + file.string() + ": " + fault.message()};
}

fs::path authority_key_of(const daemon_config& config) {
  return fs::path{config.tls.authority}.replace_extension(".key");
}

result<void> make_authority(const daemon_config& config) {
  if (fs::exists(config.tls.authority)) return {};
  if (auto made = make_directory_of(config.tls.authority); !made) return made;
  return swarm::create_authority(
      "shoal-" + config.name, {config.tls.authority, authority_key_of(config)},
      swarm::certificate_validity::lasting(std::chrono::system_clock::now(),
                                           swarm::authority_lifetime));
}

result<void> make_certificate(const daemon_config& config) {
  if (fs::exists(config.tls.certificate)) return {};
  if (auto made = make_directory_of(config.tls.certificate); !made) return made;
  if (auto made = make_directory_of(config.tls.key); !made) return made;
  return swarm::issue_certificate(
      {config.tls.authority, authority_key_of(config)}, {config.tls.certificate, config.tls.key},
      {config.name, config.where, {"host", "index", "publisher", "gis"}},
      swarm::certificate_validity::lasting(std::chrono::system_clock::now(), certificate_lifetime));
}

result<void> make_catalogue(const daemon_config& config) {
  if (auto made = make_directory_of(config.gis.database); !made) return made;
  auto opened = swarm::catalogue::open(config.gis.database);
  if (!opened) return opened.error();
  return {};
}

result<void> write_configuration(const daemon_config& config, const std::string& file) {
  if (fs::exists(file)) return {};
  if (auto made = make_directory_of(file); !made) return made;
  std::ofstream out{file, std::ios::trunc};
  out << effective_toml(config);
  out.flush();
  if (out) return {};
  return {errc::permission, "cannot write " + file};
}

} // namespace

result<std::string> make_first_node(const start_order& order) {
  auto config = order.config;
  if (!config.gis.enabled) {
    return {errc::invalid_argument, "--init makes the first node of a swarm, which is its general "
                                    "index server: say --gis --init"};
  }
  auto address = reachable_address(config);
  if (!address) return address.error();
  const auto file = order.file.empty() ? std::string{default_file} : order.file;
  for (const auto& made : {make_authority(config), make_certificate(config), make_catalogue(config),
                           write_configuration(config, file)}) {
    if (!made) return made.error();
  }
  const auto gis = host_port{*address, config.link.port}.text();
  return "The swarm's authority is " + config.tls.authority + "; keep its key, " +
         authority_key_of(config).string() + ", secret.\n\n" + "Start this node:\n  shoald --config " +
         file + "\n\n" + "For the next host (here named node2; choose its name and place), run here:\n" +
         "  shoal ca issue node2 --place " + config.where.path() + " --gis " + gis +
         " --authority " + config.tls.authority + " --authority-key " +
         authority_key_of(config).string() + " --out node2\n" +
         "  scp -r node2 root@node2:/etc/shoal\n" +
         "and there:\n  shoald --config /etc/shoal/shoald.toml\n";
}

} // namespace shoal::daemon
