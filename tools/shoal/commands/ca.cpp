#include "tools/shoal/arguments.hpp"
#include "tools/shoal/commands/commands.hpp"

#include "swarm/crypto/certificate.hpp"
#include "tools/shoald/config.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>

namespace shoal::cli {

namespace fs = std::filesystem;

namespace {

struct authority_flags {
  std::string certificate = "/etc/shoal/tls/ca.crt";
  std::string key = "/etc/shoal/tls/ca.key";
};

struct init_flags {
  authority_flags authority;
  std::string name = "shoal";
};

struct issue_flags {
  authority_flags authority;
  std::string host;
  std::string place;
  std::string out;
  std::string gis;
  std::string address;
  std::vector<std::string> roles{"host", "index", "publisher"};
  unsigned days = 365;
};

void add_authority_flags(CLI::App& command, authority_flags& given) {
  command.add_option("--authority", given.certificate, "the authority's certificate")
      ->type_name("FILE")
      ->capture_default_str();
  command.add_option("--authority-key", given.key, "the authority's key")
      ->type_name("FILE")
      ->capture_default_str();
}

result<void> init(const session& to, const init_flags& given) {
  const swarm::certificate_files files{given.authority.certificate, given.authority.key};
  std::error_code ignored;
  fs::create_directories(fs::absolute(files.certificate).parent_path(), ignored);
  fs::create_directories(fs::absolute(files.key).parent_path(), ignored);
  auto made = swarm::create_authority(
      given.name, files,
      swarm::certificate_validity::lasting(std::chrono::system_clock::now(),
                                           swarm::authority_lifetime));
  if (!made) return made;
  if (to.wants_json()) {
    to.print_json({{"certificate", files.certificate.string()}, {"key", files.key.string()}});
  } else {
    to.print("The authority is " + files.certificate.string() + "; keep its key, " +
             files.key.string() + ", secret.\n");
  }
  return {};
}

/// What the new host's daemon is told; paths are those on that host.
daemon::daemon_config configuration_for(const issue_flags& given, const topology::place& where,
                                        std::vector<daemon::host_port> gis) {
  daemon::daemon_config config;
  config.name = given.host;
  config.where = where;
  config.gis.addresses = std::move(gis);
  if (!given.address.empty()) config.link.address = given.address;
  config.tls.certificate = "/etc/shoal/host.crt";
  config.tls.key = "/etc/shoal/host.key";
  config.tls.authority = "/etc/shoal/ca.crt";
  return config;
}

result<void> write_bundle(const issue_flags& given, const daemon::daemon_config& config) {
  const fs::path directory{given.out};
  std::error_code fault;
  fs::copy_file(given.authority.certificate, directory / "ca.crt",
                fs::copy_options::overwrite_existing, fault);
  if (fault) {
    return {errc::permission, "cannot write " + (directory / "ca.crt").string() + ": " + fault.message()};
  }
  if (config.gis.addresses.empty()) return {};
  const auto file = directory / "shoald.toml";
  std::ofstream out{file, std::ios::trunc};
  out << daemon::effective_toml(config);
  out.flush();
  if (!out) return {errc::permission, "cannot write " + file.string()};
  return {};
}

result<void> issue(const session& to, issue_flags given) {
  auto where = topology::place::parse(given.place);
  if (!where) return where.error();
  std::vector<daemon::host_port> gis;
  if (!given.gis.empty()) {
    auto address = daemon::host_port::parse(given.gis);
    if (!address) return address.error();
    gis.push_back(*address);
  }
  if (given.out.empty()) given.out = given.host;
  std::error_code fault;
  fs::create_directories(given.out, fault);
  if (fault) return {errc::permission, "cannot make " + given.out + ": " + fault.message()};
  const fs::path directory{given.out};
  const swarm::certificate_files files{directory / "host.crt", directory / "host.key"};
  auto issued = swarm::issue_certificate(
      {given.authority.certificate, given.authority.key}, files, {given.host, *where, given.roles},
      swarm::certificate_validity::lasting(std::chrono::system_clock::now(),
                                           std::chrono::hours{24 * given.days}));
  if (!issued) return issued;
  if (auto written = write_bundle(given, configuration_for(given, *where, gis)); !written) return written;
  if (to.wants_json()) {
    to.print_json({{"host", given.host},
                   {"place", where->path()},
                   {"roles", given.roles},
                   {"directory", fs::absolute(directory).string()}});
  } else {
    to.print("Copy " + given.out + " to that host as /etc/shoal, and start there:\n" +
             "  shoald --config /etc/shoal/shoald.toml\n");
  }
  return {};
}

void add_init(CLI::App& app, session& to) {
  auto* command = app.add_subcommand("init", "Make a swarm's authority");
  const auto given = std::make_shared<init_flags>();
  add_authority_flags(*command, given->authority);
  command->add_option("--name", given->name, "what people see of it")->type_name("NAME");
  command->footer("Examples:\n  shoal ca init --authority ca.crt --authority-key ca.key");
  command->callback([&to, given] { to.action = [&to, given] { return init(to, *given); }; });
}

void add_issue(CLI::App& app, session& to) {
  auto* command = app.add_subcommand("issue", "Issue a host's certificate, with a configuration");
  const auto given = std::make_shared<issue_flags>();
  command->add_option("host", given->host, "the host's name")->type_name("HOST")->required();
  command->add_option("--place", given->place, "where it stands: site/cluster/rack")
      ->type_name("PLACE")
      ->required();
  command->add_option("--out", given->out, "the directory to write (default: the host's name)")
      ->type_name("DIR");
  command->add_option("--gis", given->gis, "the general index server, for the configuration")
      ->type_name("HOST:PORT");
  command->add_option("--address", given->address, "the host's own address, for the configuration")
      ->type_name("ADDRESS");
  command->add_option("--roles", given->roles, "what it may be: host, index, publisher, gis")
      ->type_name("ROLE,...")
      ->delimiter(',')
      ->check(is_one_of({"host", "index", "publisher", "gis", "bridgehead", "repository"}));
  command->add_option("--days", given->days, "how long it holds")
      ->type_name("DAYS")
      ->check(CLI::Range(1u, 3650u))
      ->capture_default_str();
  add_authority_flags(*command, given->authority);
  command->footer("Examples:\n"
                  "  shoal ca issue node2 --place lyon/nova/rack1 --gis 10.0.0.1:7440 --out node2");
  command->callback([&to, given] { to.action = [&to, given] { return issue(to, *given); }; });
}

} // namespace

void add_ca(CLI::App& app, session& to) {
  auto* command = app.add_subcommand("ca", "The swarm's authority and its hosts' certificates");
  command->require_subcommand(1);
  command->footer("Examples:\n  shoal ca issue node2 --place lyon/nova/rack1 --gis 10.0.0.1:7440");
  add_init(*command, to);
  add_issue(*command, to);
  for (auto* sub : command->get_subcommands([](CLI::App*) { return true; })) sub->fallthrough();
}

} // namespace shoal::cli
