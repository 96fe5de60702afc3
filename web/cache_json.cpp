#include "web/cache_json.hpp"

#include "web/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <initializer_list>

namespace shoal::web {

using nlohmann::json;

namespace {

/// More images than this are a mistake.
constexpr double images_max = 1e6;

error invalid(std::string sentence) { return {errc::invalid_argument, std::move(sentence)}; }

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

/// An object with no other fields than these; an empty body is an empty one.
result<json> object_of(std::string_view body, std::initializer_list<std::string_view> known) {
  if (body.empty()) return json::object();
  auto document = json::parse(body, nullptr, false);
  if (document.is_discarded()) return invalid("the request's body is not JSON");
  if (!document.is_object()) return invalid("the request's body is not a JSON object");
  for (const auto& [key, value] : document.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      return invalid("unknown field '" + key.substr(0, 64) + "' in the request's body");
    }
  }
  return document;
}

/// A whole number of at least 0; nothing where it is absent.
result<std::optional<std::uint64_t>> bytes_in(const json& body, const char* key) {
  const auto found = body.find(key);
  if (found == body.end()) return std::optional<std::uint64_t>{};
  if (!found->is_number_unsigned()) {
    return invalid(std::string{"field '"} + key + "' must be a whole number of bytes");
  }
  return std::optional{found->get<std::uint64_t>()};
}

/// Text; empty where it is absent.
result<std::string> text_in(const json& body, const char* key) {
  const auto found = body.find(key);
  if (found == body.end()) return std::string{};
  if (!found->is_string()) return invalid(std::string{"field '"} + key + "' must be a string");
  return found->get<std::string>();
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
  const auto parsed = object_of(body, {"image", "bytes", "dry_run"});
  if (!parsed) return parsed.error();
  const auto image = text_in(*parsed, "image");
  if (!image) return image.error();
  const auto bytes = bytes_in(*parsed, "bytes");
  if (!bytes) return bytes.error();
  if (!image->empty()) {
    if (const auto checked = check_image_reference(*image); !checked) {
      return invalid("field 'image': " + checked.error().message);
    }
    if (*bytes) return invalid("give 'image' or 'bytes', not both");
  }
  actors::cache_gc_order order{.image = *image, .bytes = bytes->value_or(0)};
  if (*bytes && order.bytes == 0) return invalid("field 'bytes' must be at least 1");
  if (const auto dry = parsed->find("dry_run"); dry != parsed->end()) {
    if (!dry->is_boolean()) return invalid("field 'dry_run' must be true or false");
    order.dry_run = dry->get<bool>();
  }
  return order;
}

result<actors::cache_limit_order> cache_limit_order_from(std::string_view body) {
  const auto parsed = object_of(body, {"bytes", "images"});
  if (!parsed) return parsed.error();
  const auto bytes = bytes_in(*parsed, "bytes");
  if (!bytes) return bytes.error();
  const auto images = parsed->find("images");
  if (images == parsed->end()) {
    if (!*bytes) return actors::cache_limit_order{};
    return actors::cache_limit_order{swarm::cache_quota{.bytes = **bytes}};
  }
  if (*bytes) return invalid("give 'bytes' or 'images', not both");
  const auto count = images->is_number() ? images->get<double>() : 0.0;
  if (!(count > 0 && count <= images_max)) {
    return invalid("field 'images' must be a number above 0 and at most a million");
  }
  return actors::cache_limit_order{swarm::cache_quota{.images = count}};
}

result<std::string> cache_policy_from(std::string_view body) {
  const auto parsed = object_of(body, {"policy"});
  if (!parsed) return parsed.error();
  auto name = text_in(*parsed, "policy");
  if (!name || name->empty()) return name;
  const auto kind = swarm::parse_cache_policy(*name);
  if (!kind) return invalid("field 'policy': " + kind.error().message);
  return name;
}

result<std::string> cache_pin_from(std::string_view body) {
  const auto parsed = object_of(body, {"image"});
  if (!parsed) return parsed.error();
  auto image = text_in(*parsed, "image");
  if (!image) return image;
  if (const auto checked = check_image_reference(*image); !checked) {
    return invalid("field 'image': " + checked.error().message);
  }
  return image;
}

} // namespace shoal::web
