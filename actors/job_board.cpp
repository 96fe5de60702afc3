#include "actors/job_board.hpp"

#include <spdlog/spdlog.h>

namespace shoal::actors {

namespace {

using board_pointer = job_board_actor::stateful_pointer<job_board_state>;

constexpr std::size_t remembered_max = 1000;

/// The agent tells the GIS, for placement.
void tell_agent(board_pointer self) {
  if (!self->state.context.agent) return;
  self->send(self->state.context.agent,
             running_jobs{static_cast<std::uint32_t>(self->state.running.size())});
}

/// Spawns `body` as the next job.
template <class Body, class Order>
caf::result<job_status> start(board_pointer self, const char* kind, const std::string& image,
                              Body body, const Order& order) {
  auto& state = self->state;
  if (state.closed) return to_caf({errc::cancelled, "the node is shutting down"});
  job_status status;
  status.id = ++state.last;
  status.kind = kind;
  status.image = image;
  status.phase = "starting";
  auto job = self->spawn<caf::detached + caf::monitored>(
      body, state.context, caf::actor_cast<job_board_actor>(self), status, order);
  state.jobs[status.id] = status;
  state.running.emplace(status.id, std::move(job));
  tell_agent(self);
  while (state.jobs.size() > remembered_max && !state.running.contains(state.jobs.begin()->first)) {
    state.jobs.erase(state.jobs.begin());
  }
  spdlog::info("{} {} starts as job {}", kind, image, status.id);
  return status;
}

void on_ended(board_pointer self, const caf::down_msg& down) {
  auto& state = self->state;
  for (auto i = state.running.begin(); i != state.running.end(); ++i) {
    if (i->second.address() != down.source) continue;
    auto& status = state.jobs[i->first];
    if (status.state == job_state::running) {
      status.state = job_state::failed;
      status.fault = error{errc::failed, "the job ended without a word"};
    }
    spdlog::info("{} {} ends after {:.2f} s{}", status.kind, status.image, status.seconds,
                 status.fault ? ": " + status.fault->message : std::string{});
    state.running.erase(i);
    tell_agent(self);
    break;
  }
  if (!state.running.empty()) return;
  for (auto& promise : state.stopping) promise.deliver(wire::Ack{});
  state.stopping.clear();
}

} // namespace

job_board_actor::behavior_type job_board(job_board_actor::stateful_pointer<job_board_state> self,
                                         job_context context) {
  self->state.context = std::move(context);
  self->set_down_handler([self](const caf::down_msg& down) { on_ended(self, down); });
  return {
      [self](const start_publish& s) {
        return start(self, "publish", s.order.name + ":" + s.order.version, publish_job, s.order);
      },
      [self](const start_get& s) { return start(self, "get", s.order.image, get_job, s.order); },
      [self](const start_verify& s) {
        return start(self, "verify", s.order.image, verify_job, s.order);
      },
      [self](const start_prestage& s) {
        return start(self, "prestage", s.order.image, prestage_job, s.order);
      },
      [self](const job_report& report) { self->state.jobs[report.status.id] = report.status; },
      [self](const ask_job& ask) -> caf::result<job_status> {
        const auto found = self->state.jobs.find(ask.id);
        if (found != self->state.jobs.end()) return found->second;
        return to_caf({errc::not_found, "no job " + std::to_string(ask.id) + " on this node"});
      },
      [self](const ask_jobs&) {
        job_list list;
        for (const auto& [id, status] : self->state.jobs) list.jobs.push_back(status);
        return list;
      },
      [self](const cancel_job& order) -> caf::result<wire::Ack> {
        if (!self->state.jobs.contains(order.id)) {
          return to_caf({errc::not_found, "no job " + std::to_string(order.id) + " on this node"});
        }
        const auto job = self->state.running.find(order.id);
        if (job != self->state.running.end()) caf::anon_send(job->second, please_stop{});
        return wire::Ack{};
      },
      [self](const please_stop&) -> caf::result<wire::Ack> {
        self->state.closed = true;
        if (self->state.running.empty()) return wire::Ack{};
        for (const auto& [id, job] : self->state.running) caf::anon_send(job, please_stop{});
        self->state.stopping.push_back(self->make_response_promise<wire::Ack>());
        return self->state.stopping.back();
      },
  };
}

} // namespace shoal::actors
