#include "actors/link.hpp"

#include <spdlog/spdlog.h>

namespace shoal::actors {

error from_caf(const caf::error& fault) {
  if (fault.category() == caf::atom("shoal")) {
    std::string text;
    if (fault.context().match_elements<std::string>()) text = fault.context().get_as<std::string>(0);
    return {static_cast<errc>(fault.code()), text};
  }
  if (fault == caf::sec::request_timeout) {
    return {errc::unreachable, "no answer within the time limit"};
  }
  return {errc::unreachable, "the other side is gone"};
}

namespace {

result<void> must_be(bool allowed, const peer_identity& peer, const std::string& what) {
  if (allowed) return {};
  return {errc::denied, peer.host + " may not " + what};
}

/// A host speaks for itself; an index speaks for the hosts of its rack.
result<void> may_speak_for(const std::string& host, const peer_identity& peer) {
  return must_be(host == peer.host || peer.may(node_role::index), peer, "speak for " + host);
}

} // namespace

result<void> admit(const wire::Hello& request, const peer_identity& peer) {
  if (auto named = must_be(request.self().host() == peer.host, peer,
                           "join as " + request.self().host());
      !named) {
    return named;
  }
  return must_be(request.self().place() == peer.where.path(), peer,
                 "join at " + request.self().place() + ": its certificate says " +
                     peer.where.path());
}
result<void> admit(const wire::Beat& request, const peer_identity& peer) {
  return must_be(request.host() == peer.host, peer, "speak for " + request.host());
}
result<void> admit(const wire::Announce& request, const peer_identity& peer) {
  return may_speak_for(request.host(), peer);
}
result<void> admit(const wire::Lookup& request, const peer_identity& peer) {
  return may_speak_for(request.asker().host(), peer);
}
result<void> admit(const wire::EndFetch& request, const peer_identity& peer) {
  return may_speak_for(request.host(), peer);
}
result<void> admit(const wire::CommitPublication&, const peer_identity& peer) {
  return must_be(peer.may(node_role::publisher), peer, "publish: its certificate lacks that role");
}
result<void> admit(const wire::Serve&, const peer_identity& peer) {
  return must_be(peer.may(node_role::gis), peer, "give orders");
}
result<void> admit(const wire::Swarms&, const peer_identity& peer) {
  return must_be(peer.may(node_role::gis), peer, "give orders");
}
result<void> admit(const wire::Members&, const peer_identity& peer) {
  return must_be(peer.may(node_role::gis), peer, "give orders");
}
result<void> admit(const wire::Forget&, const peer_identity& peer) {
  return must_be(peer.may(node_role::gis), peer, "give orders");
}
/// What a host says of itself is its own; what indexes say only nodes say that may be one.
result<void> admit(const wire::IndexMail& request, const peer_identity& peer) {
  for (const auto& message : request.messages()) {
    const bool of_host = message.from().level() == 0 && message.from().path() == peer.host;
    if (of_host || peer.may(node_role::index) || peer.may(node_role::gis)) continue;
    return {errc::denied, peer.host + " may not speak for " + message.from().path()};
  }
  return {};
}
result<void> admit(const wire::Prestage&, const peer_identity& peer) {
  return must_be(peer.may(node_role::gis), peer, "give orders");
}
result<void> admit(const wire::CancelPrestage&, const peer_identity& peer) {
  return must_be(peer.may(node_role::gis), peer, "give orders");
}

namespace {

using link_pointer = caf::stateful_actor<link_state>*;

void answer(link_connection& connection, std::uint64_t request, const result<std::string>& body) {
  wire::Envelope reply;
  reply.set_reply_to(request);
  if (body) {
    reply.set_body(*body);
  } else {
    reply.set_fault_code(static_cast<std::uint32_t>(body.error().code));
    reply.set_fault_text(body.error().message);
  }
  const auto sent = connection.send(reply.SerializeAsString());
  // A closed connection is told by on_closed; there is nobody to answer. But whoever asked for more
  // than a frame holds must not wait for it in vain.
  if (body && !sent && sent.error().code == errc::invalid_argument) {
    answer(connection, request, {errc::invalid_argument, "the reply is too long: " + sent.error().message});
  }
}

void on_request(link_pointer self, const wire::Envelope& frame) {
  auto& state = self->state;
  const auto id = frame.request();
  const auto entry = state.dispatch.find(frame.kind());
  if (entry == state.dispatch.end()) {
    answer(*state.connection, id, {errc::denied, "this node does not offer that here"});
    return;
  }
  entry->second(self, state.connection->peer(), frame.body(),
                [connection = state.connection, id](const result<std::string>& body) {
                  answer(*connection, id, body);
                });
}

void on_reply(link_state& state, const wire::Envelope& frame) {
  auto waiting = state.waiting.extract(frame.reply_to());
  if (waiting.empty()) return;
  if (frame.fault_code() == 0) waiting.mapped().deliver(frame.body());
  else
    waiting.mapped().deliver(
        to_caf({static_cast<errc>(frame.fault_code()), frame.fault_text()}));
}

} // namespace

caf::behavior link(caf::stateful_actor<link_state>* self,
                   std::shared_ptr<link_connection> connection, link_dispatch dispatch) {
  self->state.connection = std::move(connection);
  self->state.dispatch = std::move(dispatch);
  self->attach_functor([raw = std::weak_ptr<link_connection>{self->state.connection}] {
    if (auto open = raw.lock()) open->close("this node lets go of the link");
  });
  return {
      [self](const link_call& call) -> caf::result<std::string> {
        auto& state = self->state;
        wire::Envelope frame;
        frame.set_request(++state.last_request);
        frame.set_kind(call.kind);
        frame.set_body(call.body);
        if (auto sent = state.connection->send(frame.SerializeAsString()); !sent) {
          return to_caf(sent.error());
        }
        auto promise = self->make_response_promise();
        state.waiting.emplace(frame.request(), promise);
        return promise;
      },
      [self](const link_frame& raw) {
        wire::Envelope frame;
        if (!frame.ParseFromString(raw.bytes)) {
          spdlog::warn("link closes {}: a frame that cannot be parsed",
                       self->state.connection->peer().host);
          self->state.connection->close("a frame that cannot be parsed");
          return;
        }
        if (frame.reply_to() != 0) on_reply(self->state, frame);
        else if (frame.request() != 0) on_request(self, frame);
      },
      [self](const link_closed& closed) {
        for (auto& [id, promise] : self->state.waiting) promise.deliver(to_caf(closed.why));
        self->state.waiting.clear();
        self->quit(to_caf(closed.why));
      },
  };
}

link_handler feed(const std::shared_ptr<link_box>& box) {
  return {
      .on_open = {},
      .on_frame =
          [box](const std::shared_ptr<link_connection>&, std::string frame) {
            caf::anon_send(box->actor, link_frame{std::move(frame)});
          },
      .on_closed =
          [box](const std::shared_ptr<link_connection>&, error why) {
            caf::anon_send(box->actor, link_closed{std::move(why)});
            box->actor = nullptr;
          },
  };
}

} // namespace shoal::actors
