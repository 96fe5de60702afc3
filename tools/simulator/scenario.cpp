#include "tools/simulator/scenario.hpp"

#include "tools/simulator/azure_trace.hpp"
#include "tools/simulator/printable.hpp"
#include "tools/simulator/seeds.hpp"
#include "tools/simulator/toml_fields.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace shoal::simulator {

namespace {

using expected = std::optional<std::string>;

/// Megabits per second in the file, bits per second in the model.
void rate(toml_fields& fields, std::string_view name, double& bits_per_second) {
  double mbps = bits_per_second / 1e6;
  fields.number(name, mbps, 0);
  bits_per_second = mbps * 1e6;
}

void read_topology(toml_fields fields, data_centre_config& config) {
  fields.whole("clusters", config.shape.clusters, 1, 1000);
  fields.whole("racks_per_cluster", config.shape.racks_per_cluster, 1, 1000);
  fields.whole("hosts_per_rack", config.shape.hosts_per_rack, 1, 1000);
  fields.whole("slots_per_host", config.slots_per_host, 1, 10'000);
  if (auto valid = validate(config); !valid) fields.refuse("hosts_per_rack", valid.error().message);
  fields.end();
}

void read_links(toml_fields fields, pair_links& links) {
  rate(fields, "rack_mbps", links.rack_bits_per_second);
  rate(fields, "cluster_mbps", links.cluster_bits_per_second);
  rate(fields, "site_mbps", links.site_bits_per_second);
  rate(fields, "server_mbps", links.server_bits_per_second);
  fields.number("server_time_factor", links.server_time_factor, 0);
  fields.end();
}

void read_shared_links(toml_fields fields, shared_links& links) {
  rate(fields, "host_mbps", links.host_bits_per_second);
  rate(fields, "rack_mbps", links.rack_bits_per_second);
  rate(fields, "cluster_mbps", links.cluster_bits_per_second);
  rate(fields, "server_mbps", links.server_bits_per_second);
  fields.end();
}

/// A trace, or why it is none; then the run's requests are those.
expected take_trace(result<trace> read, experiment& run) {
  if (!read) return read.error().message;
  run.data_centre = read->data_centre;
  run.requests = std::make_shared<const trace>(std::move(*read));
  return std::nullopt;
}

std::string beside(const std::string& file, const std::string& path) {
  return (std::filesystem::path{file}.parent_path() / path).string();
}

void read_azure(toml_fields fields, const std::string& file, experiment& run) {
  azure_import how;
  fields.choice("image", [&](const std::string& name) -> expected {
    if (name != "deployment" && name != "subscription")
      return "expected deployment or subscription";
    how.image = name == "deployment" ? azure_image::deployment : azure_image::subscription;
    return std::nullopt;
  });
  fields.number("from_seconds", how.from_seconds, 0, true);
  fields.number("duration_seconds", how.duration_seconds, 0);
  fields.whole("one_image_in", how.one_image_in, 1, 1'000'000);
  if (!fields.has("file")) fields.refuse("file", "expected the name of a vmtable.csv");
  fields.choice("file", [&](const std::string& path) {
    return take_trace(read_azure_trace_file(beside(file, path), how), run);
  });
  fields.end();
}

void read_load(toml_fields fields, const std::string& file, experiment& run) {
  fields.choice("data_centre", [&](const std::string& name) -> expected {
    if (vdn_data_centre(name) == nullptr) return "expected S1 to S6";
    run.data_centre = name;
    return std::nullopt;
  });
  for (const auto* other : {"trace", "azure"}) {
    if (fields.has(other) && (fields.has("data_centre") || (fields.has("trace") && fields.has("azure"))))
      fields.refuse(other, "expected either data_centre, trace or azure, not several");
  }
  fields.choice("trace", [&](const std::string& path) {
    return take_trace(read_trace_file(beside(file, path)), run);
  });
  if (auto inner = fields.table("azure")) read_azure(*inner, file, run);
  fields.number("factor", run.load_factor, 0);
  fields.end();
}

void read_image(toml_fields fields, experiment& run) {
  auto chunk_mb = static_cast<std::uint32_t>(run.config.piece_bytes / 1'000'000);
  fields.whole("size_mb", run.image_mb, 1, 65'536);
  fields.whole("chunk_mb", chunk_mb, 1, 1024);
  if (run.image_mb < chunk_mb) fields.refuse("size_mb", "expected at least one chunk");
  if (run.image_mb / chunk_mb > 16'384) fields.refuse("chunk_mb", "expected at most 16384 chunks");
  run.config.piece_bytes = std::uint64_t{chunk_mb} * 1'000'000;
  fields.choice("similarity", [&](const std::string& name) -> expected {
    if (name != "by_version" && name != "by_family") return "expected by_version or by_family";
    run.similar = name == "by_version" ? similarity::by_version() : similarity::by_family();
    return std::nullopt;
  });
  fields.end();
}

void read_cache(toml_fields fields, data_centre_config& config) {
  fields.choice("policy", [&](const std::string& name) -> expected {
    const auto kind = swarm::parse_cache_policy(name);
    if (!kind) return kind.error().message;
    config.cache = *kind;
    return std::nullopt;
  });
  fields.number("images", config.cache_images, 0, true);
  fields.whole("copies_floor", config.copies_floor, 0, 1000);
  fields.end();
}

void read_policy(toml_fields fields, data_centre_config& config) {
  fields.choice("placement", [&](const std::string& name) -> expected {
    const auto strategy = topology::placement_strategy_of(name);
    if (!strategy) return "expected random, min_loaded, shoal_friendly or weighted";
    config.placement = *strategy;
    return std::nullopt;
  });
  fields.choice("sources", [&](const std::string& name) -> expected {
    const auto policy = topology::source_policy_of(name);
    if (!policy) return "expected nearest_first or earliest_finish";
    config.sources = *policy;
    return std::nullopt;
  });
  fields.choice("sharing", [&](const std::string& name) -> expected {
    if (name == "piece_arrived")
      config.shares = sharing::piece_arrived;
    else if (name == "image_arrived")
      config.shares = sharing::image_arrived;
    else if (name == "in_flight")
      config.shares = sharing::in_flight;
    else
      return "expected piece_arrived, image_arrived or in_flight";
    return std::nullopt;
  });
  fields.flag("prestage", config.prestage);
  fields.end();
}

void read_fields(toml_fields& fields, const std::string& file, scenario& to) {
  auto& config = to.run.config;
  fields.text("name", to.name);
  fields.choice("scheme", [&](const std::string& name) -> expected {
    const auto which = scheme_of(name);
    if (!which) return "expected baseline, local, naive, flat or topo";
    config.scheme = *which;
    return std::nullopt;
  });
  fields.choice("seeds", [&](const std::string& text) -> expected {
    auto seeds = parse_seeds(text);
    if (!seeds) return seeds.error().message;
    to.seeds = std::move(*seeds);
    return std::nullopt;
  });
  if (auto inner = fields.table("topology")) read_topology(*inner, config);
  fields.choice("mode", [&](const std::string& name) -> expected {
    if (name != "paper" && name != "physical") return "expected paper or physical";
    config.mode = name == "paper" ? link_mode::paper : link_mode::physical;
    return std::nullopt;
  });
  if (auto inner = fields.table("links")) read_links(*inner, config.links);
  if (auto inner = fields.table("physical")) read_shared_links(*inner, config.physical);
  if (auto inner = fields.table("load")) read_load(*inner, file, to.run);
  if (auto inner = fields.table("image")) read_image(*inner, to.run);
  if (auto inner = fields.table("cache")) read_cache(*inner, config);
  if (auto inner = fields.table("policy")) read_policy(*inner, config);
  if (auto valid = validate(config); !valid) fields.refuse("mode", valid.error().message);
  fields.end();
}

} // namespace

result<scenario> read_scenario(std::string_view text, const std::string& file) {
  try {
    const auto table = toml::parse(text, file);
    std::optional<error> fault;
    scenario out;
    toml_fields fields{table, "", file, fault};
    read_fields(fields, file, out);
    if (fault) return *fault;
    return out;
  } catch (const toml::parse_error& fault) {
    return error{errc::invalid_argument, file + ":" + std::to_string(fault.source().begin.line) +
                                             ": " + printable(fault.description(), true)};
  }
}

result<scenario> read_scenario_file(const std::string& file) {
  std::ifstream in{file, std::ios::binary};
  std::ostringstream text;
  if (in) text << in.rdbuf();
  if (!in.is_open() || in.bad() || std::filesystem::is_directory(file)) {
    const int code = errno;
    const auto kind = code == ENOENT   ? errc::not_found
                      : code == EACCES ? errc::permission
                                       : errc::failed;
    return error{kind, "cannot read the scenario " + file + ": " +
                           (code != 0 ? std::strerror(code) : "it is no file")};
  }
  return read_scenario(text.str(), file);
}

} // namespace shoal::simulator
