#include "web/cache_json.hpp"

#include "web/order_body.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace shoal::web {

using nlohmann::json;

namespace {

/// More images than this are a mistake.
constexpr double images_max = 1e6;

json to_json(const actors::cache_line& line) {
  return {{"pack", line.pack},
          {"held_bytes", line.held_bytes},
          {"length_bytes", line.length_bytes},
          {"pieces_held", line.pieces_held},
          {"piece_count", line.piece_count},
          {"images", line.images},
          {"pins", line.pins},
          {"idle_seconds", line.idle_seconds},
          {"evictable_bytes", line.evictable_bytes},
          {"goes", line.goes},
          {"why", line.why},
          {"copies_in_site", line.copies_in_site}};
}

} // namespace

json to_json(const actors::cache_status& status) {
  auto packs = json::array();
  for (const auto& line : status.packs) packs.push_back(to_json(line));
  return {{"policy", status.policy},
          {"configured_policy", status.configured_policy},
          {"quota_bytes", status.quota_bytes},
          {"configured_quota_bytes", status.configured_quota_bytes},
          {"copies_floor", status.copies_floor},
          {"held_bytes", status.held_bytes},
          {"evictable_bytes", status.evictable_bytes},
          {"policy_memory_bytes", status.policy_memory_bytes},
          {"packs", std::move(packs)}};
}

json to_json(const actors::cache_gc_outcome& outcome) {
  auto packs = json::array();
  for (const auto& line : outcome.packs) {
    packs.push_back({{"pack", line.pack}, {"pieces", line.piece_count}, {"bytes", line.bytes}});
  }
  return {{"dry_run", outcome.dry_run},
          {"freed_bytes", outcome.freed_bytes},
          {"packs", std::move(packs)},
          {"over_bytes", outcome.over_bytes},
          {"kept", outcome.kept}};
}

json to_json(const actors::cache_limit_outcome& outcome) {
  return {{"quota_bytes", outcome.quota_bytes},
          {"image", outcome.image},
          {"image_bytes", outcome.image_bytes},
          {"freed_bytes", outcome.evicted.freed_bytes},
          {"over_bytes", outcome.evicted.over_bytes}};
}

json to_json(const actors::cache_pin_outcome& outcome) {
  return {{"image", outcome.image},
          {"pinned", outcome.pinned},
          {"pack_count", outcome.pack_count},
          {"needed_bytes", outcome.needed_bytes},
          {"held_bytes", outcome.held_bytes}};
}

result<actors::cache_gc_order> cache_gc_order_from(std::string_view body) {
  order_body given{body, {"image", "bytes", "dry_run"}, order_body::empty::is_an_object};
  actors::cache_gc_order order;
  order.image = given.image_if_any("image");
  order.bytes = given.number<std::uint64_t>("bytes", 0);
  order.dry_run = given.flag("dry_run");
  if (!order.image.empty() && given.has("bytes")) given.fail("give 'image' or 'bytes', not both");
  if (given.has("bytes") && order.bytes == 0) given.fail("field 'bytes' must be at least 1");
  return given.unless_faulty(std::move(order));
}

result<actors::cache_limit_order> cache_limit_order_from(std::string_view body) {
  order_body given{body, {"bytes", "images"}, order_body::empty::is_an_object};
  actors::cache_limit_order order;
  if (given.has("bytes"))
    order.limit = swarm::cache_quota{.bytes = given.number<std::uint64_t>("bytes", 0)};
  if (const auto* images = given.find("images")) {
    if (given.has("bytes")) given.fail("give 'bytes' or 'images', not both");
    const auto count = images->is_number() ? images->get<double>() : 0.0;
    if (!(count > 0 && count <= images_max)) {
      given.expected("images", "a number above 0 and at most a million");
    }
    order.limit = swarm::cache_quota{.images = count};
  }
  return given.unless_faulty(std::move(order));
}

result<std::string> cache_policy_from(std::string_view body) {
  order_body given{body, {"policy"}, order_body::empty::is_an_object};
  auto name = given.text("policy");
  if (!name.empty()) {
    if (const auto kind = swarm::parse_cache_policy(name); !kind) {
      given.fail("field 'policy': " + kind.error().message);
    }
  }
  return given.unless_faulty(std::move(name));
}

result<std::string> cache_pin_from(std::string_view body) {
  order_body given{body, {"image"}};
  auto image = given.image("image");
  return given.unless_faulty(std::move(image));
}

} // namespace shoal::web
