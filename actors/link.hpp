// LINK: one live connection to another node. It answers what the other side asks of this node's
// services, and carries what this node's proxies ask of the other's.
//
// When the connection falls the link and its proxies end, so `monitor` works as if the remote actor
// had died.
#pragma once

#include "actors/link_transport.hpp"
#include "actors/services.hpp"

#include <caf/all.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

namespace shoal::actors {

/// An answer on its way back to the other side.
using link_responder = std::function<void(result<std::string> body)>;

/// What the other side may ask: message kind to the code that parses, asks the actor and answers.
using link_dispatch =
    std::map<std::uint32_t, std::function<void(caf::event_based_actor* self,
                                               const peer_identity& peer, const std::string& body,
                                               link_responder respond)>>;

/// How long a request may take before the asker gets errc::unreachable.
inline constexpr std::chrono::seconds request_timeout{20};

/// Whether the peer may say this; `host` fields must be its own name, or, said by an index, the
/// name of a host of its rack. The default lets everything pass.
template <class Request>
result<void> admit(const Request&, const peer_identity&) {
  return {};
}
result<void> admit(const wire::Hello& request, const peer_identity& peer);
result<void> admit(const wire::Beat& request, const peer_identity& peer);
result<void> admit(const wire::Announce& request, const peer_identity& peer);
result<void> admit(const wire::Lookup& request, const peer_identity& peer);
result<void> admit(const wire::EndFetch& request, const peer_identity& peer);
result<void> admit(const wire::CommitPublication& request, const peer_identity& peer);
result<void> admit(const wire::Serve& request, const peer_identity& peer);
result<void> admit(const wire::Swarms& request, const peer_identity& peer);
result<void> admit(const wire::Members& request, const peer_identity& peer);
result<void> admit(const wire::Forget& request, const peer_identity& peer);
result<void> admit(const wire::IndexMail& request, const peer_identity& peer);
result<void> admit(const wire::Prestage& request, const peer_identity& peer);
result<void> admit(const wire::CancelPrestage& request, const peer_identity& peer);

/// Offers `target`'s methods to the other side of links that use `dispatch`.
template <class Service>
void expose(link_dispatch& dispatch, const typename Service::actor& target) {
  Service::for_each([&]<class Method>() {
    using request_type = typename Method::request;
    using reply_type = typename Method::reply;
    dispatch[wire_kind<request_type>::value] =
        [target](caf::event_based_actor* self, const peer_identity& peer, const std::string& body,
                 link_responder respond) {
          request_type request;
          if (!request.ParseFromString(body)) {
            return respond({errc::corrupt, "the message cannot be parsed"});
          }
          if (auto admitted = admit(request, peer); !admitted) return respond(admitted.error());
          self->request(target, caf::infinite, std::move(request))
              .then([respond](const reply_type& reply) { respond(reply.SerializeAsString()); },
                    [respond](const caf::error& fault) { respond(from_caf(fault)); });
        };
  });
}

/// A request for the other side; the reply is its body.
struct link_call {
  std::uint32_t kind = 0;
  std::string body;
};

/// A frame that came in.
struct link_frame {
  std::string bytes;
};

/// The connection ended.
struct link_closed {
  error why;
};

} // namespace shoal::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::link_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::link_frame)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(shoal::actors::link_closed)

namespace shoal::actors {

/// Untyped, because what it carries is: (link_call) -> body, (link_frame), (link_closed).
using link_actor = caf::actor;

struct link_state {
  static inline const char* name = "link";
  std::shared_ptr<link_connection> connection;
  link_dispatch dispatch;
  std::uint64_t last_request = 0;
  std::unordered_map<std::uint64_t, caf::response_promise> waiting;
};

/// Spawn with `system.spawn(link, connection, dispatch)`.
caf::behavior link(caf::stateful_actor<link_state>* self,
                   std::shared_ptr<link_connection> connection, link_dispatch dispatch);

/// The handler that feeds a link actor; `box` is filled once the actor exists.
struct link_box {
  link_actor actor;
};
link_handler feed(const std::shared_ptr<link_box>& box);

struct proxy_state {
  static inline const char* name = "link-proxy";
};

/// A remote actor's local stand-in. It ends when the link does.
template <class Service>
typename Service::actor::behavior_type
link_proxy(typename Service::actor::template stateful_pointer<proxy_state> self, link_actor over) {
  self->monitor(over);
  self->set_down_handler([self](const caf::down_msg& down) {
    self->quit(down.reason ? down.reason
                           : caf::make_error(caf::exit_reason::remote_link_unreachable));
  });
  return Service::behavior([self, over]<class Method>() {
    using request_type = typename Method::request;
    using reply_type = typename Method::reply;
    return [self, over](const request_type& request) -> caf::result<reply_type> {
      auto promise = self->template make_response_promise<reply_type>();
      self->request(over, request_timeout,
                    link_call{wire_kind<request_type>::value, request.SerializeAsString()})
          .then(
              [promise](const std::string& body) mutable {
                reply_type reply;
                if (reply.ParseFromString(body)) promise.deliver(std::move(reply));
                else promise.deliver(to_caf({errc::corrupt, "the reply cannot be parsed"}));
              },
              [promise](const caf::error& fault) mutable { promise.deliver(fault); });
      return promise;
    };
  });
}

} // namespace shoal::actors
