#include "actors/node_links.hpp"

#include <spdlog/spdlog.h>

#include <map>
#include <mutex>

namespace shoal::actors {

namespace {

/// A host is known to the GIS by the link it said hello on.
void expose_hello(link_dispatch& dispatch, const gis_local_actor& gis,
                  const std::shared_ptr<host_actor>& agent) {
  dispatch[wire_kind<wire::Hello>::value] =
      [gis, agent](caf::event_based_actor* self, const peer_identity& peer, const std::string& body,
                   link_responder respond) {
        wire::Hello hello;
        if (!hello.ParseFromString(body)) {
          return respond({errc::corrupt, "the hello cannot be parsed"});
        }
        if (auto admitted = admit(hello, peer); !admitted) return respond(admitted.error());
        const auto host = peer.host;
        self->request(gis, request_timeout, std::move(hello))
            .then(
                [gis, agent, host, respond](const wire::Members& members) {
                  caf::anon_send(gis, attach_host{host, *agent});
                  respond(members.SerializeAsString());
                },
                [respond](const caf::error& fault) { respond(from_caf(fault)); });
      };
}

void open_link(const offered_services& services,
               const std::shared_ptr<link_connection>& connection,
               const std::shared_ptr<link_box>& box) {
  link_dispatch dispatch;
  auto agent = std::make_shared<host_actor>();
  expose<rack_index_service>(dispatch, services.rack_index);
  expose<index_mail_service>(dispatch, services.piece_index);
  if (services.gis) {
    // The GIS answers what both offer: it knows more.
    expose<gis_service>(dispatch, services.gis);
    expose_hello(dispatch, services.gis, agent);
  }
  box->actor = services.system->spawn(link, connection, std::move(dispatch));
  *agent = services.system->spawn(link_proxy<host_service>, box->actor);
  const auto& host = connection->peer().host;
  caf::anon_send(services.rack_index, attach_host{host, *agent});
  auto mail = services.system->spawn(link_proxy<index_mail_service>, box->actor);
  caf::anon_send(services.switchboard, attach_mail{host, std::move(mail)});
}

/// The boxes of accepted links, by connection. The transport calls from a thread of its own.
struct accepted_links {
  std::mutex mutex;
  std::map<link_connection*, std::shared_ptr<link_box>> boxes;

  std::shared_ptr<link_box> find(link_connection* connection, bool erase) {
    const std::lock_guard lock{mutex};
    const auto found = boxes.find(connection);
    if (found == boxes.end()) return nullptr;
    auto box = found->second;
    if (erase) boxes.erase(found);
    return box;
  }
};

} // namespace

link_handler accept_links(std::shared_ptr<const offered_services> services) {
  auto links = std::make_shared<accepted_links>();
  return {
      .on_open =
          [services, links](std::shared_ptr<link_connection> connection) {
            auto box = std::make_shared<link_box>();
            open_link(*services, connection, box);
            const std::lock_guard lock{links->mutex};
            links->boxes[connection.get()] = std::move(box);
          },
      .on_frame =
          [links](const std::shared_ptr<link_connection>& connection, std::string frame) {
            if (const auto box = links->find(connection.get(), false)) {
              caf::anon_send(box->actor, link_frame{std::move(frame)});
            }
          },
      .on_closed =
          [links](const std::shared_ptr<link_connection>& connection, error why) {
            if (const auto box = links->find(connection.get(), true)) {
              spdlog::debug("link of {} closed: {}", connection->peer().host, why.message);
              caf::anon_send(box->actor, link_closed{std::move(why)});
            }
          },
  };
}

void dial_link(link_dialer& dialer, caf::actor_system& system, dialling_services own,
               const std::string& address, std::uint16_t port, node_role expected,
               std::function<void(result<caf::actor>)> done) {
  auto box = std::make_shared<link_box>();
  dialer.dial(address, port, expected, feed(box),
              [&system, own, box, done](result<std::shared_ptr<link_connection>> connection) {
                if (!connection) return done(connection.error());
                link_dispatch dispatch;
                expose<host_service>(dispatch, own.agent);
                expose<index_mail_service>(dispatch, own.piece_index);
                box->actor = system.spawn(link, *connection, std::move(dispatch));
                done(box->actor);
              });
}

} // namespace shoal::actors
