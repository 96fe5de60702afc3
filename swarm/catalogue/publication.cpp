#include "swarm/catalogue/publication.hpp"

#include "swarm/crypto/sha256.hpp"
#include "topology/place.hpp"

#include <algorithm>
#include <unordered_map>

namespace shoal::swarm {

namespace {

result<void> check_names(const publication& order) {
  const auto refuse = [](const std::string& what, const std::string& text) {
    return result<void>{errc::invalid_argument, "'" + text + "' is not a valid " + what};
  };
  if (!topology::valid_name(order.name)) return refuse("image name", order.name);
  if (!topology::valid_name(order.version)) return refuse("image version", order.version);
  if (!topology::valid_name(order.publisher)) return refuse("host name", order.publisher);
  if (!order.parent.empty() && !split_image_name(order.parent)) {
    return refuse("parent (name:version)", order.parent);
  }
  if (order.parent == order.name + ":" + order.version) {
    return {errc::invalid_argument, order.parent + " cannot be its own parent"};
  }
  return {};
}

/// The recipe's chunks in one of its packs, with where they lie.
std::unordered_map<chunk_id, chunk_location> chunks_in(const recipe& image, std::size_t pack) {
  std::unordered_map<chunk_id, chunk_location> chunks;
  for (const auto& entry : image.entries) {
    if (entry.hole || entry.pack != pack) continue;
    chunks.emplace(entry.chunk,
                   chunk_location{.pack = image.packs[pack].id,
                                  .offset_bytes = entry.offset_bytes,
                                  .stored_bytes = entry.stored_bytes,
                                  .expanded_bytes = static_cast<std::uint32_t>(entry.length_bytes),
                                  .how = entry.how});
  }
  return chunks;
}

result<void> check_new_pack(const publication& order, const recipe& image) {
  if (!order.new_pack) {
    if (order.new_chunks.empty()) return {};
    return {errc::invalid_argument, "new chunks without a new pack that holds them"};
  }
  if (auto proven = check(*order.new_pack, &sha256); !proven) return proven;
  const auto& id = order.new_pack->id;
  const auto found = std::ranges::find(image.packs, id, &pack_reference::id);
  if (found == image.packs.end()) {
    return {errc::invalid_argument, "the recipe does not use its own new pack " + id.hex()};
  }
  if (found->length_bytes != order.new_pack->length_bytes ||
      found->piece_bytes != order.new_pack->piece_bytes) {
    return {errc::invalid_argument, "recipe and new pack disagree about pack " + id.hex()};
  }
  const auto expected = chunks_in(image, static_cast<std::size_t>(found - image.packs.begin()));
  for (const auto& [chunk, location] : order.new_chunks) {
    const auto in_recipe = expected.find(chunk);
    if (in_recipe == expected.end() || in_recipe->second != location) {
      return {errc::invalid_argument,
              "the recipe does not have new chunk " + chunk.hex() + " at the place given"};
    }
  }
  return {};
}

} // namespace

std::optional<std::pair<std::string, std::string>> split_image_name(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto name = text.substr(0, colon);
  const auto version = text.substr(colon + 1);
  if (!topology::valid_name(name) || !topology::valid_name(version)) return std::nullopt;
  return std::pair{std::string{name}, std::string{version}};
}

result<recipe> check(const publication& order) {
  if (auto named = check_names(order); !named) return named.error();
  if (recipe_id{sha256(std::as_bytes(std::span{order.recipe_bytes}))} != order.recipe) {
    return {errc::corrupt, "the recipe's bytes do not match its id " + order.recipe.hex()};
  }
  auto image = decode_recipe(order.recipe_bytes);
  if (!image) return image;
  if (content_of(*image, &sha256) != image->content) {
    return {errc::corrupt, "the recipe's content id is not that of its chunks"};
  }
  if (auto pack = check_new_pack(order, *image); !pack) return pack.error();
  return image;
}

} // namespace shoal::swarm
