#include "web/link_runtime.hpp"

#include "web/link_core.hpp"
#include "web/link_dial.hpp"
#include "web/link_listener.hpp"
#include "web/link_tls.hpp"

#include "swarm/crypto/certificate.hpp"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <mutex>
#include <thread>
#include <vector>

namespace shoal::web {

namespace {

// Often enough that no timeout is late by more than an eighth, seldom enough to cost nothing.
std::chrono::milliseconds tick_interval(const link_options& options) {
  const auto shortest = std::min({options.handshake_timeout, options.connect_timeout,
                                  options.ping_interval, options.idle_timeout});
  return std::clamp(shortest / 8, std::chrono::milliseconds{10}, std::chrono::milliseconds{250});
}

} // namespace

struct link_runtime::parts {
  parts(link_options options, actors::link_handler accepted)
      : core{std::move(options)}, listener{core, std::make_shared<const actors::link_handler>(
                                                     std::move(accepted))},
        ticker{core.io}, interval{tick_interval(core.options)} {}

  void run();
  void tick();
  void begin_stop();

  link_core core;
  link_listener listener;
  steady_timer ticker;
  const std::chrono::milliseconds interval;
  actors::peer_identity self;
  std::uint16_t port = 0;
  // The link's thread only.
  bool stopping = false;
  std::thread thread;
  // Guards `stopped`: while it is false, posting to `core.io` is heard.
  std::mutex mutex;
  bool stopped = false;
};

void link_runtime::parts::run() {
  // Signals are for the program's main thread.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  pthread_setname_np(pthread_self(), "shoal-link");
  if (port != 0) listener.start();
  tick();
  // Returns when nothing is under way any more, so that every handler has run or been let go.
  core.io.run();
}

void link_runtime::parts::tick() {
  const auto now = std::chrono::steady_clock::now();
  // A tick may end tasks, its own and others.
  const std::vector<std::shared_ptr<link_task>> tasks(core.tasks.begin(), core.tasks.end());
  for (const auto& task : tasks)
    task->tick(now);
  core.refusals.tick(now);
  if (stopping && core.tasks.empty()) return;
  ticker.expires_after(interval);
  ticker.async_wait([this](const error_code&) { tick(); });
}

void link_runtime::parts::begin_stop() {
  stopping = true;
  listener.stop();
  const error why{errc::cancelled, "this node's link stops"};
  const std::vector<std::shared_ptr<link_task>> tasks(core.tasks.begin(), core.tasks.end());
  for (const auto& task : tasks)
    task->cancel(why);
  core.all_ended = [this] { ticker.cancel(); };
  ticker.cancel();
}

link_runtime::link_runtime(std::unique_ptr<parts> made) : parts_{std::move(made)} {}

link_runtime::~link_runtime() { stop(); }

result<std::unique_ptr<link_runtime>> link_runtime::start(link_options options,
                                                          actors::link_handler accepted) {
  const auto valid = validate(options);
  if (!valid) return valid.error();
  auto tls = make_tls_context(options);
  if (!tls) return tls.error();
  const auto own = own_identity(options);
  if (!own) return own.error();
  auto made = std::make_unique<parts>(std::move(options), std::move(accepted));
  made->core.tls = std::move(*tls);
  made->self = own->identity;
  if (own->not_after < std::chrono::system_clock::now()) {
    made->core.log(log_level::error, "link: our certificate " +
                                         made->core.options.certificate_file.string() +
                                         " has expired; no other node will talk to us");
  }
  if (!made->core.options.listen_address.empty()) {
    const auto port = made->listener.open();
    if (!port) return port.error();
    made->port = *port;
  }
  made->thread = std::thread{[running = made.get()] { running->run(); }};
  return std::unique_ptr<link_runtime>{new link_runtime{std::move(made)}};
}

std::uint16_t link_runtime::port() const { return parts_->port; }

const actors::peer_identity& link_runtime::self() const { return parts_->self; }

link_counts link_runtime::counts() const {
  return {.open = parts_->core.open_links.load(), .half_open = parts_->core.half_open.load()};
}

void link_runtime::dial(const std::string& address, std::uint16_t port,
                        actors::node_role expected_role, actors::link_handler handler,
                        actors::connect_handler done) {
  SHOAL_ASSERT(done != nullptr);
  auto& core = parts_->core;
  const std::lock_guard lock{parts_->mutex};
  if (parts_->stopped) return;
  asio::post(core.io, [this, &core, address, port, expected_role, handler = std::move(handler),
                       done = std::move(done)]() mutable {
    if (parts_->stopping) return done(error{errc::cancelled, "this node's link stops"});
    std::make_shared<link_dial>(core, address, port, expected_role, std::move(handler),
                                std::move(done))
        ->start();
  });
}

result<void> link_runtime::reload_certificates() {
  auto& core = parts_->core;
  auto tls = make_tls_context(core.options);
  if (!tls) return tls.error();
  const std::lock_guard lock{parts_->mutex};
  if (parts_->stopped) return {};
  asio::post(core.io, [&core, tls = std::move(*tls)] { core.tls = tls; });
  return {};
}

void link_runtime::stop() {
  SHOAL_ASSERT(!parts_->core.io.get_executor().running_in_this_thread());
  {
    const std::lock_guard lock{parts_->mutex};
    if (parts_->stopped) return;
    parts_->stopped = true;
    asio::post(parts_->core.io, [this] { parts_->begin_stop(); });
  }
  parts_->thread.join();
}

} // namespace shoal::web
