// How the GIS passes the orders of a prestaging on to hosts, all at once, and gathers what they say.
//
// Threads: part of the GIS's state.
#pragma once

#include "actors/swarm_index.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace shoal::actors {

/// A host that has not answered after this long is answered for as unreachable.
inline constexpr std::chrono::seconds prestage_answer_max{5};

/// What is told of a host that did not answer for itself.
inline wire::PrestageProgress unanswered(const std::string& host, const error& why) {
  wire::PrestageProgress out;
  out.set_host(host);
  out.set_fault_code(static_cast<std::uint32_t>(why.code));
  out.set_fault_text(why.message);
  return out;
}

/// One host's order: its own attempt, if it has one.
inline wire::Prestage order_for(const wire::PrestageHosts& orders, const std::string& host) {
  auto order = orders.order();
  const auto attempt = orders.attempts().find(host);
  if (attempt != orders.attempts().end()) order.set_attempt(attempt->second);
  return order;
}

/// Tells every host named and answers when all have answered, in no particular order.
template <class Self>
caf::result<wire::PrestageReport> relay_prestage(Self self, const swarm_index& index,
                                                 const wire::PrestageHosts& orders) {
  struct gathering {
    wire::PrestageReport report;
    caf::typed_response_promise<wire::PrestageReport> promise;
    std::size_t left = 1;
    void one_less() {
      if (--left == 0) promise.deliver(std::move(report));
    }
    void add(wire::PrestageProgress progress) {
      *report.add_hosts() = std::move(progress);
      one_less();
    }
  };
  auto state = std::make_shared<gathering>();
  state->promise = self->template make_response_promise<wire::PrestageReport>();
  auto promise = state->promise;
  for (const auto& host : orders.hosts()) {
    ++state->left;
    const auto agent = index.agent(host);
    if (!agent) {
      state->add(unanswered(host, {errc::unreachable, host + " is away"}));
      continue;
    }
    const auto failed = [state, host](const caf::error& fault) {
      state->add(unanswered(host, from_caf(fault)));
    };
    if (orders.cancel()) {
      wire::CancelPrestage cancel;
      cancel.set_order(orders.order().order());
      self->request(agent, prestage_answer_max, std::move(cancel))
          .then([state, host](const wire::Ack&) { state->add(unanswered(host, {})); }, failed);
    } else {
      self->request(agent, prestage_answer_max, order_for(orders, host))
          .then(
              [state, host](wire::PrestageProgress progress) {
                // Whatever it calls itself: it is known by its link.
                progress.set_host(host);
                state->add(std::move(progress));
              },
              failed);
    }
  }
  state->one_less();
  return promise;
}

} // namespace shoal::actors
