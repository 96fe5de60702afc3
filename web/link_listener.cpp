#include "web/link_listener.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/v6_only.hpp>

namespace shoal::web {

namespace {

// Queued by the kernel while a thousand hosts come back at once; it cuts this to somaxconn.
constexpr int backlog = 4096;
constexpr std::chrono::milliseconds accept_pause{100};

error listen_error(const link_options& options, const error_code& fault) {
  const auto code = fault == asio::error::address_in_use  ? errc::conflict
                    : fault == asio::error::access_denied ? errc::permission
                                                          : errc::invalid_argument;
  return {code, "cannot listen at " + options.listen_address + " port " +
                    std::to_string(options.listen_port) + ": " + fault.message()};
}

} // namespace

link_listener::link_listener(link_core& core, std::shared_ptr<const actors::link_handler> handler)
    : core_{core}, handler_{std::move(handler)}, acceptor_{core.io}, next_{core.io},
      pause_{core.io}, half_open_{core.options.half_open_max,
                                  core.options.half_open_per_address_max} {
  core_.handshake_over = [this](std::uint64_t ticket) { handshake_over(ticket); };
}

result<std::uint16_t> link_listener::open() {
  const auto& options = core_.options;
  error_code fault;
  const tcp::endpoint at{asio::ip::make_address(options.listen_address, fault),
                         options.listen_port};
  if (!fault) acceptor_.open(at.protocol(), fault);
  if (!fault) acceptor_.set_option(tcp_acceptor::reuse_address{true}, fault);
  if (!fault && at.protocol() == tcp::v6()) {
    acceptor_.set_option(asio::ip::v6_only{false}, fault);
  }
  if (!fault) acceptor_.bind(at, fault);
  if (!fault) acceptor_.listen(backlog, fault);
  if (fault) return listen_error(options, fault);
  return acceptor_.local_endpoint(fault).port();
}

void link_listener::start() { accept(); }

void link_listener::stop() {
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

void link_listener::accept() {
  acceptor_.async_accept(next_, [this](const error_code& fault) {
    if (acceptor_.is_open()) accepted(fault);
  });
}

void link_listener::accepted(const error_code& fault) {
  if (fault == asio::error::connection_aborted) return accept();
  if (fault) return pause(fault);
  error_code gone;
  const auto remote = next_.remote_endpoint(gone);
  if (gone) {
    next_.close(gone);
  } else {
    auto address = remote.address();
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
      address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
    }
    admit(address.to_string());
  }
  accept();
}

void link_listener::admit(const std::string& address) {
  if (core_.tasks.size() >= core_.options.connections_max) {
    if (const auto oldest = half_open_.oldest()) drop(*oldest);
  }
  if (core_.tasks.size() >= core_.options.connections_max) {
    core_.refusals.refuse("link refused: " + address + ": " + std::to_string(core_.tasks.size()) +
                          " connections are the limit");
    error_code ignored;
    next_.close(ignored);
    return;
  }
  const auto ticket = half_open_.add(address);
  if (const auto oldest = half_open_.surplus(address)) drop(*oldest);
  core_.half_open.store(half_open_.size());
  auto session = std::make_shared<link_session>(core_, handler_, address);
  sessions_.emplace(ticket, session);
  session->serve(std::move(next_), ticket);
}

// An error here is nearly always a lack of descriptors. It would repeat at once and for ever, so
// wait, and give the oldest stranger's descriptor back.
void link_listener::pause(const error_code& fault) {
  core_.refusals.refuse("link: cannot accept connections: " + fault.message());
  if (const auto oldest = half_open_.oldest()) drop(*oldest);
  pause_.expires_after(accept_pause);
  pause_.async_wait([this](const error_code& stopped) {
    if (!stopped && acceptor_.is_open()) accept();
  });
}

void link_listener::drop(link_half_open::ticket oldest) {
  const auto found = sessions_.find(oldest);
  SHOAL_ASSERT(found != sessions_.end());
  // Its ticket comes back through `handshake_over`.
  if (const auto session = found->second.lock()) session->evict();
}

void link_listener::handshake_over(link_half_open::ticket ticket) {
  half_open_.remove(ticket);
  sessions_.erase(ticket);
  core_.half_open.store(half_open_.size());
}

} // namespace shoal::web
