#include "tools/shoal/arguments.hpp"
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

struct verify_flags {
  std::string image;
  bool no_wait = false;
};

result<void> verify(const session& to, const verify_flags& given) {
  auto order = json::object();
  if (!given.image.empty()) order["image"] = given.image;
  constexpr auto* target = "/api/v1/verifications";
  if (given.no_wait) return start_job(to, target, order);
  const auto job = run_job(to, target, order, given.image.empty() ? "store" : given.image);
  if (!job) return job.error();
  if (to.wants_json()) {
    to.print_json({{"image", given.image.empty() ? json(nullptr) : json(given.image)},
                   {"job", number_in(*job, "id")},
                   {"checked_bytes", number_in(*job, "done_bytes")},
                   {"verified", flag_in(*job, "verified")},
                   {"seconds", real_in(*job, "seconds")},
                   {"warnings", list_in(*job, "warnings")}});
  } else if (!to.quiet) {
    to.print(sheet({{"verified", given.image.empty() ? "the whole store" : given.image},
                    {"checked", format_size(number_in(*job, "done_bytes"))},
                    {"good", flag_in(*job, "verified") ? "yes" : "no"},
                    {"time", format_duration(real_in(*job, "seconds"))}}));
  }
  if (!flag_in(*job, "verified")) {
    return error{errc::corrupt, "not every byte was found good; what was bad has been dropped and "
                                "'shoal get' brings it again"};
  }
  return {};
}

} // namespace

void add_verify(CLI::App& app, session& to) {
  auto* command =
      app.add_subcommand("verify", "Check an image, or the whole store, down to every byte");
  const auto given = std::make_shared<verify_flags>();
  command->add_option("image", given->image, "which image; without it, everything this host holds")
      ->type_name("IMAGE")
      ->check(is_image());
  command->add_flag("--no-wait", given->no_wait, "print the job's number and do not follow it");
  command->footer("Exits with 5 when bytes do not match.\n\n"
                  "Examples:\n"
                  "  shoal verify web:2\n"
                  "  shoal verify                    the whole store");
  command->callback([&to, given] { to.action = [&to, given] { return verify(to, *given); }; });
}

} // namespace shoal::cli
