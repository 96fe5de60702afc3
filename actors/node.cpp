#include "actors/node.hpp"

#include "actors/cache_answers.hpp"
#include "actors/job.hpp"
#include "actors/job_board.hpp"
#include "actors/node_answers.hpp"
#include "actors/node_links.hpp"
#include "swarm/catalogue/catalogue.hpp"

#include <spdlog/spdlog.h>

#include <ctime>
#include <fstream>

namespace shoal::actors {

namespace {

std::string timestamp() {
  const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

/// One more than at the start before: sessions grow whatever the clock does.
result<std::uint64_t> next_session(const std::filesystem::path& directory) {
  const auto file = directory / "session";
  const auto fresh = directory / "session.new";
  std::uint64_t session = 0;
  std::ifstream{file} >> session;
  ++session;
  {
    std::ofstream out{fresh, std::ios::trunc};
    out << session << '\n';
    out.flush();
    if (!out) return {errc::no_space, "cannot write " + fresh.string()};
  }
  std::error_code fault;
  std::filesystem::rename(fresh, file, fault);
  if (fault) return {errc::permission, "cannot write " + file.string() + ": " + fault.message()};
  return session;
}

class running_node final : public node {
public:
  explicit running_node(node_config config) : config_{std::move(config)} {}
  ~running_node() override { stop(); }

  result<void> begin(const link_factory& make_links);
  void stop() override;
  std::uint16_t link_port() const override { return links_->port(); }
  std::uint16_t bulk_port() const override { return bulk_->port(); }
  std::uint16_t bulk_tls_port() const override { return bulk_->tls_port(); }

  result<job_id> publish(const publish_order& order) override {
    return started(start_publish{order});
  }
  result<job_id> get(const get_order& order) override { return started(start_get{order}); }
  result<job_id> verify(const verify_order& order) override { return started(start_verify{order}); }
  result<job_id> prestage(const prestage_order& order) override {
    return started(start_prestage{order});
  }
  result<job_status> job(job_id id) override {
    caf::scoped_actor self{*system_};
    return ask<job_status>(self, board_, ask_job{id});
  }
  result<job_status> wait(job_id id, std::uint32_t milliseconds) override;
  result<void> cancel(job_id id) override {
    caf::scoped_actor self{*system_};
    auto done = ask<wire::Ack>(self, board_, cancel_job{id});
    if (!done) return done.error();
    return {};
  }

  result<std::vector<image_status>> images() override {
    return query([](auto& asker) { return answer_images(asker); });
  }
  result<std::vector<host_status>> hosts() override {
    return query([](auto& asker) { return answer_hosts(asker); });
  }
  result<plan_status> plan(const std::string& image) override {
    return query([&](auto& asker) { return answer_plan(asker, image); });
  }
  result<placement_status> place(const place_order& order) override {
    return query([&](auto& asker) { return answer_placement(asker, order); });
  }
  result<removal_status> remove(const std::string& image) override {
    return query([&](auto& asker) { return answer_removal(asker, image); });
  }
  result<std::string> torrent(const std::string& pack) override {
    return query([&](auto& asker) { return answer_torrent(asker, pack); });
  }
  result<node_status> status() override;

  result<cache_status> cache() override {
    return query([](auto& asker) { return answer_cache(asker); });
  }
  result<cache_gc_outcome> collect(const cache_gc_order& order) override {
    return query([&](auto& asker) { return answer_collect(asker, order); });
  }
  result<cache_limit_outcome> limit(const cache_limit_order& order) override {
    return query([&](auto& asker) { return answer_limit(asker, order); });
  }
  result<cache_status> choose_policy(const std::string& name) override {
    return query([&](auto& asker) { return answer_policy(asker, name); });
  }
  result<cache_pin_outcome> pin(const std::string& image) override {
    return query([&](auto& asker) { return answer_pin(asker, image); });
  }
  result<cache_pin_outcome> unpin(const std::string& image) override {
    return query([&](auto& asker) { return answer_unpin(asker, image); });
  }

private:
  result<void> open_parts();
  void spawn_agent();
  void spawn_index();
  host_agent_parts agent_parts();
  /// This node as others reach it.
  wire::Peer self_peer() const;

  template <class Order>
  result<job_id> started(const Order& order) {
    caf::scoped_actor self{*system_};
    auto status = ask<job_status>(self, board_, order);
    if (!status) return status.error();
    return status->id;
  }
  template <class Ask>
  auto query(Ask what) -> decltype(what(std::declval<actors::job&>())) {
    caf::scoped_actor self{*system_};
    actors::job asker{self.ptr(), {store_.get(), cache_, agent_, piece_index_, config_.thread_count}, board_, {}};
    asker.set_patience(std::chrono::seconds{3});
    return what(asker);
  }

  node_config config_;
  std::uint64_t session_ = 0;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  bool stopped_ = false;
  // Destroyed from the bottom up: what uses others comes after them.
  std::unique_ptr<swarm::pack_store> store_;
  cache_events events_;
  caf::actor_system_config system_config_;
  std::unique_ptr<caf::actor_system> system_;
  std::unique_ptr<swarm::swarm_session> bulk_;
  std::unique_ptr<link_endpoint> links_;
  host_cache_actor cache_;
  rack_index_local_actor rack_index_;
  switchboard_actor switchboard_;
  piece_index_actor piece_index_;
  gis_local_actor gis_;
  prestager_actor prestager_;
  host_agent_actor agent_;
  job_board_actor board_;
};

result<void> running_node::open_parts() {
  auto store = swarm::pack_store::open(config_.store);
  if (!store) return store.error();
  store_ = std::move(*store);
  release_pins_of_lost_jobs(*store_);
  auto session = next_session(config_.store.directory);
  if (!session) return session.error();
  session_ = *session;
  // Half the threads of the default would sleep: work here waits for disks and peers.
  system_config_.set("scheduler.policy", caf::atom("sharing"));
  system_config_.set("scheduler.max-threads", std::size_t{2});
  system_ = std::make_unique<caf::actor_system>(system_config_);
  config_.bulk.self = {config_.name, config_.where};
  auto bulk = swarm::swarm_session::start(config_.bulk, *store_, events_);
  if (!bulk) return bulk.error();
  bulk_ = std::move(*bulk);
  cache_ = system_->spawn(host_cache, host_cache_config{config_.name, session_}, store_.get(),
                          bulk_.get());
  events_.deliver_to(cache_);
  rack_index_ = system_->spawn(rack_index);
  spawn_index();
  prestager_ = system_->spawn(prestager, config_.name);
  if (!config_.is_gis) return {};
  auto catalogue = swarm::catalogue::open(config_.catalogue.string());
  if (!catalogue) return catalogue.error();
  gis_ = system_->spawn<caf::detached>(
      general_index_server, general_index_server_config{
          .host = config_.name, .session = session_, .index_scheme = config_.index_scheme,
          .timestamp = timestamp},
      std::make_shared<std::unique_ptr<swarm::catalogue>>(std::move(*catalogue)));
  return {};
}

void running_node::spawn_index() {
  switchboard_config out;
  out.dial = [this](const std::string& address, std::uint16_t port,
                    std::function<void(result<caf::actor>)> done) {
    dial_link(links_->dialer(), *system_, {agent_, piece_index_}, address, port, node_role::host,
              std::move(done));
  };
  switchboard_ = system_->spawn(switchboard, std::move(out));
  piece_index_config config{.host = config_.name, .session = session_, .index = {}};
  config.index.sync_every = std::chrono::seconds{5};
  // flat: neighbouring pieces have one owner, or each announcement would go to every host.
  config.index.run_pieces = 256;
  piece_index_ = system_->spawn(piece_index, config, piece_index_parts{switchboard_, cache_});
  caf::anon_send(cache_, tell_holdings_to{piece_index_});
}

wire::Peer running_node::self_peer() const {
  wire::Peer self;
  self.set_host(config_.name);
  self.set_place(config_.where.path());
  self.set_address(config_.address);
  self.set_link_port(links_->port());
  self.set_bulk_port(bulk_->port());
  self.set_bulk_tls_port(bulk_->tls_port());
  return self;
}

host_agent_parts running_node::agent_parts() {
  host_agent_parts parts;
  parts.cache = cache_;
  parts.store = store_.get();
  parts.rack_index = rack_index_;
  parts.piece_index = piece_index_;
  parts.switchboard = switchboard_;
  parts.prestager = prestager_;
  parts.dial = [this](const host_actor& agent, const gis_address& to, node_role expected,
                      std::function<void(result<caf::actor>)> done) {
    dial_link(links_->dialer(), *system_, {agent, piece_index_}, to.address, to.port, expected,
              std::move(done));
  };
  return parts;
}

result<void> running_node::begin(const link_factory& make_links) {
  if (auto opened = open_parts(); !opened) return opened;
  auto services = std::make_shared<offered_services>();
  services->system = system_.get();
  services->rack_index = rack_index_;
  services->piece_index = piece_index_;
  services->switchboard = switchboard_;
  services->gis = gis_;
  auto links = make_links(accept_links(std::move(services)));
  if (!links) return links.error();
  links_ = std::move(*links);
  agent_ = system_->spawn(
      host_agent, host_agent_config{self_peer(), config_.version, session_, config_.gis},
      agent_parts());
  board_ = system_->spawn(
      job_board, job_context{store_.get(), cache_, agent_, piece_index_, config_.thread_count,
                             config_.bulk.source_policy});
  caf::anon_send(prestager_, use_board{caf::actor_cast<caf::actor>(board_)});
  if (gis_) {
    caf::anon_send(gis_, attach_host{config_.name, agent_});
    caf::anon_send(agent_, gis_actor{gis_});
  }
  return {};
}

void running_node::stop() {
  if (std::exchange(stopped_, true) || !system_) return;
  if (board_) {
    caf::scoped_actor self{*system_};
    auto ended = ask<wire::Ack>(self, board_, please_stop{}, std::chrono::seconds{10});
    if (!ended) spdlog::warn("some jobs did not end: {}", ended.error().message);
  }
  // First whoever calls in from outside; then the actors, which use store and transfer engine; then
  // these. What the engine still tells goes to actors that are no more.
  if (links_) links_->stop();
  std::vector<caf::actor> actors;
  for (const auto& actor : {caf::actor_cast<caf::actor>(board_), caf::actor_cast<caf::actor>(agent_),
                            caf::actor_cast<caf::actor>(cache_),
                            caf::actor_cast<caf::actor>(rack_index_),
                            caf::actor_cast<caf::actor>(piece_index_),
                            caf::actor_cast<caf::actor>(switchboard_),
                            caf::actor_cast<caf::actor>(prestager_),
                            caf::actor_cast<caf::actor>(gis_)}) {
    if (!actor) continue;
    caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
    actors.push_back(actor);
  }
  {
    caf::scoped_actor self{*system_};
    self->wait_for(actors);
  }
  actors.clear();
  bulk_.reset();
  events_.forget();
  board_ = nullptr;
  prestager_ = nullptr;
  agent_ = nullptr;
  cache_ = nullptr;
  rack_index_ = nullptr;
  piece_index_ = nullptr;
  switchboard_ = nullptr;
  gis_ = nullptr;
  links_.reset();
  system_.reset();
  if (auto synced = store_->sync(); !synced) spdlog::error("{}", synced.error().message);
}

result<job_status> running_node::wait(job_id id, std::uint32_t milliseconds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds{milliseconds};
  caf::scoped_actor self{*system_};
  // Short jobs are answered at once, long ones cost little while they are waited for.
  std::chrono::milliseconds nap{4};
  while (true) {
    auto status = ask<job_status>(self, board_, ask_job{id});
    if (!status || status->state != job_state::running) return status;
    if (std::chrono::steady_clock::now() >= end) return status;
    self->receive(caf::after(nap) >> [] {});
    nap = std::min(nap * 2, std::chrono::milliseconds{64});
  }
}

result<node_status> running_node::status() {
  caf::scoped_actor self{*system_};
  auto out = ask<uplinks>(self, agent_, ask_uplinks{});
  if (!out) return out.error();
  auto transfers = ask<transfer_list>(self, cache_, ask_transfers{});
  if (!transfers) return transfers.error();
  auto jobs = ask<job_list>(self, board_, ask_jobs{});
  if (!jobs) return jobs.error();
  auto index = ask<index_state>(self, piece_index_, ask_index{});
  if (!index) return index.error();
  auto status = answer_status(*out, *transfers, *jobs, *store_, config_.version);
  status.index = answer_index(*index);
  status.self.roles.push_back("host");
  if (out->index_name == config_.name) status.self.roles.push_back("index");
  if (config_.is_gis) status.self.roles.push_back("gis");
  status.uptime_seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin_).count();
  return status;
}

} // namespace

result<std::unique_ptr<node>> node::start(node_config config, const link_factory& make_links) {
  auto made = std::make_unique<running_node>(std::move(config));
  if (auto begun = made->begin(make_links); !begun) return begun.error();
  return std::unique_ptr<node>{std::move(made)};
}

} // namespace shoal::actors
