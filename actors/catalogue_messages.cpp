#include "actors/catalogue_messages.hpp"

#include "actors/wire_convert.hpp"

#include "swarm/crypto/sha256.hpp"

#include <map>
#include <set>

namespace shoal::actors {

namespace {

/// Images a reply lists at most.
constexpr int images_page = 1000;

/// Hosts that hold every pack of the recipe whole.
std::uint32_t holders_of(swarm::catalogue& catalogue, const swarm::recipe_id& recipe,
                         const topology::holder_table& table) {
  auto packs = catalogue.packs_of(recipe);
  if (!packs || packs->empty()) return 0;
  std::vector<topology::pack_key> keys;
  for (const auto& pack : *packs) keys.push_back(pack.id.bytes);
  std::map<std::string, std::size_t> whole;
  for (const auto& view : table.lookup(keys)) {
    for (const auto& holder : view.holders) whole[holder.host] += holder.all;
  }
  std::uint32_t count = 0;
  for (const auto& [host, held] : whole) count += held == keys.size();
  return count;
}

wire::ImageRecord to_wire(const swarm::image_record& image, std::uint32_t holder_count) {
  wire::ImageRecord out;
  out.set_name(image.name);
  out.set_version(image.version);
  out.set_parent(image.parent);
  out.set_virtual_bytes(image.virtual_bytes);
  out.set_data_bytes(image.data_bytes);
  out.set_referred_bytes(image.referred_bytes);
  out.set_fetch_bytes(image.fetch_bytes);
  out.set_pack_bytes(image.pack_bytes);
  out.set_chunk_count(image.chunk_count);
  out.set_recipe(image.recipe.raw());
  out.set_publisher(image.publisher);
  out.set_published_at(image.published_at);
  out.set_holder_count(holder_count);
  return out;
}

result<std::string> document(swarm::catalogue& catalogue, const wire::Download& order) {
  if (order.kind() == wire::PACK_DESCRIPTOR) {
    const auto id = swarm::pack_id::from_raw(order.id());
    if (!id) return {errc::invalid_argument, "a pack id must have 32 bytes"};
    auto pack = catalogue.pack(*id);
    if (!pack) return pack.error();
    return swarm::encode(*pack);
  }
  const auto id = swarm::recipe_id::from_raw(order.id());
  if (!id) return {errc::invalid_argument, "a recipe id must have 32 bytes"};
  return catalogue.recipe_bytes(*id);
}

} // namespace

result<wire::ChunkPlaces> find_chunks(swarm::catalogue& catalogue, const wire::FindChunks& find) {
  if (find.ids().size() % 32 != 0) return {errc::invalid_argument, "chunk ids must have 32 bytes"};
  std::vector<swarm::chunk_id> ids;
  for (std::size_t i = 0; i < find.ids().size(); i += 32) {
    ids.push_back(*swarm::chunk_id::from_raw(std::string_view{find.ids()}.substr(i, 32)));
  }
  auto found = catalogue.find_chunks(ids);
  if (!found) return found.error();
  wire::ChunkPlaces out;
  std::map<swarm::pack_id, std::uint32_t> packs;
  for (std::size_t i = 0; i < found->size(); ++i) {
    const auto& location = (*found)[i];
    if (!location) continue;
    const auto [pack, fresh] =
        packs.try_emplace(location->pack, static_cast<std::uint32_t>(packs.size()));
    if (fresh) out.add_packs(location->pack.raw());
    auto& place = *out.add_places();
    place.set_index(static_cast<std::uint32_t>(i));
    place.set_pack(pack->second);
    place.set_offset_bytes(location->offset_bytes);
    place.set_stored_bytes(location->stored_bytes);
    place.set_expanded_bytes(location->expanded_bytes);
    place.set_compression(static_cast<std::uint32_t>(location->how));
  }
  return out;
}

result<wire::PackReference> find_pack(swarm::catalogue& catalogue, const wire::FindPack& find) {
  const auto id = swarm::pack_id::from_raw(find.pack());
  if (!id) return {errc::invalid_argument, "a pack id must have 32 bytes"};
  auto pack = catalogue.reference_to(*id);
  if (!pack) return pack.error();
  wire::PackReference out;
  out.set_pack(find.pack());
  out.set_length_bytes(pack->length_bytes);
  out.set_piece_bytes(pack->piece_bytes);
  return out;
}

result<wire::PublicationOutcome> publish(swarm::catalogue& catalogue, const std::string& document,
                                         const std::string& timestamp) {
  wire::Publication sent;
  if (!sent.ParseFromString(document) || sent.chunk_ids_size() != sent.chunk_places_size()) {
    return {errc::corrupt, "the publication cannot be parsed"};
  }
  swarm::publication order{.name = sent.name(),
                           .version = sent.version(),
                           .parent = sent.parent(),
                           .publisher = sent.publisher(),
                           .published_at = timestamp,
                           .recipe = {swarm::sha256(std::as_bytes(std::span{sent.recipe()}))},
                           .recipe_bytes = sent.recipe(),
                           .new_pack = std::nullopt,
                           .new_chunks = {}};
  if (!sent.pack_descriptor().empty()) {
    auto pack = swarm::decode_pack_descriptor(sent.pack_descriptor(), swarm::sha256);
    if (!pack) return pack.error();
    order.new_pack = std::move(*pack);
  }
  if (sent.chunk_ids_size() > 0 && !order.new_pack) {
    return {errc::corrupt, "the publication has new chunks but no new pack"};
  }
  for (int i = 0; i < sent.chunk_ids_size(); ++i) {
    const auto id = swarm::chunk_id::from_raw(sent.chunk_ids(i));
    if (!id) return {errc::corrupt, "a chunk id must have 32 bytes"};
    const auto& place = sent.chunk_places(i);
    order.new_chunks.emplace_back(
        *id, swarm::chunk_location{order.new_pack->id, place.offset_bytes(), place.stored_bytes(),
                                   place.expanded_bytes(),
                                   static_cast<swarm::compression>(place.compression())});
  }
  auto outcome = catalogue.publish(order);
  if (!outcome) return outcome.error();
  auto registered = catalogue.image(order.name, order.version);
  if (!registered) return registered.error();
  wire::PublicationOutcome out;
  out.set_created(*outcome == swarm::publish_outcome::created);
  out.set_recipe(registered->recipe.raw());
  return out;
}

result<wire::DocumentPart> download(swarm::catalogue& catalogue, const wire::Download& order) {
  auto whole = document(catalogue, order);
  if (!whole) return whole.error();
  wire::DocumentPart part;
  part.set_total_bytes(whole->size());
  if (order.offset_bytes() < whole->size()) {
    part.set_part(whole->substr(order.offset_bytes(), document_part_bytes));
  }
  return part;
}

result<wire::ImageRecord> find_image(swarm::catalogue& catalogue, const wire::FindImage& find,
                                     const topology::holder_table& table) {
  auto image = catalogue.image(find.name(), find.version());
  if (!image) return image.error();
  auto out = to_wire(*image, holders_of(catalogue, image->recipe, table));
  auto bytes = catalogue.recipe_bytes(image->recipe);
  if (!bytes) return bytes.error();
  auto recipe = swarm::decode_recipe(*bytes);
  if (!recipe) return recipe.error();
  out.set_chunking(static_cast<std::uint32_t>(recipe->cut));
  out.set_content(recipe->content.raw());
  if (!find.fetching()) return out;
  const auto needs = swarm::needed_pieces(*recipe);
  for (std::size_t i = 0; i < needs.size(); ++i)
    *out.add_needs() = actors::to_wire(recipe->packs[i].id, needs[i]);
  return out;
}

result<wire::Images> list_images(swarm::catalogue& catalogue, const wire::ListImages& list,
                                 const topology::holder_table& table) {
  auto images = catalogue.images();
  if (!images) return images.error();
  wire::Images out;
  for (std::size_t i = list.skip(); i < images->size(); ++i) {
    if (out.images_size() == images_page) {
      out.set_more(true);
      break;
    }
    const auto& image = (*images)[i];
    *out.add_images() = to_wire(image, holders_of(catalogue, image.recipe, table));
  }
  return out;
}

result<wire::CheckedPacks> check_packs(swarm::catalogue& catalogue, const wire::CheckPacks& check) {
  std::vector<swarm::pack_id> packs;
  packs.reserve(static_cast<std::size_t>(check.packs_size()));
  for (const auto& raw : check.packs()) {
    const auto id = swarm::pack_id::from_raw(raw);
    if (!id) return {errc::invalid_argument, "a pack id must have 32 bytes"};
    packs.push_back(*id);
  }
  auto fates = catalogue.fates_of(packs);
  if (!fates) return fates.error();
  wire::CheckedPacks out;
  for (const auto& pack : fates->removed) out.add_removed(pack.raw());
  for (const auto& pack : fates->unknown) out.add_unknown(pack.raw());
  return out;
}

result<wire::Removal> remove_image(swarm::catalogue& catalogue, const wire::RemoveImage& order) {
  auto freed = catalogue.remove_image(order.name(), order.version());
  if (!freed) return freed.error();
  wire::Removal out;
  std::uint64_t bytes = 0;
  for (const auto& pack : *freed) {
    out.add_packs(pack.id.raw());
    bytes += pack.length_bytes;
  }
  out.set_freed_bytes(bytes);
  return out;
}

} // namespace shoal::actors
