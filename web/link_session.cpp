#include "web/link_stream.hpp"

#include <algorithm>

namespace shoal::web {

namespace {

// A TLS record; less costs a system call per part, more only memory.
constexpr std::size_t record_bytes = 16 * 1024;
constexpr std::size_t first_read_bytes = 512;
// A queued frame's own cost, so that empty frames are bounded too.
constexpr std::size_t frame_overhead_bytes = 64;
// What a WebSocket close frame has room for (RFC 6455 §5.5).
constexpr std::size_t farewell_bytes_max = 123;
constexpr std::chrono::seconds farewell_timeout{1};

instant now() { return std::chrono::steady_clock::now(); }

} // namespace

link_session::link_session(link_core& core, std::shared_ptr<const actors::link_handler> handler,
                           std::string address)
    : core_{core}, handler_{std::move(handler)}, address_{std::move(address)} {
  peer_.identity.address = address_;
}

link_session::~link_session() = default;

void link_session::open_link() {
  auto& link = stream_->link;
  link.binary(true);
  link.auto_fragment(false);
  link.write_buffer_bytes(record_bytes);
  link.read_message_max(core_.options.message_bytes_max);
  // Masks protect proxies that cannot look inside TLS anyway; strong ones would only cost time.
  link.secure_prng(false);
  link.control_callback([this](websocket::frame_type, beast::string_view) { last_heard_ = now(); });
  phase_ = phase::open;
  leave_half_open();
  core_.open_links.fetch_add(1);
  last_heard_ = now();
  next_ping_ = last_heard_ + core_.options.ping_interval;
  {
    const std::lock_guard lock{mutex_};
    sendable_ = true;
  }
  if (auto done = std::exchange(done_, nullptr)) {
    done(std::shared_ptr<link_connection>{shared_from_this()});
  } else if (handler_->on_open) {
    handler_->on_open(shared_from_this());
  }
  read();
}

void link_session::read() {
  const auto had = inbound_.size();
  const auto step = std::min(stream_->link.read_size_hint(first_read_bytes), record_bytes);
  inbound_.resize(had + step);
  stream_->link.async_read_some(asio::buffer(inbound_.data() + had, step),
                                guarded([this, had](const error_code& fault, std::size_t count) {
                                  inbound_.resize(had + count);
                                  if (fault) return read_failed(fault);
                                  last_heard_ = now();
                                  if (stream_->link.is_message_done()) took_frame();
                                  // The close handshake does its own reading.
                                  if (stream_ && !saying_goodbye_) read();
                                }));
}

void link_session::took_frame() {
  auto frame = std::exchange(inbound_, {});
  if (phase_ != phase::open) return;
  if (stream_->link.got_text()) {
    return end({errc::corrupt, name() + ": it sent text; frames are binary"}, ending::at_once);
  }
  if (handler_->on_frame) handler_->on_frame(shared_from_this(), std::move(frame));
}

result<void> link_session::send(std::string frame) {
  const auto cost = frame.size() + frame_overhead_bytes;
  bool pump_here = false;
  {
    const std::lock_guard lock{mutex_};
    if (!sendable_) return {errc::unreachable, "the link to " + name() + " is closed"};
    if (frame.size() > core_.options.message_bytes_max) {
      return {errc::invalid_argument, "a frame of " + std::to_string(frame.size()) +
                                          " bytes is larger than the link's limit of " +
                                          std::to_string(core_.options.message_bytes_max)};
    }
    if (queued_bytes_ + cost > core_.options.send_queue_bytes_max) {
      const error why{errc::overloaded, name() + " reads too slowly: " +
                                            std::to_string(queued_bytes_) + " bytes wait for it"};
      sendable_ = false;
      asio::post(core_.io, [self = shared_from_this(), why] {
        if (self->phase_ == phase::open) self->end(why, ending::at_once);
      });
      return why;
    }
    queued_bytes_ += cost;
    queue_.push_back(std::move(frame));
    if (!std::exchange(pumping_, true)) {
      // Posting under the lock: while `sendable_`, the io_context is alive.
      pump_here = core_.io.get_executor().running_in_this_thread();
      if (!pump_here) asio::post(core_.io, [self = shared_from_this()] { self->pump(); });
    }
  }
  if (pump_here) pump();
  return {};
}

/// Writes what is queued, frame by frame; runs while `pumping_`.
void link_session::pump() {
  if (!stream_) return;
  bool more = false;
  {
    const std::lock_guard lock{mutex_};
    more = pumping_ = !queue_.empty();
    if (more) {
      outbound_ = std::move(queue_.front());
      queue_.pop_front();
    }
  }
  if (!more) {
    if (phase_ == phase::draining) say_goodbye();
    return;
  }
  stream_->link.async_write(asio::buffer(outbound_),
                            guarded([this](const error_code& fault, std::size_t) {
                              {
                                const std::lock_guard lock{mutex_};
                                queued_bytes_ -= outbound_.size() + frame_overhead_bytes;
                              }
                              if (fault) return write_failed(fault);
                              pump();
                            }));
}

void link_session::close(std::string why) {
  const std::lock_guard lock{mutex_};
  if (!sendable_) return;
  sendable_ = false;
  asio::post(core_.io, [self = shared_from_this(), why = std::move(why)] {
    if (self->phase_ == phase::open) self->end({errc::cancelled, why}, ending::gently);
  });
}

void link_session::read_failed(const error_code& fault) {
  const bool said_so = fault == websocket::error::message_too_big;
  end(describe(fault), said_so ? ending::lingering : ending::at_once);
}

/// The other side's reason for closing may be waiting to be read while writing fails already.
void link_session::write_failed(const error_code& fault) {
  if (phase_ == phase::lingering) return;
  if (phase_ != phase::open) return destroy();
  write_fault_ = describe(fault);
}

/// Ends an open link, once; ends one that is closing already without more ado.
void link_session::end(const error& why, ending how) {
  if (phase_ != phase::open) return destroy();
  bool pumping = false;
  {
    const std::lock_guard lock{mutex_};
    sendable_ = false;
    pumping = pumping_;
  }
  phase_ = phase::draining;
  deadline_ = now() + farewell_timeout;
  farewell_ = why.message.substr(0, farewell_bytes_max);
  core_.open_links.fetch_sub(1);
  // The handler may own what owns this session; letting it go breaks the circle.
  const auto handler = std::move(handler_);
  if (handler->on_closed) handler->on_closed(shared_from_this(), why);
  switch (how) {
  case ending::at_once: return destroy();
  case ending::lingering: return linger();
  case ending::gently:
    if (write_fault_) return destroy();
    if (!pumping) say_goodbye();
  }
}

void link_session::say_goodbye() {
  saying_goodbye_ = true;
  stream_->link.async_close({websocket::close_code::normal, farewell_},
                            guarded([this](const error_code&) { destroy(); }));
}

void link_session::ping() {
  pinging_ = true;
  stream_->link.async_ping({}, guarded([this](const error_code& fault) {
                             pinging_ = false;
                             if (fault) write_failed(fault);
                           }));
}

void link_session::tick(instant at) {
  switch (phase_) {
  case phase::silent:
  case phase::handshaking:
    if (at >= deadline_) refuse({errc::unreachable, "it does not finish its handshake in time"});
    return;
  case phase::open:
    if (write_fault_) return end(*write_fault_, ending::at_once);
    if (at - last_heard_ >= core_.options.idle_timeout) {
      return end({errc::unreachable, name() + " has been silent for too long"}, ending::at_once);
    }
    if (std::chrono::system_clock::now() > peer_.not_after) {
      return end({errc::denied, "the certificate of " + name() + " has expired"}, ending::gently);
    }
    if (at >= next_ping_ && !pinging_) {
      next_ping_ = at + core_.options.ping_interval;
      ping();
    }
    return;
  case phase::draining:
  case phase::lingering:
    if (at >= deadline_) destroy();
    return;
  case phase::closed: return;
  }
}

void link_session::cancel(const error& why) {
  if (phase_ == phase::open) return end(why, ending::gently);
  if (phase_ == phase::draining) return;
  if (auto done = std::exchange(done_, nullptr)) done(why);
  destroy();
}

void link_session::evict() {
  core_.refusals.refuse("link refused: " + name() + ": too many half-open connections");
  destroy();
}

void link_session::destroy() {
  if (phase_ == phase::closed) return;
  const auto self = shared_from_this();
  phase_ = phase::closed;
  leave_half_open();
  error_code ignored;
  if (stream_) stream_->socket().close(ignored);
  stream_.reset();
  socket_.reset();
  handler_.reset();
  core_.forget(self);
  const std::lock_guard lock{mutex_};
  queue_.clear();
}

void link_session::leave_half_open() {
  if (const auto ticket = std::exchange(ticket_, 0); ticket != 0) core_.handshake_over(ticket);
}

error link_session::describe(const error_code& fault) const {
  const auto who = phase_ == phase::open ? name() + ": " : std::string{};
  if (fault == websocket::error::closed) {
    const auto& said = stream_->link.reason();
    if (said.code == websocket::close_code::too_big) {
      return {errc::invalid_argument, who + "it takes no frame as large as ours"};
    }
    return {errc::unreachable, who + "it closed the link: " + said.reason.c_str()};
  }
  if (fault == websocket::error::message_too_big) {
    return {errc::corrupt, who + "it sent a frame larger than the limit of " +
                               std::to_string(core_.options.message_bytes_max) + " bytes"};
  }
  if (fault.category() == beast::websocket::make_error_code(websocket::error::closed).category()) {
    return {errc::corrupt, who + "it breaks the WebSocket protocol: " + fault.message()};
  }
  auto broken = tls_error(fault, stream_->link.next_layer().native_handle());
  return {broken.code, who + broken.message};
}

std::string link_session::name() const {
  if (peer_.identity.host.empty()) return address_;
  return peer_.identity.host + " (" + address_ + ")";
}

} // namespace shoal::web
