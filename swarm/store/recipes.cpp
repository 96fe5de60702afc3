// The documents beside the packs.
#include "swarm/store/disk_pack_store.hpp"

#include "swarm/crypto/sha256.hpp"

namespace shoal::swarm {

namespace {

/// A recipe of a 10 TiB image cut finely is smaller; a longer one is a mistake or an attack.
constexpr std::uint64_t recipe_bytes_max = 1024ull * 1024 * 1024;

recipe_id id_of(std::string_view bytes) {
  return recipe_id{sha256(std::as_bytes(std::span{bytes}))};
}

} // namespace

result<void> disk_pack_store::put_recipe(recipe_id id, std::string_view bytes) {
  if (bytes.size() > recipe_bytes_max) {
    return error{errc::invalid_argument, "recipe " + id.hex() + " of " +
                                             readable_bytes(bytes.size()) +
                                             " is longer than any recipe may be"};
  }
  if (id_of(bytes) != id) {
    return error{errc::corrupt, "the bytes given for recipe " + id.hex() + " are another document"};
  }
  const auto fits = parts_.space.fits_on_disk(bytes.size());
  if (!fits) return fits.error();
  if (!*fits) return parts_.space.no_space(bytes.size());
  const auto temporary = id.hex() + ".recipe" + std::to_string(++staging_names_);
  return replace_file(parts_.layout.recipe(id), parts_.layout.staging() / temporary, bytes);
}

result<std::string> disk_pack_store::recipe_bytes(recipe_id id) const {
  const auto path = parts_.layout.recipe(id);
  auto bytes = read_small_file(path, recipe_bytes_max);
  if (!bytes && bytes.error().code == errc::not_found) {
    return error{errc::not_found, "recipe " + id.hex() + " is not in this store"};
  }
  if (bytes && id_of(*bytes) != id) {
    return error{errc::corrupt, path.native() + " does not have the SHA-256 of its name"};
  }
  return bytes;
}

result<void> disk_pack_store::forget_recipe(recipe_id id) {
  if (auto done = remove_file(parts_.layout.recipe(id)); !done) return done;
  return sync_directory(parts_.layout.recipes());
}

} // namespace shoal::swarm
