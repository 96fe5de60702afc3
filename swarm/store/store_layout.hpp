// Where everything lies in a store's directory; drawn in swarm/store/README.md.
//
// Threads: a value that never changes.
#pragma once

#include "swarm/id.hpp"

#include <filesystem>
#include <string>

namespace shoal::swarm {

/// The names of a store's files.
struct store_layout {
  std::filesystem::path root;

  [[nodiscard]] std::filesystem::path lock() const { return root / "lock"; }
  /// Says that this is a store, and of which version; made before anything else.
  [[nodiscard]] std::filesystem::path format() const { return root / "format"; }
  [[nodiscard]] std::filesystem::path new_format() const { return root / "format.new"; }
  /// What an operator set of the cache while the daemon ran.
  [[nodiscard]] std::filesystem::path cache_settings() const { return root / "cache"; }
  [[nodiscard]] std::filesystem::path packs() const { return root / "packs"; }
  [[nodiscard]] std::filesystem::path pins() const { return root / "pins"; }
  [[nodiscard]] std::filesystem::path recipes() const { return root / "recipes"; }
  [[nodiscard]] std::filesystem::path staging() const { return root / "staging"; }

  /// The pack's bytes, with holes where pieces are absent.
  [[nodiscard]] std::filesystem::path data(pack_id pack) const {
    return packs() / (pack.hex() + ".pack");
  }
  /// Its presence makes the pack known; its time of change is the pack's last use.
  [[nodiscard]] std::filesystem::path descriptor(pack_id pack) const {
    return packs() / (pack.hex() + ".descriptor");
  }
  /// Which pieces are on the disk and verified.
  [[nodiscard]] std::filesystem::path record(pack_id pack) const {
    return packs() / (pack.hex() + ".have");
  }
  [[nodiscard]] std::filesystem::path pins(pack_id pack) const { return pins() / pack.hex(); }
  [[nodiscard]] std::filesystem::path recipe(recipe_id recipe) const {
    return recipes() / recipe.hex();
  }
};

} // namespace shoal::swarm
