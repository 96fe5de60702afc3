#include "web/link_dial.hpp"

#include "web/link_session.hpp"

#include <boost/asio/ip/address.hpp>

#include <netinet/in.h>

namespace shoal::web {

namespace {

// Lets the kernel pick a port per destination, not per source address: otherwise 28,000 links are
// all that one source address can open.
using late_port = asio::detail::socket_option::boolean<IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT>;

} // namespace

link_dial::link_dial(link_core& core, std::string address, std::uint16_t port,
                     actors::node_role expected_role, actors::link_handler handler,
                     actors::connect_handler done)
    : core_{core}, address_{std::move(address)}, port_{port}, expected_role_{expected_role},
      handler_{std::move(handler)}, done_{std::move(done)}, resolver_{core.io}, socket_{core.io} {}

void link_dial::start() {
  deadline_ = std::chrono::steady_clock::now() + core_.options.connect_timeout;
  core_.tasks.insert(shared_from_this());
  error_code named;
  const auto numeric = asio::ip::make_address(address_, named);
  if (named) return resolve();
  candidates_.emplace_back(numeric, port_);
  connect_next();
}

void link_dial::resolve() {
  resolver_.async_resolve(address_, std::to_string(port_),
                          [self = shared_from_this()](const error_code& fault,
                                                      const tcp_resolver::results_type& found) {
                            if (!self->done_) return;
                            if (fault) self->last_fault_ = fault.message();
                            for (const auto& entry : found)
                              self->candidates_.push_back(entry.endpoint());
                            self->connect_next();
                          });
}

void link_dial::connect_next() {
  if (tried_ == candidates_.size()) {
    return fail({errc::unreachable, "cannot connect to " + target() + ": " + last_fault_});
  }
  const auto to = candidates_[tried_++];
  error_code fault;
  socket_.close(fault);
  socket_.open(to.protocol(), fault);
  if (!fault && !core_.options.source_address.empty()) {
    const auto from = asio::ip::make_address(core_.options.source_address, fault);
    error_code ignored;
    if (!fault) socket_.set_option(late_port{true}, ignored);
    if (!fault) socket_.bind({from, 0}, fault);
  }
  const auto concluded = [self = shared_from_this()](const error_code& result) {
    if (!self->done_) return;
    if (!result) return self->connected();
    self->last_fault_ = result.message();
    self->connect_next();
  };
  if (fault) {
    asio::post(core_.io, [concluded, fault] { concluded(fault); });
  } else {
    socket_.async_connect(to, concluded);
  }
}

void link_dial::connected() {
  const auto self = shared_from_this();
  auto session = std::make_shared<link_session>(
      core_, std::make_shared<const actors::link_handler>(std::move(handler_)),
      candidates_[tried_ - 1].address().to_string());
  session->greet(std::move(socket_), expected_role_, std::exchange(done_, nullptr));
  core_.forget(self);
}

void link_dial::fail(const error& why) {
  const auto self = shared_from_this();
  core_.forget(self);
  resolver_.cancel();
  error_code ignored;
  socket_.close(ignored);
  if (const auto done = std::exchange(done_, nullptr)) done(why);
}

void link_dial::tick(instant now) {
  if (now >= deadline_) {
    fail({errc::unreachable, "cannot connect to " + target() + ": it does not answer in time"});
  }
}

void link_dial::cancel(const error& why) { fail(why); }

} // namespace shoal::web
