#include "tools/simulator/vdn/beyond.hpp"
#include "tools/simulator/commands/commands.hpp"
#include "tools/simulator/seeds.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <memory>

namespace shoal::simulator {

namespace {

struct beyond_options {
  std::vector<std::string> data_centres{"S3", "S4", "S5", "S6"};
  std::uint32_t image_mb = 4096;
  std::string seeds = "1..20";
};

result<void> run_beyond(const session& to, const beyond_options& options) {
  const auto seeds = parse_seeds(options.seeds);
  if (!seeds) return seeds.error();
  progress shown{"beyond", to.wants_progress()};
  const auto rows =
      simulate_beyond(options.data_centres, *seeds, {.image_mb = options.image_mb}, to.jobs, shown);
  if (to.wants_json()) {
    to.print_json(to_json(rows));
  } else {
    to.print(to.wants_csv() ? to_csv(rows) : to_text(rows));
  }
  return {};
}

} // namespace

void add_beyond(CLI::App& app, session& to) {
  auto* command = app.add_subcommand("beyond", "Compare Shoal's policies with VDN-topo");
  const auto options = std::make_shared<beyond_options>();
  command->add_option("--data-centres", options->data_centres, "which of S1 to S6")
      ->type_name("LIST")
      ->delimiter(',')
      ->check(CLI::IsMember({"S1", "S2", "S3", "S4", "S5", "S6"}))
      ->default_str("S3,S4,S5,S6");
  command->add_option("--image-mb", options->image_mb, "size of each image, in MB")
      ->type_name("MB")
      ->check(CLI::Range(4, 65'536))
      ->capture_default_str();
  command->add_option("--seeds", options->seeds, "months to draw: 7, 1..20 or 1..8,20")
      ->type_name("SEEDS")
      ->capture_default_str();
  command->footer(
      "Same months, same links (the paper's). Each contribution alone, then together.\n\n"
      "Examples:\n"
      "  shoal-sim beyond --seeds 1..20\n"
      "  shoal-sim beyond --data-centres S6 --image-mb 512 --seeds 1..5 -o json");
  command->callback(
      [&to, options] { to.action = [&to, options] { return run_beyond(to, *options); }; });
}

} // namespace shoal::simulator
