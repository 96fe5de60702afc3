#include "tools/shoald/service.hpp"

#include "actors/node.hpp"
#include "tools/shoald/addresses.hpp"
#include "tools/shoald/log.hpp"
#include "tools/shoald/notify.hpp"
#include "web/http_server.hpp"
#include "web/link_runtime.hpp"
#include "web/routes.hpp"

#include <spdlog/spdlog.h>

#include <csignal>
#include <ctime>

namespace shoal::daemon {

namespace {

/// The link's sockets as the node knows them.
class web_endpoint final : public actors::link_endpoint {
public:
  explicit web_endpoint(std::unique_ptr<web::link_runtime> runtime) : runtime_{std::move(runtime)} {}
  actors::link_dialer& dialer() override { return *runtime_; }
  [[nodiscard]] std::uint16_t port() const override { return runtime_->port(); }
  void stop() override { runtime_->stop(); }

private:
  std::unique_ptr<web::link_runtime> runtime_;
};

void log_link(web::log_level level, const std::string& sentence) {
  switch (level) {
  case web::log_level::debug: return spdlog::debug("{}", sentence);
  case web::log_level::info: return spdlog::info("{}", sentence);
  case web::log_level::warning: return spdlog::warn("{}", sentence);
  case web::log_level::error: return spdlog::error("{}", sentence);
  }
}

web::link_options link_options_of(const daemon_config& config, const std::string& address) {
  web::link_options options;
  options.certificate_file = config.tls.certificate;
  options.key_file = config.tls.key;
  options.authority_file = config.tls.authority;
  options.listen_address = config.link.address;
  options.listen_port = config.link.port;
  // Where the link listens on one address only, its own calls leave from it: others know it so.
  if (address == config.link.address) options.source_address = address;
  options.log = log_link;
  return options;
}

swarm::bulk_tls tls_of(bulk_tls mode) {
  switch (mode) {
  case bulk_tls::off: return swarm::bulk_tls::off;
  case bulk_tls::sites: return swarm::bulk_tls::sites;
  case bulk_tls::all: return swarm::bulk_tls::all;
  }
  return swarm::bulk_tls::all;
}

actors::node_config node_config_of(const daemon_config& config, const std::string& address,
                                   const std::string& version) {
  actors::node_config node;
  node.name = config.name;
  node.where = config.where;
  node.version = version;
  node.store = {.directory = config.store.directory,
                .quota_bytes = config.store.quota_bytes,
                .reserve_bytes = config.store.reserve_bytes,
                .policy = config.store.policy,
                .copies_floor = config.store.copies_floor};
  node.bulk.listen_address = address;
  node.bulk.listen_port = config.bulk.port;
  node.bulk.listen_tls_port = config.bulk.tls_port;
  node.bulk.tls = tls_of(config.bulk.tls);
  node.bulk.certificate_file = config.tls.certificate;
  node.bulk.key_file = config.tls.key;
  node.bulk.authority_file = config.tls.authority;
  node.bulk.upload_bytes_per_second_max = config.bulk.upload_limit_bytes_per_second;
  node.bulk.download_bytes_per_second_max = config.bulk.download_limit_bytes_per_second;
  node.bulk.source_policy = config.bulk.sources;
  node.address = address;
  for (const auto& gis : config.gis.addresses) node.gis.push_back({gis.host, gis.port});
  node.is_gis = config.gis.enabled;
  node.catalogue = config.gis.database;
  node.index_scheme = to_string(config.index.scheme);
  node.thread_count = config.publish.threads;
  return node;
}

/// Whether the node still does its work: its actors and its transfer engine say how they are.
bool answers(actors::node& node) {
  const auto status = node.status();
  if (status) return true;
  spdlog::warn("the node does not answer itself, so the service manager's watchdog is not fed: {}",
               status.error().message);
  return false;
}

/// Waits for a signal that means something; tells the service manager meanwhile that all is well,
/// as long as it is.
void serve_until_told(const sigset_t& signals, actors::node& node, web::link_runtime& links) {
  const auto watchdog = watchdog_interval();
  const auto nap = watchdog.count() > 0 ? watchdog : std::chrono::milliseconds{60'000};
  while (true) {
    timespec wait{nap.count() / 1000, nap.count() % 1000 * 1'000'000};
    const int signal = sigtimedwait(&signals, nullptr, &wait);
    if (signal == SIGTERM || signal == SIGINT) return;
    if (watchdog.count() > 0 && answers(node)) notify("WATCHDOG=1");
    if (signal != SIGHUP) continue;
    if (auto reloaded = links.reload_certificates(); reloaded) spdlog::info("certificates are read anew");
    else spdlog::error("{}", reloaded.error().message);
  }
}

} // namespace

result<void> run(const daemon_config& config, const std::string& version) {
  set_up_log(config.log);
  // Before any thread starts, so that all of them leave these to us.
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  auto address = reachable_address(config);
  if (!address) return address.error();
  web::link_runtime* links = nullptr;
  auto node = actors::node::start(
      node_config_of(config, *address, version),
      [&](actors::link_handler accepted) -> result<std::unique_ptr<actors::link_endpoint>> {
        auto runtime =
            web::link_runtime::start(link_options_of(config, *address), std::move(accepted));
        if (!runtime) return runtime.error();
        links = runtime->get();
        return std::unique_ptr<actors::link_endpoint>{
            std::make_unique<web_endpoint>(std::move(*runtime))};
      });
  if (!node) return node.error();
  web::routes routes{**node, version};
  auto server = web::http_server::start(
      {.socket = config.api.socket},
      [&](const web::api_request& request) { return routes.handle(request); });
  if (!server) return server.error();
  spdlog::info("{} of {} is up at {}: link port {}, bulk port {}, encrypted bulk port {} (0: none), "
               "local API {}",
               config.name, config.where.path(), *address, (*node)->link_port(),
               (*node)->bulk_port(), (*node)->bulk_tls_port(), config.api.socket);
  notify("READY=1\nSTATUS=up");
  serve_until_told(signals, **node, *links);
  notify("STOPPING=1");
  spdlog::info("shutting down");
  routes.stop();
  (*server)->stop();
  (*node)->stop();
  return {};
}

} // namespace shoal::daemon
