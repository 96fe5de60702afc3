#include "topology/placement.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

namespace shoal::topology {

namespace {

std::string size_text(std::uint64_t bytes) {
  constexpr std::array units{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return std::to_string(bytes) + " B";
  auto value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (value >= 1024 && unit + 1 < units.size()) {
    value /= 1024;
    ++unit;
  }
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %s", value, units[unit]);
  return text;
}

/// `3 hosts have`, `1 host has`.
std::string hosts_have(std::uint32_t count) {
  return std::to_string(count) + (count == 1 ? " host has" : " hosts have");
}

} // namespace

result<void> check(const placement_weights& weights) {
  for (const auto& [name, value] : {std::pair{"bytes", weights.bytes},
                                    {"load", weights.load},
                                    {"room", weights.room},
                                    {"rack", weights.rack},
                                    {"cluster", weights.cluster}}) {
    if (std::isfinite(value) && value >= 0) continue;
    return {errc::invalid_argument,
            std::string{"the weight of "} + name + " must be a number that is not negative"};
  }
  return {};
}

std::string explain(const placement_choice& choice) {
  std::string out;
  if (choice.lacking_bytes == 0) {
    out = "holds all of the image";
  } else {
    // Never "100 %" of what it does not hold whole.
    const auto percent = static_cast<int>(choice.held_share * 100);
    out = percent == 0 && choice.held_share <= 0
              ? "holds none of the image"
              : "holds " + std::to_string(percent) + " % of the image";
    out += " (" + size_text(choice.lacking_bytes) + " to fetch)";
  }
  out += ", load " + std::to_string(choice.load);
  if (choice.room_bytes != unlimited_bytes) out += ", room for " + size_text(choice.room_bytes);
  if (choice.free_slots != unlimited_vms) {
    out += ", " + std::to_string(choice.free_slots) +
           (choice.free_slots == 1 ? " free slot" : " free slots");
  }
  if (choice.in_rack > 0) {
    out += ", " + std::to_string(choice.in_rack) + " of this request in its rack";
  } else if (choice.in_cluster > 0) {
    out += ", " + std::to_string(choice.in_cluster) + " of this request in its cluster";
  } else {
    out += ", none of this request near it";
  }
  return out;
}

std::string explain_missing(const placement_outcome& outcome) {
  if (outcome.missing == 0) return {};
  const auto asked = outcome.missing + outcome.choices.size();
  auto out = std::to_string(outcome.missing) + " of " + std::to_string(asked) +
             (asked == 1 ? " VM" : " VMs") + (outcome.missing == 1 ? " finds" : " find") +
             " no host: ";
  if (outcome.hosts_without_slot + outcome.hosts_without_room == 0) {
    return out + "there is no host to choose from";
  }
  if (outcome.hosts_without_slot > 0) {
    out += hosts_have(outcome.hosts_without_slot) + " no free slot";
  }
  if (outcome.hosts_without_room > 0) {
    if (outcome.hosts_without_slot > 0) out += ", ";
    out += hosts_have(outcome.hosts_without_room) + " no room for the image";
  }
  return out;
}

std::string_view to_string(placement_strategy strategy) {
  switch (strategy) {
  case placement_strategy::random: return "random";
  case placement_strategy::min_loaded: return "min_loaded";
  case placement_strategy::shoal_friendly: return "shoal_friendly";
  case placement_strategy::weighted: return "weighted";
  }
  return {};
}

std::string_view to_string(placement_spread spread) {
  switch (spread) {
  case placement_spread::none: return "none";
  case placement_spread::rack: return "rack";
  case placement_spread::cluster: return "cluster";
  }
  return {};
}

std::string_view to_string(placement_refusal refusal) {
  switch (refusal) {
  case placement_refusal::no_slot: return "no_slot";
  case placement_refusal::no_room: return "no_room";
  }
  return {};
}

std::optional<placement_strategy> placement_strategy_of(std::string_view name) {
  for (const auto strategy : {placement_strategy::random, placement_strategy::min_loaded,
                              placement_strategy::shoal_friendly, placement_strategy::weighted}) {
    if (to_string(strategy) == name) return strategy;
  }
  return std::nullopt;
}

std::optional<placement_spread> placement_spread_of(std::string_view name) {
  for (const auto spread :
       {placement_spread::none, placement_spread::rack, placement_spread::cluster}) {
    if (to_string(spread) == name) return spread;
  }
  return std::nullopt;
}

} // namespace shoal::topology
