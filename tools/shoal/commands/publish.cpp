#include "tools/shoal/arguments.hpp"
#include "tools/shoal/commands/commands.hpp"
#include "tools/shoal/daemon.hpp"
#include "tools/shoal/job_watch.hpp"
#include "tools/shoal/table.hpp"
#include "tools/shoald/quantity.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <memory>

namespace shoal::cli {

using nlohmann::json;

namespace {

struct publish_flags {
  std::string file;
  std::string name;
  std::string version;
  std::string parent;
  std::string chunker = "blocks";
  std::string compress = "zstd:1";
  bool no_wait = false;
};

json result_of(const json& job, const publish_flags& given) {
  return {{"image", given.name + ":" + given.version},  {"job", number_in(job, "id")},
          {"data_bytes", number_in(job, "data_bytes")}, {"new_bytes", number_in(job, "new_bytes")},
          {"pack_bytes", number_in(job, "pack_bytes")}, {"waste", real_in(job, "waste")},
          {"seconds", real_in(job, "seconds")}};
}

void show(const session& to, const json& done) {
  const auto data = number_in(done, "data_bytes");
  const auto fresh = number_in(done, "new_bytes");
  const auto seconds = real_in(done, "seconds");
  std::string new_text = format_size(fresh);
  if (data > 0) new_text += " (" + std::to_string(fresh * 100 / data) + " % of the data)";
  std::string time = format_duration(seconds);
  if (seconds > 0) time += " (" + format_rate(static_cast<double>(data) / seconds) + ")";
  char waste[32] = {};
  std::snprintf(waste, sizeof waste, "%.1f %%", real_in(done, "waste") * 100);
  to.print(sheet({{"image", text_in(done, "image")},
                  {"data", format_size(data)},
                  {"new", new_text},
                  {"new pack", format_size(number_in(done, "pack_bytes"))},
                  {"waste", waste},
                  {"time", time}}));
}

result<void> publish(const session& to, const publish_flags& given) {
  const auto file = absolute_path(given.file);
  if (!file) return file.error();
  json order = {{"file", *file},
                {"name", given.name},
                {"version", given.version},
                {"chunker", given.chunker},
                {"compress", given.compress}};
  if (!given.parent.empty()) order["parent"] = given.parent;
  constexpr auto* target = "/api/v1/images";
  if (given.no_wait) return start_job(to, target, order);
  const auto job = run_job(to, target, order, given.name + ":" + given.version);
  if (!job) return job.error();
  const auto done = result_of(*job, given);
  if (to.wants_json()) {
    to.print_json(done);
  } else if (!to.quiet) {
    show(to, done);
  }
  return {};
}

} // namespace

void add_publish(CLI::App& app, session& to) {
  auto* command = app.add_subcommand("publish", "Publish a disk image under a name and a version");
  const auto given = std::make_shared<publish_flags>();
  command->add_option("file", given->file, "the image: raw or qcow2, read by the daemon")
      ->type_name("FILE")
      ->required();
  command->add_option("--name", given->name, "the image's name")
      ->type_name("NAME")
      ->required()
      ->check(is_name());
  command->add_option("--version", given->version, "the image's version")
      ->type_name("VERSION")
      ->required()
      ->check(is_name());
  command->add_option("--parent", given->parent, "the image this one was made from")
      ->type_name("IMAGE")
      ->check(is_image());
  takes_one_of(command->add_option("--chunker", given->chunker,
                                   "how to cut: by content, or at fixed lengths"),
               {"blocks", "fixed"})
      ->capture_default_str();
  command->add_option("--compress", given->compress, "how to compress: none, or zstd:1 to zstd:19")
      ->type_name("none|zstd:LEVEL")
      ->capture_default_str()
      ->check(is_compression());
  command->add_flag("--no-wait", given->no_wait, "print the job's number and do not follow it");
  command->footer("Examples:\n"
                  "  shoal publish debian12.qcow2 --name base --version 1\n"
                  "  shoal publish web.raw --name web --version 2 --parent web:1\n"
                  "  shoal publish big.raw --name big --version 1 --compress zstd:3 -o json");
  command->callback([&to, given] { to.action = [&to, given] { return publish(to, *given); }; });
}

} // namespace shoal::cli
