#include "swarm/catalogue/schema.hpp"
#include "swarm/catalogue/tables.hpp"

#include <algorithm>
#include <unordered_set>

namespace shoal::swarm {

namespace {

std::string image_name(const publication& order) { return order.name + ":" + order.version; }

/// Whether the image is there already with equal content; other content is a conflict.
result<bool> already_there(soci::session& sql, const publication& order, const recipe& image) {
  const auto there = tables::find_image(sql, order.name, order.version);
  if (!there) return false;
  const auto its_recipe = tables::find_recipe(sql, there->image.recipe);
  if (its_recipe && its_recipe->content == image.content) return true;
  return {errc::conflict, image_name(order) + " exists already with other content: recipe " +
                              there->image.recipe.hex() + ", published by " +
                              there->image.publisher + " at " + there->image.published_at +
                              "; refused recipe " + order.recipe.hex() + " of " + order.publisher +
                              "; choose another version"};
}

result<void> check_parent(soci::session& sql, const publication& order) {
  if (order.parent.empty()) return {};
  const auto parts = split_image_name(order.parent);
  if (parts && tables::find_image(sql, parts->first, parts->second)) return {};
  return {errc::not_found,
          "the parent " + order.parent + " of " + image_name(order) + " is not in the catalogue"};
}

/// The chunks of the new pack that nobody registered before, each once.
std::vector<std::pair<chunk_id, chunk_location>> unknown_chunks(soci::session& sql,
                                                                const publication& order) {
  std::vector<chunk_id> ids;
  ids.reserve(order.new_chunks.size());
  for (const auto& [id, location] : order.new_chunks)
    ids.push_back(id);
  const auto known = tables::find_chunks(sql, ids);
  std::unordered_set<chunk_id> taken;
  std::vector<std::pair<chunk_id, chunk_location>> unknown;
  for (const auto& chunk : order.new_chunks) {
    if (!known.contains(chunk.first) && taken.insert(chunk.first).second) unknown.push_back(chunk);
  }
  return unknown;
}

/// @returns the new pack's number.
long long insert_new_pack(soci::session& sql, const publication& order) {
  const auto& pack = *order.new_pack;
  const auto chunks = unknown_chunks(sql, order);
  const auto number = tables::next_number(sql, "pack");
  const auto first_chunk = tables::next_number(sql, "chunk");
  const auto chunk_count = static_cast<long long>(chunks.size());
  const auto descriptor = tables::keep_bytes(sql, encode(pack));
  const auto id = pack.id.hex();
  const auto length_bytes = static_cast<long long>(pack.length_bytes);
  const auto piece_bytes = static_cast<long long>(pack.piece_bytes);
  sql << "insert into pack (no, id, length_bytes, piece_bytes, descriptor, first_chunk,"
         " chunk_count) values (:no, :id, :length, :piece, :descriptor, :first, :count)",
      soci::use(number), soci::use(id), soci::use(length_bytes), soci::use(piece_bytes),
      soci::use(descriptor), soci::use(first_chunk), soci::use(chunk_count);
  tables::insert_chunks(sql, first_chunk, number, chunks);
  sql << "delete from removed_pack where id = :id", soci::use(id);
  return number;
}

/// The numbers of the recipe's packs, in its order; the new one is added when it is not there.
result<std::vector<long long>> settle_packs(soci::session& sql, const publication& order,
                                            const recipe& image) {
  std::vector<long long> numbers;
  for (const auto& wanted : image.packs) {
    const auto there = tables::find_pack(sql, wanted.id);
    if (there && there->reference != wanted) {
      return {errc::conflict, "pack " + wanted.id.hex() + " has " +
                                  std::to_string(there->reference.length_bytes) + " bytes in " +
                                  std::to_string(there->reference.piece_bytes) +
                                  "-byte pieces, not as the recipe of " + image_name(order) +
                                  " says; publish again"};
    }
    if (there) {
      numbers.push_back(there->number);
    } else if (order.new_pack && order.new_pack->id == wanted.id) {
      numbers.push_back(insert_new_pack(sql, order));
    } else {
      return {errc::conflict, "pack " + wanted.id.hex() + ", which " + image_name(order) +
                                  " needs, was removed meanwhile; publish again"};
    }
  }
  return numbers;
}

/// What an image's row says of the recipe it is registered under.
struct registered_recipe {
  long long number = 0;
  std::uint64_t referred_bytes = 0;
  std::uint64_t fetch_bytes = 0;
  /// Of the pack that came with it.
  std::uint64_t pack_bytes = 0;
};

/// The recipe of an image with the very same content, whatever packs it points into.
std::optional<registered_recipe> recipe_of_equal_content(soci::session& sql,
                                                         const content_id& content) {
  const auto there = tables::find_recipe(sql, content);
  if (!there) return std::nullopt;
  long long referred_bytes = 0;
  long long fetch_bytes = 0;
  sql << "select referred_bytes, fetch_bytes from image where recipe = :recipe limit 1",
      soci::use(there->number), soci::into(referred_bytes), soci::into(fetch_bytes);
  if (!sql.got_data()) throw tables::damaged_row("a recipe without an image");
  return registered_recipe{there->number, static_cast<std::uint64_t>(referred_bytes),
                           static_cast<std::uint64_t>(fetch_bytes), 0};
}

/// @pre no recipe has this content. @returns the recipe's number.
long long insert_recipe(soci::session& sql, const publication& order, const recipe& image,
                        const std::vector<long long>& packs) {
  const auto number = tables::next_number(sql, "recipe");
  const auto encoded = tables::keep_bytes(sql, order.recipe_bytes);
  const auto id = order.recipe.hex();
  const auto content = image.content.hex();
  sql << "insert into recipe (no, id, content, encoded) values (:no, :id, :content, :encoded)",
      soci::use(number), soci::use(id), soci::use(content), soci::use(encoded);
  for (std::size_t i = 0; i < packs.size(); ++i) {
    const auto entry = static_cast<long long>(i);
    sql << "insert into recipe_pack (recipe, entry, pack) values (:recipe, :entry, :pack)",
        soci::use(number), soci::use(entry), soci::use(packs[i]);
  }
  return number;
}

/// Equal content gets the recipe that is there, so that publishing it again adds no pack and whoever
/// holds one of the images holds both; see README.md, Decisions.
result<registered_recipe> settle_recipe(soci::session& sql, const publication& order,
                                        const recipe& image) {
  if (const auto there = recipe_of_equal_content(sql, image.content)) return *there;
  const auto packs = settle_packs(sql, order, image);
  if (!packs) return packs.error();
  const auto cost = costs(image);
  return registered_recipe{insert_recipe(sql, order, image, *packs), cost.referred_bytes,
                           cost.fetch_bytes,
                           order.new_pack ? order.new_pack->length_bytes : 0};
}

void insert_image(soci::session& sql, const publication& order, const recipe& image,
                  const registered_recipe& its_recipe) {
  const auto virtual_bytes = static_cast<long long>(image.virtual_bytes);
  const auto data_bytes = static_cast<long long>(costs(image).data_bytes);
  const auto referred_bytes = static_cast<long long>(its_recipe.referred_bytes);
  const auto fetch_bytes = static_cast<long long>(its_recipe.fetch_bytes);
  const auto pack_bytes = static_cast<long long>(its_recipe.pack_bytes);
  const auto chunk_count =
      static_cast<long long>(std::ranges::count(image.entries, false, &recipe_entry::hole));
  sql << "insert into image (name, version, parent, virtual_bytes, data_bytes, referred_bytes,"
         " fetch_bytes, pack_bytes, chunk_count, recipe, publisher, published_at) values"
         " (:name, :version, :parent, :virtual, :data, :referred, :fetch, :pack, :chunks, :recipe,"
         " :publisher, :published_at)",
      soci::use(order.name), soci::use(order.version), soci::use(order.parent),
      soci::use(virtual_bytes), soci::use(data_bytes), soci::use(referred_bytes),
      soci::use(fetch_bytes), soci::use(pack_bytes), soci::use(chunk_count),
      soci::use(its_recipe.number), soci::use(order.publisher), soci::use(order.published_at);
}

} // namespace

result<publish_outcome> catalogue::publish(const publication& order) {
  const auto image = check(order);
  if (!image) return image.error();
  return guarded(*database_, "publish", [&](soci::session& sql) -> result<publish_outcome> {
    dialect::set_durable(sql, true);
    soci::transaction whole{sql};
    // Before everything else: a publisher whose answer was lost asks again, and finds it done.
    const auto there = already_there(sql, order, *image);
    if (!there) return there.error();
    if (*there) return publish_outcome::already_there;
    if (auto parent = check_parent(sql, order); !parent) return parent.error();
    const auto its_recipe = settle_recipe(sql, order, *image);
    if (!its_recipe) return its_recipe.error();
    insert_image(sql, order, *image, *its_recipe);
    whole.commit();
    return publish_outcome::created;
  });
}

} // namespace shoal::swarm
