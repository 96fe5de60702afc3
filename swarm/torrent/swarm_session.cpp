#include "swarm/torrent/swarm_session.hpp"

#include "swarm/torrent/libtorrent_clock.hpp"
#include "swarm/torrent/membership.hpp"
#include "swarm/torrent/pack_transfer.hpp"
#include "swarm/torrent/session_settings.hpp"
#include "topology/assert.hpp"

#include <algorithm>
#include <future>
#include <thread>
#include <unordered_map>
#include <utility>

namespace shoal::swarm {

namespace {

constexpr unsigned verify_threads_max = 8;
/// Longer than any load takes; then something is wrong.
constexpr auto ready_max = std::chrono::seconds{10};

/// Told when a peer asks for a swarm that is not loaded.
class knock_plugin final : public lt::plugin {
public:
  explicit knock_plugin(std::function<void(const lt::sha1_hash&)> knocked)
      : knocked_{std::move(knocked)} {}

  bool on_unknown_torrent(const lt::info_hash_t& asked, const lt::peer_connection_handle&,
                          lt::add_torrent_params&) override {
    knocked_(asked.get_best());
    return false;
  }

private:
  std::function<void(const lt::sha1_hash&)> knocked_;
};

class session final : public swarm_session, public disk_events {
public:
  session(swarm_session_config config, channel_security security, pack_store& store,
          swarm_events& events)
      : config_{std::move(config)}, security_{std::move(security)}, store_{store}, events_{events} {}
  ~session() override;

  result<void> listen();

  std::uint16_t port() const override { return port_; }
  std::uint16_t tls_port() const override { return tls_port_; }
  std::vector<std::string> set_members(std::vector<swarm_peer> members) override;
  result<void> serve(pack_id pack) override;
  result<void> fetch(pack_id pack, piece_set wanted, swarm_view view) override;
  void update(pack_id pack, swarm_view view) override;
  void stop_fetching(pack_id pack) override;
  void limit_downloads(std::uint64_t bytes_per_second_max) override;
  void unload(pack_id pack) override;
  std::vector<transfer_status> transfers() const override;

private:
  /// Runs `job` on libtorrent's thread and waits for it.
  template <class Job>
  auto run(Job job) const {
    using answer = decltype(job());
    std::promise<answer> promised;
    auto future = promised.get_future();
    boost::asio::post(*network_, [&] {
      if constexpr (std::is_void_v<answer>) {
        job();
        promised.set_value();
      } else {
        promised.set_value(job());
      }
    });
    return future.get();
  }

  std::shared_ptr<pack_transfer> find(pack_id pack) const;
  result<std::shared_ptr<pack_transfer>> find_or_load(pack_id pack);
  bool lost_pieces(pack_id pack) const;
  void drop(pack_id pack);
  result<void> wait_until_ready(pack_id pack);
  [[nodiscard]] error cannot_listen(std::uint16_t port) const;
  void start_ticking();
  void tick();
  void ban(const lt::address& address);
  void knocked(const lt::sha1_hash& asked);
  std::shared_ptr<pack_transfer> owner_of(const pack_io& pack) const;

  void on_stored(pack_io& pack, channel_kind from, std::uint32_t piece,
                 const std::vector<digest>& leaves) override;
  void on_mismatch(pack_io& pack, channel_kind from, std::uint32_t piece,
                   const std::vector<digest>& leaves) override;
  void on_store_failed(pack_io& pack, const error& why) override;

  const swarm_session_config config_;
  const channel_security security_;
  pack_store& store_;
  swarm_events& events_;
  std::unique_ptr<lt::session> session_;
  lt::io_context* network_ = nullptr;
  disk_backend* backend_ = nullptr;
  std::uint16_t port_ = 0, tls_port_ = 0;

  // Network thread only.
  membership members_;
  std::unique_ptr<transfer_context> context_;
  std::unordered_map<pack_id, std::shared_ptr<pack_transfer>> transfers_;
  std::unique_ptr<boost::asio::steady_timer> timer_;
  clock::time_point last_second_;
  clock::time_point idle_since_;
  bool ticking_fast_ = false;
};

lt::session_params make_params(const swarm_session_config& config,
                               lt::disk_io_constructor_type backend) {
  lt::session_params params{make_settings(config), {}};
  params.disk_io_constructor = std::move(backend);
  return params;
}

error session::cannot_listen(std::uint16_t port) const {
  return {errc::conflict, "cannot listen on " + config_.listen_address + " port " +
                              std::to_string(port) +
                              ": the port is taken or the address is not this host's"};
}

result<void> session::listen() {
  const auto made = [this](lt::io_context& network, const lt::settings_interface&, lt::counters&) {
    const auto cores = std::max(1u, std::thread::hardware_concurrency());
    disk_backend_config limits;
    limits.verify_threads = std::min(cores, verify_threads_max);
    limits.read_threads = cores > 2 ? 2 : 1;
    auto backend = std::make_unique<disk_backend>(network, limits, store_, *this);
    network_ = &network;
    backend_ = backend.get();
    return backend;
  };
  SHOAL_ASSERT(libtorrent_clock_is_steady());
  try {
    session_ = std::make_unique<lt::session>(make_params(config_, made));
    if (config_.upload_bytes_per_second_max || config_.download_bytes_per_second_max) {
      // Libtorrent spares private addresses from its limits; all of ours may be private.
      lt::ip_filter everybody;
      everybody.add_rule(lt::address_v4::any(), lt::address_v4::broadcast(),
                         1u << static_cast<std::uint32_t>(lt::session::global_peer_class_id));
      session_->set_peer_class_filter(everybody);
    }
    session_->set_ip_filter(members_.filter());
    // Listening happens on libtorrent's thread; this waits for it.
    run([] {});
    if (config_.tls != bulk_tls::all) port_ = session_->listen_port();
    if (config_.tls != bulk_tls::off) tls_port_ = session_->ssl_listen_port();
  } catch (const std::exception& refused) {
    return {errc::failed, std::string{"bulk transfer cannot start: "} + refused.what()};
  }
  if (config_.tls != bulk_tls::all && port_ == 0) return cannot_listen(config_.listen_port);
  if (config_.tls != bulk_tls::off && tls_port_ == 0) return cannot_listen(config_.listen_tls_port);
  context_ = std::make_unique<transfer_context>(transfer_context{
      *session_, *backend_, store_, events_, config_, security_, members_,
      [this](std::function<void()> job) { boost::asio::post(*network_, std::move(job)); },
      [this](const lt::address& address) { ban(address); }});
  session_->add_extension(std::make_shared<knock_plugin>([this](const lt::sha1_hash& asked) {
    boost::asio::post(*network_, [this, asked] { knocked(asked); });
  }));
  run([this] {
    timer_ = std::make_unique<boost::asio::steady_timer>(*network_);
    start_ticking();
  });
  return {};
}

session::~session() {
  if (!session_) return;
  run([this] {
    if (timer_) timer_->cancel();
    timer_.reset();
    for (const auto& [pack, transfer] : transfers_)
      transfer->unload();
    transfers_.clear();
  });
  session_.reset();
}

std::vector<std::string> session::set_members(std::vector<swarm_peer> members) {
  run([&] {
    members_.set(members);
    session_->set_ip_filter(members_.filter());
  });
  std::vector<std::string> not_met;
  for (const auto& member : members) {
    const auto kind = security_.channel_to_holder(config_.self.where, member.where);
    if (security_.port(member, kind) == 0) not_met.push_back(member.host);
  }
  return not_met;
}

void session::ban(const lt::address& address) {
  members_.ban(address);
  session_->set_ip_filter(members_.filter());
}

std::shared_ptr<pack_transfer> session::find(pack_id pack) const {
  const auto found = transfers_.find(pack);
  return found != transfers_.end() ? found->second : nullptr;
}

// Network thread.
result<std::shared_ptr<pack_transfer>> session::find_or_load(pack_id pack) {
  if (auto found = find(pack)) return found;
  const auto descriptor = store_.descriptor(pack);
  if (!descriptor) return {errc::not_found, "pack " + pack.hex() + " is not known to the store"};
  auto made = std::make_shared<pack_transfer>(*context_, *descriptor, store_.have(pack));
  transfers_.emplace(pack, made);
  return made;
}

// Whether the store dropped pieces (scrubbing, eviction) since the pack was loaded.
bool session::lost_pieces(pack_id pack) const {
  const auto found = find(pack);
  if (!found) return false;
  const auto held = store_.have(pack);
  const auto& believed = found->pack().stored;
  return held.size() != believed.size() || !(believed - held).empty();
}

void session::drop(pack_id pack) {
  const auto found = find(pack);
  if (!found) return;
  found->unload();
  transfers_.erase(pack);
}

result<void> session::serve(pack_id pack) {
  const auto served = run([&]() -> result<void> {
    // Libtorrent cannot unlearn a piece: the pack is loaded anew, here and in `fetch`.
    if (lost_pieces(pack) && !find(pack)->fetching()) drop(pack);
    auto transfer = find_or_load(pack);
    if (!transfer) return transfer.error();
    (*transfer)->serve();
    return {};
  });
  if (!served) return served;
  return wait_until_ready(pack);
}

// Libtorrent takes a torrent up over some turns of its thread, 1 to 5 ms in all.
result<void> session::wait_until_ready(pack_id pack) {
  const auto until = clock::now() + ready_max;
  while (!run([&] {
    const auto transfer = find(pack);
    return !transfer || transfer->ready();
  })) {
    if (clock::now() > until) return {errc::overloaded, "pack " + pack.hex() + " does not load"};
    std::this_thread::yield();
  }
  return {};
}

result<void> session::fetch(pack_id pack, piece_set wanted, swarm_view view) {
  return run([&]() -> result<void> {
    if (lost_pieces(pack)) drop(pack);
    auto transfer = find_or_load(pack);
    if (!transfer) return transfer.error();
    if (wanted.size() != (*transfer)->pack().descriptor.piece_count()) {
      return {errc::invalid_argument, "pack " + pack.hex() + " has " +
                                          std::to_string((*transfer)->pack().stored.size()) +
                                          " pieces, not " + std::to_string(wanted.size())};
    }
    (*transfer)->fetch(wanted, view);
    start_ticking();
    return {};
  });
}

void session::update(pack_id pack, swarm_view view) {
  run([&] {
    if (const auto transfer = find(pack)) transfer->update(view);
  });
}

void session::stop_fetching(pack_id pack) {
  run([&] {
    if (const auto transfer = find(pack)) transfer->stop_fetching();
  });
}

void session::limit_downloads(std::uint64_t bytes_per_second_max) {
  const auto limit = download_limit(config_, bytes_per_second_max);
  // Private addresses are in a class of their own, unless this host was started with a limit.
  for (const auto group : {lt::session::global_peer_class_id, lt::session::local_peer_class_id}) {
    auto members = session_->get_peer_class(group);
    members.download_limit = limit;
    session_->set_peer_class(group, members);
  }
}

void session::unload(pack_id pack) {
  run([&] { drop(pack); });
}

std::vector<transfer_status> session::transfers() const {
  return run([this] {
    std::vector<transfer_status> told;
    for (const auto& [pack, transfer] : transfers_)
      told.push_back(transfer->status());
    return told;
  });
}

// Fast while something is fetched; an idle host wakes once a second.
void session::start_ticking() {
  if (!timer_ || ticking_fast_) return;
  ticking_fast_ = std::any_of(transfers_.begin(), transfers_.end(),
                              [](const auto& one) { return one.second->fetching(); });
  timer_->expires_after(ticking_fast_ ? tick_interval : std::chrono::milliseconds{1000});
  timer_->async_wait([this](const lt::error_code& cancelled) {
    if (!cancelled) tick();
  });
}

void session::tick() {
  const auto now = clock::now();
  const bool second = now - last_second_ >= std::chrono::seconds{1};
  if (second) last_second_ = now;
  bool fetching = false;
  for (const auto& [pack, transfer] : transfers_) {
    transfer->tick(now);
    if (second) transfer->second_tick(now);
    fetching = fetching || transfer->fetching();
  }
  if (fetching)
    idle_since_ = now;
  else if (second && now - idle_since_ > std::chrono::seconds{10})
    backend_->trim();
  ticking_fast_ = false;
  start_ticking();
}

void session::knocked(const lt::sha1_hash& asked) {
  for (const auto& [pack, transfer] : transfers_) {
    if (const auto kind = transfer->knocked(asked)) transfer->open(*kind);
  }
}

std::shared_ptr<pack_transfer> session::owner_of(const pack_io& pack) const {
  auto found = find(pack.descriptor.id);
  // A pack may have been unloaded and loaded anew while a piece was being verified.
  return found && &found->pack() == &pack ? found : nullptr;
}

void session::on_stored(pack_io& pack, channel_kind from, std::uint32_t piece,
                        const std::vector<digest>& leaves) {
  if (const auto transfer = owner_of(pack)) transfer->stored(from, piece, leaves);
}

void session::on_mismatch(pack_io& pack, channel_kind from, std::uint32_t piece,
                          const std::vector<digest>& leaves) {
  if (const auto transfer = owner_of(pack)) transfer->mismatched(from, piece, leaves);
}

void session::on_store_failed(pack_io& pack, const error& why) {
  if (const auto transfer = owner_of(pack)) transfer->store_failed(why);
}

} // namespace

result<std::unique_ptr<swarm_session>>
swarm_session::start(swarm_session_config config, pack_store& store, swarm_events& events) {
  if (const auto address = parse_address(config.listen_address); !address) return address.error();
  auto security = channel_security::load(config);
  if (!security) return security.error();
  auto made = std::make_unique<session>(std::move(config), std::move(*security), store, events);
  if (auto listening = made->listen(); !listening) return listening.error();
  return std::unique_ptr<swarm_session>{std::move(made)};
}

} // namespace shoal::swarm
