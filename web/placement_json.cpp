#include "web/placement_json.hpp"

#include "topology/place.hpp"
#include "web/order_body.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace shoal::web {

using nlohmann::json;

namespace {

/// A list of every host of a large site.
constexpr std::size_t listed_hosts_max = 100'000;

error invalid(std::string sentence) { return {errc::invalid_argument, std::move(sentence)}; }

struct named_weight {
  const char* name;
  double topology::placement_weights::*value;
};
constexpr std::array weight_fields{named_weight{"bytes", &topology::placement_weights::bytes},
                                   named_weight{"load", &topology::placement_weights::load},
                                   named_weight{"room", &topology::placement_weights::room},
                                   named_weight{"rack", &topology::placement_weights::rack},
                                   named_weight{"cluster", &topology::placement_weights::cluster}};

double topology::placement_weights::*weight_named(std::string_view name) {
  for (const auto& field : weight_fields) {
    if (name == field.name) return field.value;
  }
  return nullptr;
}

error unknown_weight(std::string_view name) {
  return invalid("unknown weight " + cited(name) + "; expected bytes, load, room, rack, cluster");
}

/// Names of hosts.
std::vector<std::string> hosts_in(order_body& body, const char* key) {
  std::vector<std::string> out;
  const auto* value = body.find(key);
  if (!value) return out;
  constexpr auto form = "an array of hosts' names";
  if (!value->is_array() || value->size() > listed_hosts_max) return body.expected(key, form), out;
  for (const auto& name : *value) {
    if (!name.is_string() || !topology::valid_name(name.get_ref<const std::string&>())) {
      return body.expected(key, form), out;
    }
    out.push_back(name.get<std::string>());
  }
  return out;
}

/// An object of hosts' names to whole numbers.
std::vector<std::pair<std::string, std::uint32_t>> counts_in(order_body& body, const char* key) {
  std::vector<std::pair<std::string, std::uint32_t>> out;
  const auto* value = body.find(key);
  if (!value) return out;
  constexpr auto form = "an object of hosts' names to whole numbers";
  if (!value->is_object()) return body.expected(key, form), out;
  for (const auto& [name, count] : value->items()) {
    if (!topology::valid_name(name) || !count.is_number_unsigned() ||
        count.get<std::uint64_t>() > std::numeric_limits<std::uint32_t>::max()) {
      return body.expected(key, form), out;
    }
    out.emplace_back(name, count.get<std::uint32_t>());
  }
  return out;
}

topology::placement_weights weights_in(order_body& body, const char* key) {
  topology::placement_weights out;
  const auto* value = body.find(key);
  if (!value) return out;
  constexpr auto form = "an object of names to numbers";
  if (!value->is_object()) return body.expected(key, form), out;
  for (const auto& [name, weight] : value->items()) {
    const auto field = weight_named(name);
    if (!field) return body.fail(unknown_weight(name).message), out;
    if (!weight.is_number()) return body.expected(key, form), out;
    out.*field = weight.get<double>();
  }
  body.require(topology::check(out));
  return out;
}

topology::placement_strategy strategy_in(order_body& body, topology::placement_strategy otherwise) {
  if (!body.has("strategy")) return otherwise;
  const auto named = topology::placement_strategy_of(body.text("strategy"));
  if (!named) body.expected("strategy", "random, min_loaded, shoal_friendly or weighted");
  return named.value_or(otherwise);
}

topology::placement_spread spread_in(order_body& body) {
  if (!body.has("spread")) return topology::placement_spread::none;
  const auto named = topology::placement_spread_of(body.text("spread"));
  if (!named) body.expected("spread", "rack, cluster or none");
  return named.value_or(topology::placement_spread::none);
}

std::string domain_in(order_body& body, const char* key) {
  auto out = body.text(key);
  if (out.size() > 400) body.expected(key, "a site, site/cluster or site/cluster/rack");
  return out;
}

json limited(std::uint64_t value, std::uint64_t unlimited) {
  return value == unlimited ? json(nullptr) : json(value);
}

json to_json(const actors::placed_host& host) {
  const auto& numbers = host.numbers;
  return {{"host", host.name},
          {"place", host.place},
          {"lacking_bytes", numbers.lacking_bytes},
          {"held_share", numbers.held_share},
          {"load", numbers.load},
          {"room_bytes", limited(numbers.room_bytes, topology::unlimited_bytes)},
          {"free_slots", limited(numbers.free_slots, topology::unlimited_vms)},
          {"in_rack", numbers.in_rack},
          {"in_cluster", numbers.in_cluster},
          {"cost", numbers.cost}};
}

json choice_json(const actors::placed_host& host) {
  auto out = to_json(host);
  out["reason"] = topology::explain(host.numbers);
  return out;
}

json ranking_json(const actors::placed_host& host) {
  auto out = to_json(host);
  out["refusal"] = host.refusal.empty() ? json(nullptr) : json(host.refusal);
  return out;
}

json weights_json(const topology::placement_weights& weights) {
  auto out = json::object();
  for (const auto& field : weight_fields) out[field.name] = weights.*field.value;
  return out;
}

} // namespace

json to_json(const actors::placement_status& placement) {
  const auto& request = placement.request;
  auto choices = json::array();
  for (const auto& choice : placement.choices) choices.push_back(choice_json(choice));
  auto ranking = json::array();
  for (const auto& host : placement.ranking) ranking.push_back(ranking_json(host));
  return {{"image", placement.image},
          {"strategy", topology::to_string(request.strategy)},
          {"spread", topology::to_string(request.spread)},
          {"weights", weights_json(request.weights)},
          {"seed", request.seed},
          {"image_bytes", request.image_bytes},
          {"count", request.count},
          {"missing", placement.missing},
          {"why_missing", placement.why_missing},
          {"choices", std::move(choices)},
          {"considered", placement.considered},
          {"ranking", std::move(ranking)}};
}

result<actors::place_order> place_order_from(std::string_view body, std::uint64_t chance) {
  order_body given{body, {"image", "count", "strategy", "spread", "weights", "seed", "per_host_max",
                          "slots", "vms", "beside", "hosts", "within"}};
  actors::place_order order;
  order.image = given.image("image");
  auto& request = order.request;
  request.count = given.number<std::uint32_t>("count", 1);
  if (request.count == 0) given.fail("field 'count' must be at least 1");
  request.strategy = strategy_in(given, topology::placement_strategy::weighted);
  request.spread = spread_in(given);
  request.weights = weights_in(given, "weights");
  request.seed = given.number<std::uint64_t>("seed", chance);
  const auto per_host = given.number<std::uint32_t>("per_host_max", 0);
  if (per_host > 0) request.per_host_max = per_host;
  order.slots_per_host = given.number<std::uint32_t>("slots", 0);
  order.vms = counts_in(given, "vms");
  order.beside = hosts_in(given, "beside");
  order.hosts = hosts_in(given, "hosts");
  order.within = domain_in(given, "within");
  return given.unless_faulty(std::move(order));
}

result<actors::prestage_order> prestage_order_from(std::string_view body) {
  order_body given{body, {"image", "hosts", "count", "all", "strategy", "spread", "within",
                          "host_bytes_per_second_max", "at_once", "patience_seconds"}};
  actors::prestage_order order;
  order.image = given.image("image");
  order.hosts = hosts_in(given, "hosts");
  order.count = given.number<std::uint32_t>("count", 0);
  order.all = given.flag("all");
  order.strategy = strategy_in(given, order.strategy);
  order.spread = spread_in(given);
  order.within = domain_in(given, "within");
  order.host_bytes_per_second_max = given.number<std::uint64_t>("host_bytes_per_second_max", 0);
  order.at_once = given.number<std::uint32_t>("at_once", 0);
  order.patience = std::chrono::seconds{given.number<std::uint32_t>(
      "patience_seconds", static_cast<std::uint32_t>(order.patience.count()))};
  const auto ways = static_cast<int>(!order.hosts.empty()) + static_cast<int>(order.count > 0) +
                    static_cast<int>(order.all);
  if (ways != 1) given.fail("exactly one of the fields 'hosts', 'count' and 'all' says which hosts");
  if (!order.hosts.empty() && !order.within.empty()) {
    given.fail("field 'within' goes with 'count' or 'all', not with 'hosts'");
  }
  return given.unless_faulty(std::move(order));
}

result<topology::placement_weights> placement_weights_from(std::string_view text) {
  topology::placement_weights out;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    const auto part = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    const auto equals = part.find('=');
    const auto field = weight_named(part.substr(0, equals));
    if (!field) return unknown_weight(part.substr(0, equals));
    double value = 0;
    const auto* begin = part.data() + (equals == std::string_view::npos ? part.size() : equals + 1);
    const auto* end = part.data() + part.size();
    const auto [stop, fault] = std::from_chars(begin, end, value);
    if (fault != std::errc{} || stop != end) {
      return invalid("weight " + cited(part) + ": expected NAME=NUMBER, such as load=0.2");
    }
    out.*field = value;
  }
  if (const auto checked = topology::check(out); !checked) return checked.error();
  return out;
}

} // namespace shoal::web
