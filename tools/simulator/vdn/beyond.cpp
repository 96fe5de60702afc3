#include "tools/simulator/vdn/beyond.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace shoal::simulator {

namespace {

void with_sources(data_centre_config& config) {
  config.sources = topology::source_policy::earliest_finish;
}
void with_sharing(data_centre_config& config) { config.shares = sharing::in_flight; }
void with_cache(data_centre_config& config) {
  config.cache = swarm::cache_policy_kind::rarity;
  config.copies_floor = 1;
}
void with_placement(data_centre_config& config) {
  config.placement = topology::placement_strategy::shoal_friendly;
}
void with_prestaging(data_centre_config& config) { config.prestage = true; }

using change = void (*)(data_centre_config&);

variant made(std::string_view name, std::string_view what, std::initializer_list<change> changes) {
  variant out{name, what, {}};
  for (const auto change : changes)
    change(out.config);
  return out;
}

/// Seed by seed, so that an easy month is compared with itself.
std::optional<median_estimate> gain_of(const sweep_point& base, const sweep_point& other,
                                       double run_summary::*field) {
  std::vector<double> gains;
  for (std::size_t i = 0; i < other.seeds.size(); ++i) {
    if (other.seeds[i].*field <= 0) return std::nullopt;
    gains.push_back(base.seeds[i].*field / other.seeds[i].*field);
  }
  return median_interval(gains);
}

} // namespace

std::vector<variant> beyond_variants() {
  return {
      made("topo", "VDN-topo: nearest level first, FIFO cache, random placement", {}),
      made("sources", "each piece from where it would finish first", {with_sources}),
      made("in_flight", "pieces on their way are sources too", {with_sharing}),
      made("cache", "rarity-aware cache that never drops the last copy", {with_cache}),
      made("placement", "on hosts that hold most of the image", {with_placement}),
      made("prestaged", "one copy of each image fetched ahead in idle time", {with_prestaging}),
      made("sources+in_flight", "both", {with_sources, with_sharing}),
      made("shoal_random", "sources, in_flight and cache; random placement",
           {with_sources, with_sharing, with_cache}),
      made("shoal", "sources, in_flight, cache and placement",
           {with_sources, with_sharing, with_cache, with_placement}),
      made("shoal_prestaged", "all of it",
           {with_sources, with_sharing, with_cache, with_placement, with_prestaging}),
  };
}

std::vector<beyond_row> simulate_beyond(std::span<const std::string> data_centres,
                                        std::span<const std::uint64_t> seeds,
                                        const experiment& settings, unsigned jobs,
                                        progress& shown) {
  const auto variants = beyond_variants();
  std::vector<sweep_point> points;
  for (const auto& data_centre : data_centres) {
    for (const auto& one : variants) {
      auto run = settings;
      run.data_centre = data_centre;
      run.config = one.config;
      points.push_back({run, {}});
    }
  }
  simulate(points, seeds, jobs, shown);
  std::vector<beyond_row> rows;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const auto& base = points[i - i % variants.size()];
    for (const auto& [percentile, field] :
         {std::pair{50u, &run_summary::p50_s}, std::pair{90u, &run_summary::p90_s}}) {
      rows.push_back({points[i].run.data_centre, settings.image_mb,
                      variants[i % variants.size()].name, percentile, points[i].of(field),
                      gain_of(base, points[i], field)});
    }
  }
  return rows;
}

nlohmann::ordered_json to_json(std::span<const beyond_row> rows) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& row : rows) {
    nlohmann::ordered_json object{{"data_centre", row.data_centre},
                                  {"image_mb", row.image_mb},
                                  {"variant", row.variant},
                                  {"percentile", row.percentile},
                                  {"simulated_s", row.simulated.median},
                                  {"low_s", row.simulated.low},
                                  {"high_s", row.simulated.high},
                                  {"gain", nullptr},
                                  {"gain_low", nullptr},
                                  {"gain_high", nullptr}};
    if (row.gain) {
      object["gain"] = row.gain->median;
      object["gain_low"] = row.gain->low;
      object["gain_high"] = row.gain->high;
    }
    list.push_back(std::move(object));
  }
  return list;
}

std::string to_csv(std::span<const beyond_row> rows) {
  std::string out = "data_centre,image_mb,variant,percentile,simulated_s,low_s,high_s,gain,"
                    "gain_low,gain_high\n";
  for (const auto& object : to_json(rows)) {
    const char* separator = "";
    for (const auto& field : object) {
      out += separator;
      if (!field.is_null()) out += field.is_string() ? field.get<std::string>() : field.dump();
      separator = ",";
    }
    out += "\n";
  }
  return out;
}

std::string to_text(std::span<const beyond_row> rows) {
  std::string out = "Provision time (s) over the seeds, and how many times faster than VDN-topo "
                    "on the same months\n";
  for (const auto& one : beyond_variants()) {
    out += "  " + std::string{one.name} + ": " + std::string{one.what} + "\n";
  }
  out += "\n      MB  variant            pct  seconds            interval     gain         "
         "interval\n";
  for (const auto& row : rows) {
    char line[160];
    std::snprintf(line, sizeof line, "%s %5u  %-17.17s %3uth %8.2f  [%7.2f, %7.2f]",
                  row.data_centre.c_str(), row.image_mb, row.variant.data(), row.percentile,
                  row.simulated.median, row.simulated.low, row.simulated.high);
    out += line;
    if (row.gain) {
      std::snprintf(line, sizeof line, " %8.2f  [%6.2f, %7.2f]", row.gain->median, row.gain->low,
                    row.gain->high);
      out += line;
    } else {
      out += "  no time";
    }
    out += "\n";
  }
  return out;
}

} // namespace shoal::simulator
