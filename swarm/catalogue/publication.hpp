// What a publisher hands to the catalogue, and what can be checked of it without a database.
//
// Threads: values. Errors: a publication that contradicts itself is refused with a sentence.
#pragma once

#include "swarm/recipe.hpp"
#include "topology/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace shoal::swarm {

/// An image with all that is new about it.
struct publication {
  std::string name;
  std::string version;
  /// `name:version` of an image the catalogue knows, or empty.
  std::string parent;
  /// Name of the host that publishes, as its certificate says.
  std::string publisher;
  /// RFC 3339, UTC.
  std::string published_at;
  /// SHA-256 of `recipe_bytes`.
  recipe_id recipe;
  std::string recipe_bytes;
  /// Nothing when every chunk was known.
  std::optional<pack_descriptor> new_pack;
  /// The chunks in `new_pack`.
  std::vector<std::pair<chunk_id, chunk_location>> new_chunks;
};

/// `name:version` in its two parts; empty when it is not two valid names.
std::optional<std::pair<std::string, std::string>> split_image_name(std::string_view text);

/// Checks everything that needs no database: names, the recipe against its id and its content id,
/// the new pack's hashes against its id, and that each new chunk is one the recipe has at exactly
/// that place in exactly that pack.
/// @returns the decoded recipe, errc::invalid_argument or errc::corrupt.
result<recipe> check(const publication& order);

} // namespace shoal::swarm
