#include "actors/prestager.hpp"

#include "actors/job_board.hpp"

#include <spdlog/spdlog.h>

namespace shoal::actors {

namespace {

using prestager_pointer = prestager_actor::stateful_pointer<prestager_state>;

constexpr std::size_t remembered_max = 1000;
constexpr std::chrono::seconds board_timeout{5};

job_board_actor board_of(prestager_pointer self) {
  return caf::actor_cast<job_board_actor>(self->state.board);
}

wire::PrestageProgress progress_of(const std::string& host, std::uint32_t attempt,
                                   const job_status& job) {
  wire::PrestageProgress out;
  out.set_host(host);
  out.set_attempt(attempt);
  out.set_running(job.state == job_state::running);
  out.set_done_bytes(job.done_bytes);
  out.set_total_bytes(job.total_bytes);
  if (job.fault) {
    out.set_fault_code(static_cast<std::uint32_t>(job.fault->code));
    out.set_fault_text(job.fault->message);
  }
  return out;
}

void remember(prestager_state& state, const std::string& order, std::uint32_t attempt) {
  const auto fresh = !state.orders.contains(order);
  state.orders[order] = {.job = 0, .attempt = attempt, .cancelled = false};
  if (!fresh) return;
  state.history.push_back(order);
  if (state.history.size() <= remembered_max) return;
  state.orders.erase(state.history.front());
  state.history.pop_front();
}

void cancel(prestager_pointer self, job_id job) {
  self->request(board_of(self), board_timeout, cancel_job{job})
      .then([](const wire::Ack&) {}, [](const caf::error&) {});
}

void on_begun(prestager_pointer self, const std::string& order, const job_status& job) {
  const auto known = self->state.orders.find(order);
  if (known == self->state.orders.end()) return;
  known->second.job = job.id;
  if (known->second.cancelled) cancel(self, job.id);
}

caf::result<wire::PrestageProgress> begin(prestager_pointer self, const wire::Prestage& order) {
  auto promise = self->make_response_promise<wire::PrestageProgress>();
  get_order get;
  get.image = order.name() + ":" + order.version();
  get.download_bytes_per_second_max = order.download_bytes_per_second_max();
  spdlog::info("prestager gets {} ahead", get.image);
  remember(self->state, order.order(), order.attempt());
  self->request(board_of(self), board_timeout, start_get{std::move(get)})
      .then(
          [self, promise, order](const job_status& job) mutable {
            on_begun(self, order.order(), job);
            promise.deliver(progress_of(self->state.host, order.attempt(), job));
          },
          [self, promise, order](const caf::error& fault) mutable {
            // Not begun: the same attempt may come again.
            self->state.orders[order.order()].attempt = order.attempt() - 1;
            promise.deliver(fault);
          });
  return promise;
}

caf::result<wire::PrestageProgress> on_order(prestager_pointer self, const wire::Prestage& order) {
  if (!self->state.board) return to_caf({errc::unreachable, "this host is starting"});
  const auto known = self->state.orders.find(order.order());
  if (known == self->state.orders.end() || known->second.attempt < order.attempt()) {
    return begin(self, order);
  }
  const auto attempt = known->second.attempt;
  if (known->second.job == 0) return progress_of(self->state.host, attempt, {});
  auto promise = self->make_response_promise<wire::PrestageProgress>();
  self->request(board_of(self), board_timeout, ask_job{known->second.job})
      .then(
          [self, promise, attempt](const job_status& job) mutable {
            promise.deliver(progress_of(self->state.host, attempt, job));
          },
          [promise](const caf::error& fault) mutable { promise.deliver(fault); });
  return promise;
}

wire::Ack on_cancel(prestager_pointer self, const wire::CancelPrestage& order) {
  const auto known = self->state.orders.find(order.order());
  if (known == self->state.orders.end()) return {};
  known->second.cancelled = true;
  if (known->second.job != 0) cancel(self, known->second.job);
  return {};
}

} // namespace

prestager_actor::behavior_type prestager(prestager_actor::stateful_pointer<prestager_state> self,
                                         std::string host) {
  self->state.host = std::move(host);
  return {
      [self](const wire::Prestage& order) { return on_order(self, order); },
      [self](const wire::CancelPrestage& order) { return on_cancel(self, order); },
      [self](const use_board& news) { self->state.board = news.board; },
  };
}

} // namespace shoal::actors
