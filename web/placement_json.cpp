#include "web/placement_json.hpp"

#include "topology/place.hpp"
#include "web/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <limits>

namespace shoal::web {

using nlohmann::json;

namespace {

constexpr std::size_t cited_bytes_max = 64;
/// A list of every host of a large site.
constexpr std::size_t listed_hosts_max = 100'000;

error invalid(std::string sentence) { return {errc::invalid_argument, std::move(sentence)}; }

/// `text` fit for a sentence: short, and without control characters.
std::string cited(std::string_view text) {
  std::string out{text.substr(0, cited_bytes_max)};
  std::replace_if(
      out.begin(), out.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  return "'" + out + "'";
}

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

/// A JSON object with known fields; the first one that is wrong is remembered.
class order_body {
public:
  order_body(std::string_view text, std::initializer_list<std::string_view> known)
      : content_(json::parse(text, nullptr, false)) {
    if (content_.is_discarded()) {
      fail("the request's body is not JSON");
    } else if (!content_.is_object()) {
      fail("the request's body is not a JSON object");
    } else {
      for (const auto& [key, value] : content_.items()) {
        if (std::find(known.begin(), known.end(), key) == known.end()) {
          fail("unknown field " + cited(key) + " in the request's body");
        }
      }
    }
    if (fault_) content_ = json::object();
  }

  [[nodiscard]] const std::optional<error>& fault() const { return fault_; }
  [[nodiscard]] bool has(const char* key) const { return content_.contains(key); }

  std::string text(const char* key) {
    const auto* value = find(key);
    if (!value) return {};
    if (!value->is_string()) return expected(key, "a string"), std::string{};
    return value->get<std::string>();
  }

  /// A whole number; absent: `otherwise`.
  template <class Number>
  Number number(const char* key, Number otherwise) {
    const auto* value = find(key);
    if (!value) return otherwise;
    const auto whole = value->is_number_unsigned() ? value->get<std::uint64_t>() : 0;
    if (!value->is_number_unsigned() || whole > std::numeric_limits<Number>::max()) {
      return expected(key, "a whole number up to " +
                               std::to_string(std::numeric_limits<Number>::max())),
             otherwise;
    }
    return static_cast<Number>(whole);
  }

  bool flag(const char* key) {
    const auto* value = find(key);
    if (!value) return false;
    if (!value->is_boolean()) return expected(key, "true or false"), false;
    return value->get<bool>();
  }

  /// Names of hosts.
  std::vector<std::string> hosts(const char* key) {
    std::vector<std::string> out;
    const auto* value = find(key);
    if (!value) return out;
    if (!value->is_array() || value->size() > listed_hosts_max) {
      return expected(key, "an array of hosts' names"), out;
    }
    for (const auto& name : *value) {
      if (!name.is_string() || !topology::valid_name(name.get_ref<const std::string&>())) {
        return expected(key, "an array of hosts' names"), out;
      }
      out.push_back(name.get<std::string>());
    }
    return out;
  }

  /// An object of hosts' names to whole numbers.
  std::vector<std::pair<std::string, std::uint32_t>> counts(const char* key) {
    std::vector<std::pair<std::string, std::uint32_t>> out;
    const auto* value = find(key);
    if (!value) return out;
    constexpr auto form = "an object of hosts' names to whole numbers";
    if (!value->is_object()) return expected(key, form), out;
    for (const auto& [name, count] : value->items()) {
      if (!topology::valid_name(name) || !count.is_number_unsigned() ||
          count.get<std::uint64_t>() > std::numeric_limits<std::uint32_t>::max()) {
        return expected(key, form), out;
      }
      out.emplace_back(name, count.get<std::uint32_t>());
    }
    return out;
  }

  topology::placement_weights weights(const char* key) {
    topology::placement_weights out;
    const auto* value = find(key);
    if (!value) return out;
    if (!value->is_object()) return expected(key, "an object of names to numbers"), out;
    for (const auto& [name, weight] : value->items()) {
      const auto field = weight_named(name);
      if (!field) return fail(unknown_weight(name).message), out;
      if (!weight.is_number()) return expected(key, "an object of names to numbers"), out;
      out.*field = weight.get<double>();
    }
    if (const auto checked = topology::check(out); !checked) fail(checked.error().message);
    return out;
  }

  std::string image(const char* key) {
    auto out = text(key);
    if (const auto checked = check_image_reference(out); !checked) {
      fail(std::string{"field '"} + key + "': " + checked.error().message);
    }
    return out;
  }

  topology::placement_strategy strategy(const char* key, topology::placement_strategy otherwise) {
    if (!has(key)) return otherwise;
    const auto named = topology::placement_strategy_of(text(key));
    if (!named) expected(key, "random, min_loaded, shoal_friendly or weighted");
    return named.value_or(otherwise);
  }

  topology::placement_spread spread(const char* key) {
    if (!has(key)) return topology::placement_spread::none;
    const auto named = topology::placement_spread_of(text(key));
    if (!named) expected(key, "rack, cluster or none");
    return named.value_or(topology::placement_spread::none);
  }

  std::string domain(const char* key) {
    auto out = text(key);
    if (out.size() > 400 || out.find('\0') != std::string::npos) {
      expected(key, "a site, site/cluster or site/cluster/rack");
    }
    return out;
  }

  void expected(const std::string& key, const std::string& what) {
    fail("field '" + key + "' must be " + what);
  }
  void fail(std::string sentence) {
    if (!fault_) fault_ = invalid(std::move(sentence));
  }

private:
  const json* find(const char* key) const {
    const auto found = content_.find(key);
    return found == content_.end() ? nullptr : &*found;
  }

  json content_;
  std::optional<error> fault_;
};

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
  if (!given.fault()) order.image = given.image("image");
  auto& request = order.request;
  request.count = given.number<std::uint32_t>("count", 1);
  if (request.count == 0) given.fail("field 'count' must be at least 1");
  request.strategy = given.strategy("strategy", topology::placement_strategy::weighted);
  request.spread = given.spread("spread");
  request.weights = given.weights("weights");
  request.seed = given.number<std::uint64_t>("seed", chance);
  const auto per_host = given.number<std::uint32_t>("per_host_max", 0);
  if (per_host > 0) request.per_host_max = per_host;
  order.slots_per_host = given.number<std::uint32_t>("slots", 0);
  order.vms = given.counts("vms");
  order.beside = given.hosts("beside");
  order.hosts = given.hosts("hosts");
  order.within = given.domain("within");
  if (given.fault()) return *given.fault();
  return order;
}

result<actors::prestage_order> prestage_order_from(std::string_view body) {
  order_body given{body, {"image", "hosts", "count", "all", "strategy", "spread", "within",
                          "host_bytes_per_second_max", "at_once", "patience_seconds"}};
  actors::prestage_order order;
  if (!given.fault()) order.image = given.image("image");
  order.hosts = given.hosts("hosts");
  order.count = given.number<std::uint32_t>("count", 0);
  order.all = given.flag("all");
  order.strategy = given.strategy("strategy", order.strategy);
  order.spread = given.spread("spread");
  order.within = given.domain("within");
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
  if (given.fault()) return *given.fault();
  return order;
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
