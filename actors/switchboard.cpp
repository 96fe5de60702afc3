#include "actors/switchboard.hpp"

#include "actors/link.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace shoal::actors {

namespace {

using board_pointer = switchboard_actor::stateful_pointer<switchboard_state>;
using line = switchboard_state::line;

constexpr std::chrono::seconds look_interval{20};
constexpr std::chrono::seconds answer_limit{5};

void dial(board_pointer self, const std::string& host, line& to) {
  const auto& peer = self->state.peers.at(host);
  to.dialling = true;
  const switchboard_actor me{self};
  self->state.config.dial(peer.address(), static_cast<std::uint16_t>(peer.link_port()),
                          [me, host](result<caf::actor> link) {
                            caf::anon_send(me, link_opened{host, link ? *link : caf::actor{},
                                                           link ? error{} : link.error()});
                          });
}

template <class Target>
void pass_on(board_pointer self, const Target& target, const wire::IndexMail& mail,
             caf::typed_response_promise<wire::Ack> promise) {
  self->request(target, answer_limit, mail)
      .then([promise](const wire::Ack& ack) mutable { promise.deliver(ack); },
            [promise](const caf::error& fault) mutable { promise.deliver(fault); });
}

caf::result<wire::Ack> on_post(board_pointer self, const post& order) {
  auto& state = self->state;
  auto promise = self->make_response_promise<wire::Ack>();
  if (const auto found = state.accepted.find(order.host); found != state.accepted.end()) {
    pass_on(self, found->second, order.mail, promise);
    return promise;
  }
  if (!state.peers.contains(order.host)) {
    return to_caf({errc::not_found, order.host + " is no member now"});
  }
  auto& to = state.opened[order.host];
  to.used = self->clock().now();
  if (to.remote) {
    pass_on(self, to.remote, order.mail, promise);
    return promise;
  }
  if (to.waiting.size() >= state.config.waiting_max) {
    return to_caf({errc::unreachable, "too much waits for a link to " + order.host});
  }
  to.waiting.emplace_back(order.mail, promise);
  if (!to.dialling) dial(self, order.host, to);
  return promise;
}

void on_opened(board_pointer self, const link_opened& news) {
  auto& state = self->state;
  const auto found = state.opened.find(news.host);
  if (found == state.opened.end()) return;
  auto& to = found->second;
  to.dialling = false;
  auto waiting = std::exchange(to.waiting, {});
  if (!news.link) {
    spdlog::debug("switchboard cannot reach {}: {}", news.host, news.why.message);
    for (auto& [mail, promise] : waiting)
      promise.deliver(to_caf(news.why));
    state.opened.erase(found);
    return;
  }
  to.link = news.link;
  to.remote = self->system().spawn(link_proxy<index_mail_service>, news.link);
  self->monitor(to.remote);
  for (auto& [mail, promise] : waiting)
    pass_on(self, to.remote, mail, promise);
}

void on_attach(board_pointer self, const attach_mail& news) {
  self->state.accepted[news.host] = news.mail;
  self->monitor(news.mail);
}

void on_down(switchboard_state& state, const caf::down_msg& down) {
  std::erase_if(state.accepted,
                [&](const auto& entry) { return entry.second.address() == down.source; });
  std::erase_if(state.opened, [&](const auto& entry) {
    return entry.second.remote && entry.second.remote.address() == down.source;
  });
}

void close_idle(board_pointer self) {
  auto& state = self->state;
  const auto now = self->clock().now();
  for (auto i = state.opened.begin(); i != state.opened.end();) {
    const auto& one = i->second;
    const bool idle = one.remote && now - one.used > state.config.idle_max;
    if (idle) self->send_exit(one.link, caf::exit_reason::user_shutdown);
    i = idle ? state.opened.erase(i) : std::next(i);
  }
}

} // namespace

switchboard_actor::behavior_type
switchboard(switchboard_actor::stateful_pointer<switchboard_state> self,
            switchboard_config config) {
  self->state.config = std::move(config);
  self->set_down_handler([self](const caf::down_msg& down) { on_down(self->state, down); });
  self->delayed_send(self, look_interval, tick{});
  return {
      [self](const post& order) { return on_post(self, order); },
      [self](const attach_mail& news) { on_attach(self, news); },
      [self](const wire::Members& members) {
        self->state.peers.clear();
        for (const auto& member : members.members())
          self->state.peers[member.peer().host()] = member.peer();
      },
      [self](const link_opened& news) { on_opened(self, news); },
      [self](const tick&) {
        close_idle(self);
        self->delayed_send(self, look_interval, tick{});
      },
  };
}

} // namespace shoal::actors
