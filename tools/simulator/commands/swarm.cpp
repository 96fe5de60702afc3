#include "tools/simulator/commands/commands.hpp"
#include "tools/simulator/interval.hpp"
#include "tools/simulator/parallel.hpp"
#include "tools/simulator/seeds.hpp"
#include "tools/simulator/swarm_model.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>

namespace shoal::simulator {

namespace {

constexpr const char* notes =
    "The network is that of `tools/bench lan`: one server in the first rack, hosts spread evenly.\n"
    "JSON: seconds and bytes on the wire, means over the seeds; the fields are those of bench lan.\n"
    "links: in_bytes and out_bytes of each host's, rack's and cluster's link, by path.\n\n"
    "Examples:\n"
    "  shoal-sim swarm --hosts 7 --racks 1 --rate 100\n"
    "  shoal-sim swarm --hosts 12 --racks 2 --clusters 2 --rate 200 --rack-rate 100\n"
    "      --cluster-rate 50 --bytes 67108864 --seeds 1..5 -o json";

struct swarm_options {
  std::uint32_t hosts = 15, racks = 2, clusters = 1;
  double rate = 50, rack_rate = 0, cluster_rate = 0;
  std::uint64_t bytes = 64 * 1024 * 1024;
  std::uint32_t piece_kib = 64;
  std::string seeds = "1..5";
};

/// What one run tells; names as in tools/benchmark.
struct swarm_figures {
  double last_s = 0, median_s = 0;
  double server_bytes = 0, bytes_per_host = 0;
  double rack_in = 0, rack_out = 0, cluster_in = 0, cluster_out = 0;
  double duplicates = 0;
  /// Into and out of each host, rack and cluster, by path.
  std::map<std::string, std::pair<double, double>> links;
};

topology::place place_of(std::uint32_t rack, const swarm_options& options) {
  return {"site1", "cluster" + std::to_string(1 + rack / options.racks),
          "rack" + std::to_string(1 + rack % options.racks)};
}

/// The place of each machine, the server first: racks differ by one machine at most, as in the lab.
std::vector<topology::place> places_of(const swarm_options& options) {
  const auto machines = options.hosts + 1;
  const auto racks = options.racks * options.clusters;
  std::vector<topology::place> places;
  for (std::uint32_t rack = 0; rack < racks; ++rack) {
    const auto count = machines / racks + (rack < machines % racks ? 1 : 0);
    places.insert(places.end(), count, place_of(rack, options));
  }
  return places;
}

/// The name of machine `number`, the server's being 0.
std::string name_of(std::size_t number) {
  return number == 0 ? "server" : "h" + std::to_string(number);
}

/// Requests and acknowledgements, for each byte that comes: 0.007 (7 hosts) to 0.016 (12 hosts over
/// narrow borders) measured into the lab's server, which gets nothing else.
constexpr double answer_factor = 0.011;

/// What crossed a link, with what goes back for the bytes on its other half.
double carried_bytes(flow_network& links, link_number one_way, link_number other_way) {
  return links.carried_bytes(one_way) + answer_factor * links.carried_bytes(other_way);
}

swarm_figures run_once(const swarm_options& options, std::uint64_t seed) {
  event_queue events;
  flow_network links{events};
  link_tree tree{links,
                 {.host = megabits(options.rate),
                  .rack = megabits(options.rack_rate),
                  .cluster = megabits(options.cluster_rate)}};
  swarm_model_config config;
  config.pack_key = seed;
  config.pack_bytes = options.bytes;
  config.piece_bytes = options.piece_kib * 1024;
  config.seed = seed;
  swarm_model swarm{events, links, tree, config};
  const auto places = places_of(options);
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto link = tree.add_host(places[i]);
    if (i == 0)
      swarm.add_holder({name_of(i), places[i]}, link);
    else
      swarm.add_fetcher({name_of(i), places[i]}, link);
  }
  swarm.start();
  events.run();

  swarm_figures told;
  auto finished = swarm.outcome().finished_s;
  std::sort(finished.begin(), finished.end());
  told.last_s = finished.back();
  told.median_s = finished[finished.size() / 2];
  for (std::uint32_t host = 0; host < places.size(); ++host) {
    const auto& link = tree.host_link(host);
    const auto in = carried_bytes(links, link.down, link.up);
    const auto out = carried_bytes(links, link.up, link.down);
    told.links[places[host].path() + "/" + name_of(host)] = {in, out};
    if (host == 0) told.server_bytes = out;
    if (host > 0) told.bytes_per_host += in / options.hosts;
  }
  for (const auto& [path, link] : tree.domain_links()) {
    if (link.up == link_tree::nowhere) continue;
    const auto in = carried_bytes(links, link.down, link.up);
    const auto out = carried_bytes(links, link.up, link.down);
    told.links[path] = {in, out};
    const bool rack = std::count(path.begin(), path.end(), '/') == 2;
    auto& most_in = rack ? told.rack_in : told.cluster_in;
    auto& most_out = rack ? told.rack_out : told.cluster_out;
    most_in = std::max(most_in, in);
    most_out = std::max(most_out, out);
  }
  told.duplicates = static_cast<double>(swarm.outcome().duplicate_pieces);
  return told;
}

/// Means over the runs.
nlohmann::ordered_json links_json(const std::vector<swarm_figures>& runs) {
  const auto count = static_cast<double>(runs.size());
  auto links = nlohmann::ordered_json::object();
  for (const auto& [path, first] : runs.front().links) {
    double in = 0, out = 0;
    for (const auto& run : runs) {
      in += run.links.at(path).first / count;
      out += run.links.at(path).second / count;
    }
    links[path] = {{"in_bytes", in}, {"out_bytes", out}};
  }
  return links;
}

result<void> run_command(const session& to, swarm_options options) {
  const auto seeds = parse_seeds(options.seeds);
  if (!seeds) return seeds.error();
  if (options.racks * options.clusters > options.hosts + 1) {
    return {errc::invalid_argument, "more racks than machines: a rack would be empty"};
  }
  // As the lab's: the next narrower level's rate where none is given.
  if (options.rack_rate <= 0) options.rack_rate = options.rate;
  if (options.cluster_rate <= 0) options.cluster_rate = options.rack_rate;
  progress shown{"swarm", to.wants_progress()};
  const auto runs = map_in_parallel<swarm_figures>(
      seeds->size(), to.jobs, shown, [&](std::size_t i) { return run_once(options, (*seeds)[i]); });
  shown.end();
  const auto mean = [&](double swarm_figures::*field) {
    std::vector<double> values;
    for (const auto& run : runs)
      values.push_back(run.*field);
    return mean_interval(values);
  };
  const auto slowest = std::min({options.rate, options.rack_rate, options.cluster_rate});
  const auto bound = static_cast<double>(options.bytes) / megabits(slowest);
  const auto last = mean(&swarm_figures::last_s);
  nlohmann::ordered_json document{
      {"hosts", options.hosts},
      {"racks", options.racks},
      {"clusters", options.clusters},
      {"bound_bytes", options.bytes},
      {"bound_seconds", bound},
      {"seconds_last", last.mean},
      {"seconds_last_low", last.low},
      {"seconds_last_high", last.high},
      {"seconds_median", mean(&swarm_figures::median_s).mean},
      {"last_over_bound", last.mean / bound},
      {"server_bytes", mean(&swarm_figures::server_bytes).mean},
      {"rack_border_bytes", mean(&swarm_figures::rack_in).mean},
      {"rack_border_out_bytes", mean(&swarm_figures::rack_out).mean},
      {"cluster_border_bytes", mean(&swarm_figures::cluster_in).mean},
      {"cluster_border_out_bytes", mean(&swarm_figures::cluster_out).mean},
      {"bytes_per_host", mean(&swarm_figures::bytes_per_host).mean},
      {"duplicate_pieces", mean(&swarm_figures::duplicates).mean}};
  if (to.wants_json()) {
    document["links"] = links_json(runs);
    to.print_json(document);
    return {};
  }
  for (const auto& [name, value] : document.items())
    to.print(name + (to.wants_csv() ? "," : ": ") + value.dump() + "\n");
  return {};
}

} // namespace

void add_swarm(CLI::App& app, session& to) {
  auto* command = app.add_subcommand("swarm", "one pack to the hosts of a small network");
  const auto options = std::make_shared<swarm_options>();
  const auto count = [&](const char* name, std::uint32_t& into, int max, const char* what) {
    command->add_option(name, into, what)->check(CLI::Range(1, max))->capture_default_str();
  };
  const auto rate = [&](const char* name, double& into, const char* what) {
    command->add_option(name, into, what)->check(CLI::Range(0.1, 1e6));
  };
  count("--hosts", options->hosts, 2000, "that receive");
  count("--racks", options->racks, 1000, "in each cluster");
  count("--clusters", options->clusters, 1000, "of so many racks each");
  rate("--rate", options->rate, "of hosts' links, Mbit/s (50)");
  rate("--rack-rate", options->rack_rate, "of racks' uplinks (as the hosts')");
  rate("--cluster-rate", options->cluster_rate, "of clusters' uplinks (as the racks')");
  command->add_option("--bytes", options->bytes, "of the pack")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 40))
      ->capture_default_str();
  command->add_option("--piece", options->piece_kib, "KiB of a piece")
      ->check(CLI::Range(16, 16384))
      ->capture_default_str();
  command->add_option("--seeds", options->seeds, "7, 1..20 or 1..8,20")->capture_default_str();
  command->footer(notes);
  command->callback([&to, options] {
    to.action = [&to, options] { return run_command(to, *options); };
  });
}

} // namespace shoal::simulator
