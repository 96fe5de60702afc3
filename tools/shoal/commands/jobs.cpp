#include "tools/shoal/commands/commands.hpp"
#include "tools/shoal/daemon.hpp"
#include "tools/shoal/job_watch.hpp"
#include "tools/shoal/table.hpp"
#include "tools/shoald/quantity.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <memory>

namespace shoal::cli {

using nlohmann::json;

namespace {

struct jobs_flags {
  std::uint64_t id = 0;
  bool one = false;
  bool cancel = false;
  bool wait = false;
};

std::string share_of(const json& job) {
  const auto total = number_in(job, "total_bytes");
  if (total == 0) return "";
  const auto share = static_cast<double>(number_in(job, "done_bytes")) / static_cast<double>(total);
  return std::to_string(static_cast<int>(share * 100)) + " %";
}

void show(const session& to, const json& jobs) {
  table out{{{"JOB", alignment::right},
             {"KIND"},
             {"IMAGE"},
             {"STATE"},
             {"DONE", alignment::right},
             {"TIME", alignment::right},
             {"REMARK"}}};
  for (const auto& job : jobs) {
    const auto state = text_in(job, "state");
    const auto remark =
        state == "running" ? text_in(job, "phase") : text_in(object_in(job, "error"), "message");
    out.add({std::to_string(number_in(job, "id")), text_in(job, "kind"), text_in(job, "image"),
             state, share_of(job), format_duration(real_in(job, "seconds")), remark});
  }
  if (!out.empty()) to.print(out.text());
}

result<json> one_job(const session& to, const jobs_flags& given) {
  const daemon asked{to};
  const auto target = "/api/v1/jobs/" + std::to_string(given.id);
  if (given.cancel) {
    if (auto cancelled = asked.remove(target); !cancelled || !given.wait) return cancelled;
  }
  if (given.wait) return follow_job(to, given.id, "job " + std::to_string(given.id), false);
  return asked.get(target);
}

result<void> jobs(const session& to, const jobs_flags& given) {
  if (!given.one) {
    const auto list = daemon{to}.get("/api/v1/jobs");
    if (!list) return list.error();
    if (to.wants_json()) {
      to.print_json(*list);
    } else {
      show(to, *list);
    }
    return {};
  }
  const auto job = one_job(to, given);
  if (!job) return job.error();
  if (to.wants_json()) {
    to.print_json(*job);
  } else if (!to.quiet) {
    show(to, json::array({*job}));
  }
  return {};
}

} // namespace

void add_jobs(CLI::App& app, session& to) {
  auto* command = app.add_subcommand("jobs", "List, follow or cancel the daemon's jobs");
  const auto given = std::make_shared<jobs_flags>();
  auto* id =
      command->add_option("job", given->id, "only this one, by its number")->type_name("JOB");
  command->add_flag("--cancel", given->cancel, "cancel it")->needs(id);
  command->add_flag("--wait", given->wait, "follow it to its end; exits with its fault")->needs(id);
  command->footer("Examples:\n"
                  "  shoal jobs\n"
                  "  shoal jobs 12 --wait\n"
                  "  shoal jobs 12 --cancel");
  command->callback([&to, given, id] {
    given->one = id->count() > 0;
    to.action = [&to, given] { return jobs(to, *given); };
  });
}

} // namespace shoal::cli
