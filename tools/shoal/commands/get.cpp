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

struct get_flags {
  std::string image;
  std::string to_file;
  std::string format = "raw";
  bool no_wait = false;
};

json result_of(const json& job, const std::string& image, const std::string& file) {
  const auto sources = object_in(job, "sources");
  return {{"image", image},
          {"job", number_in(job, "id")},
          {"needed_bytes", number_in(job, "needed_bytes")},
          {"own_store", number_in(sources, "own_store")},
          {"own_rack", number_in(sources, "own_rack")},
          {"own_site", number_in(sources, "own_site")},
          {"other_sites", number_in(sources, "other_sites")},
          {"seconds", real_in(job, "seconds")},
          {"verified", flag_in(job, "verified")},
          {"received_from", object_in(job, "received_from")},
          {"file", file.empty() ? json(nullptr) : json(file)}};
}

/// `120 MiB (42 %)`.
std::string part_of(std::uint64_t part, std::uint64_t whole) {
  auto out = format_size(part);
  if (part > 0 && whole > 0) {
    const auto percent = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
    out += " (" + std::to_string(static_cast<int>(percent + 0.5)) + " %)";
  }
  return out;
}

void show(const session& to, const json& done) {
  const auto needed = number_in(done, "needed_bytes");
  std::string senders;
  const auto received_from = object_in(done, "received_from");
  for (const auto& [host, bytes] : received_from.items()) {
    const auto received = bytes.is_number_unsigned() ? bytes.get<std::uint64_t>() : 0;
    senders += (senders.empty() ? "" : ", ") + host + " " + format_size(received);
  }
  to.print(sheet({{"image", text_in(done, "image")},
                  {"needed", format_size(needed)},
                  {"own store", part_of(number_in(done, "own_store"), needed)},
                  {"own rack", part_of(number_in(done, "own_rack"), needed)},
                  {"own site", part_of(number_in(done, "own_site"), needed)},
                  {"other sites", part_of(number_in(done, "other_sites"), needed)},
                  {"received from", senders},
                  {"file", text_in(done, "file")},
                  {"time", format_duration(real_in(done, "seconds"))},
                  {"verified", flag_in(done, "verified") ? "yes" : "no"}}));
}

result<void> get(const session& to, const get_flags& given) {
  json order = {{"image", given.image}};
  std::string file;
  if (!given.to_file.empty()) {
    auto whole = absolute_path(given.to_file);
    if (!whole) return whole.error();
    file = *std::move(whole);
    order["to_file"] = file;
    order["format"] = given.format;
  }
  constexpr auto* target = "/api/v1/gets";
  if (given.no_wait) return start_job(to, target, order);
  const auto job = run_job(to, target, order, given.image);
  if (!job) return job.error();
  const auto done = result_of(*job, given.image, file);
  if (to.wants_json()) {
    to.print_json(done);
  } else if (!to.quiet) {
    show(to, done);
  }
  return {};
}

} // namespace

void add_get(CLI::App& app, session& to) {
  auto* command = app.add_subcommand("get", "Bring an image to this host");
  const auto given = std::make_shared<get_flags>();
  add_image_argument(*command, given->image);
  auto* file = command
                   ->add_option("--to", given->to_file,
                                "write the disk to this file too; without it, the image is "
                                "kept in the store only")
                   ->type_name("FILE");
  takes_one_of(command->add_option("--format", given->format, "the file's format"),
               {"raw", "qcow2"})
      ->capture_default_str()
      ->needs(file);
  command->add_flag("--no-wait", given->no_wait, "print the job's number and do not follow it");
  command->footer("The file is written by the daemon, with its rights.\n\n"
                  "Examples:\n"
                  "  shoal get web:2\n"
                  "  shoal get web:2 --to /var/lib/libvirt/images/web.raw\n"
                  "  shoal get web:2 --to web.qcow2 --format qcow2 -o json");
  command->callback([&to, given] { to.action = [&to, given] { return get(to, *given); }; });
}

} // namespace shoal::cli
