#include "swarm/catalogue/tables.hpp"

namespace shoal::swarm {

namespace {

bool has_rows(soci::session& sql, const std::string& table, const std::string& column,
              long long number) {
  long long count = 0;
  sql << "select count(*) from " + table + " where " + column + " = :number", soci::use(number),
      soci::into(count);
  return count > 0;
}

void remove_pack(soci::session& sql, const tables::pack_row& pack) {
  const auto end = pack.first_chunk + pack.chunk_count;
  sql << "delete from chunk where no >= :first and no < :last", soci::use(pack.first_chunk),
      soci::use(end);
  sql << "delete from pack where no = :no", soci::use(pack.number);
  tables::forget_bytes(sql, pack.descriptor);
  const auto id = pack.reference.id.hex();
  sql << "insert into removed_pack (id) values (:id)", soci::use(id);
}

/// @returns the packs that went with the recipe.
std::vector<pack_reference> remove_recipe(soci::session& sql, const tables::recipe_row& recipe) {
  const auto packs = tables::packs_of(sql, recipe.number);
  sql << "delete from recipe_pack where recipe = :recipe", soci::use(recipe.number);
  sql << "delete from recipe where no = :no", soci::use(recipe.number);
  tables::forget_bytes(sql, recipe.encoded);
  std::vector<pack_reference> removed;
  for (const auto& pack : packs) {
    if (has_rows(sql, "recipe_pack", "pack", pack.number)) continue;
    remove_pack(sql, pack);
    removed.push_back(pack.reference);
  }
  return removed;
}

} // namespace

result<std::vector<pack_reference>> catalogue::remove_image(std::string_view name,
                                                            std::string_view version) {
  using answer = result<std::vector<pack_reference>>;
  const std::string image_name{name};
  const std::string image_version{version};
  return guarded(*database_, "remove an image", [&](soci::session& sql) -> answer {
    dialect::set_durable(sql, true);
    soci::transaction whole{sql};
    const auto there = tables::find_image(sql, image_name, image_version);
    if (!there) {
      return {errc::not_found, "there is no image " + image_name + ":" + image_version};
    }
    const auto recipe = tables::find_recipe(sql, there->image.recipe);
    if (!recipe) throw tables::damaged_row("recipe " + there->image.recipe.hex() + " is missing");
    sql << "delete from image where name = :name and version = :version", soci::use(image_name),
        soci::use(image_version);
    std::vector<pack_reference> removed;
    if (!has_rows(sql, "image", "recipe", recipe->number)) removed = remove_recipe(sql, *recipe);
    whole.commit();
    return removed;
  });
}

} // namespace shoal::swarm
