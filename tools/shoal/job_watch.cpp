#include "tools/shoal/job_watch.hpp"

#include "tools/shoal/daemon.hpp"
#include "tools/shoal/interrupt.hpp"
#include "tools/shoal/progress.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace shoal::cli {

using nlohmann::json;
using std::chrono::milliseconds;

namespace {

/// One wait of the daemon; also how soon Ctrl-C is noticed.
constexpr milliseconds step{250};
/// How long a cancelled job may take to end before we stop looking.
constexpr milliseconds cancel_time_max{5'000};
/// How far past the session's deadline an answer that is under way may come, so that it is the
/// loop that notices the deadline and not a broken-off request.
constexpr milliseconds answer_grace{2'000};

std::string path_of(std::uint64_t id) { return "/api/v1/jobs/" + std::to_string(id); }

bool running(const json& job) { return text_in(job, "state") == "running"; }

/// Asks the daemon to stop the job and sees it stop, past the session's deadline if need be.
void cancel(const session& of, std::uint64_t id) {
  auto patient = of;
  patient.deadline = session::clock::now() + cancel_time_max;
  const daemon asked{patient};
  auto job = asked.remove(path_of(id));
  while (job && running(*job))
    job = asked.get(path_of(id) + "?wait_ms=250");
}

/// One question to the daemon. A wait that the daemon cut short (it has only so many) is made up
/// for here, so that a busy daemon is not asked in a circle.
result<json> next_state(const daemon& asked, std::uint64_t id) {
  const auto begin = session::clock::now();
  auto job = asked.get(path_of(id) + "?wait_ms=" + std::to_string(step.count()));
  const auto taken = std::chrono::duration_cast<milliseconds>(session::clock::now() - begin);
  if (job && running(*job) && taken < step) pause_or_interrupt(step - taken);
  return job;
}

class warning_printer {
public:
  warning_printer(const session& of, progress& bar) : session_{of}, bar_{bar} {}

  void show(const json& job) {
    const auto warnings = list_in(job, "warnings");
    for (; shown_ < warnings.size(); ++shown_) {
      if (!warnings[shown_].is_string()) continue;
      bar_.clear();
      session_.remark("warning: " + warnings[shown_].get<std::string>());
    }
  }

private:
  const session& session_;
  progress& bar_;
  std::size_t shown_ = 0;
};

result<json> outcome(json job) {
  const auto state = text_in(job, "state");
  if (state == "done") return job;
  const auto fault = object_in(job, "error");
  if (state == "cancelled") return error{errc::cancelled, "the job was cancelled"};
  if (fault.empty()) return error{errc::failed, "the job failed, and the daemon does not say why"};
  return error{errc_named(text_in(fault, "code")), text_in(fault, "message")};
}

} // namespace

result<std::uint64_t> submit_job(const session& of, const std::string& target,
                                 const json& order) {
  auto started = daemon{of}.post(target, order);
  if (!started) return started.error();
  if (!started->is_object() || !started->contains("job")) {
    return error{errc::failed, "the daemon did not say which job it started"};
  }
  return number_in(*started, "job");
}

result<json> follow_job(const session& of, std::uint64_t id, const std::string& label,
                        bool cancel_it) {
  auto patient = of;
  if (patient.deadline) *patient.deadline += answer_grace;
  const daemon asked{patient};
  progress bar{label, progress_style(of.wants_progress())};
  warning_printer warnings{of, bar};
  for (;;) {
    if (interrupted()) {
      bar.clear();
      if (!cancel_it) return error{errc::cancelled, "interrupted; the job goes on"};
      cancel(of, id);
      return error{errc::cancelled, "interrupted; the job was cancelled"};
    }
    if (of.deadline && session::clock::now() >= *of.deadline) {
      bar.clear();
      if (!cancel_it) return error{errc::unreachable, "the --timeout has passed; the job goes on"};
      cancel(of, id);
      return error{errc::unreachable, "the --timeout has passed; the job was cancelled"};
    }
    auto job = next_state(asked, id);
    if (!job) {
      // The deadline may pass while asking; the loop's head says so in its own words.
      if (of.deadline && session::clock::now() >= *of.deadline) continue;
      return job.error();
    }
    warnings.show(*job);
    if (!running(*job)) return outcome(*std::move(job));
    bar.update({.phase = text_in(*job, "phase"),
                .done_bytes = number_in(*job, "done_bytes"),
                .total_bytes = number_in(*job, "total_bytes")});
  }
}

result<json> run_job(const session& of, const std::string& target, const json& order,
                     const std::string& label) {
  const auto id = submit_job(of, target, order);
  if (!id) return id.error();
  return follow_job(of, *id, label, true);
}

result<void> start_job(const session& of, const std::string& target, const json& order) {
  const auto id = submit_job(of, target, order);
  if (!id) return id.error();
  if (of.wants_json()) {
    of.print_json({{"job", *id}});
  } else {
    of.print(std::to_string(*id) + "\n");
  }
  return {};
}

} // namespace shoal::cli
