#include "swarm/publish/chunk_ledger.hpp"

#include "topology/assert.hpp"

#include <algorithm>

namespace shoal::swarm {

void chunk_ledger::add_hole(std::uint64_t length_bytes) { runs_.push_back({length_bytes}); }

std::pair<std::uint32_t, bool>
chunk_ledger::add_chunk(chunk_id id, std::uint64_t image_offset_bytes, std::uint32_t length_bytes) {
  const auto next = static_cast<std::uint32_t>(chunks_.size());
  const auto [place, fresh] = numbers_.try_emplace(id, next);
  if (fresh) chunks_.push_back({id, image_offset_bytes, length_bytes, std::nullopt});
  runs_.push_back({length_bytes, place->second});
  return {place->second, fresh};
}

result<void> chunk_ledger::look_up() {
  std::vector<chunk_id> ids;
  ids.reserve(chunks_.size() - looked_up_);
  for (auto i = looked_up_; i < chunks_.size(); ++i)
    ids.push_back(chunks_[i].id);
  if (ids.empty()) return {};
  auto found = find_chunks_(ids);
  if (!found) return found.error();
  if (found->size() != ids.size()) {
    return {errc::corrupt, "the catalogue answered " + std::to_string(found->size()) +
                               " chunks when asked for " + std::to_string(ids.size())};
  }
  for (auto& location : *found) {
    auto& chunk = chunks_[looked_up_++];
    chunk.known = std::move(location);
    if (!chunk.known) continue;
    if (auto fine = check_known(chunk); !fine) return fine;
  }
  return {};
}

result<void> chunk_ledger::check_known(const ledger_chunk& chunk) {
  const auto& at = *chunk.known;
  const auto [place, fresh] =
      pack_numbers_.try_emplace(at.pack, static_cast<std::uint32_t>(packs_.size()));
  if (fresh) {
    auto pack = find_pack_(at.pack);
    if (!pack) return pack.error();
    packs_.push_back(*pack);
  }
  const auto& pack = packs_[place->second];
  const bool shape = at.how == compression::none ? at.stored_bytes == at.expanded_bytes
                                                 : at.stored_bytes < at.expanded_bytes;
  if (pack.id == at.pack && shape && at.expanded_bytes == chunk.length_bytes &&
      at.stored_bytes != 0 && at.stored_bytes <= pack.length_bytes &&
      at.offset_bytes <= pack.length_bytes - at.stored_bytes) {
    return {};
  }
  return {errc::corrupt, "the catalogue's place of chunk " + chunk.id.hex() + " in pack " +
                             at.pack.hex() + " cannot be true"};
}

std::vector<std::uint32_t> chunk_ledger::chunks_to_rewrite(std::uint64_t new_bytes,
                                                           const capping_config& config) const {
  std::vector<known_chunk> known;
  std::vector<std::uint32_t> numbers;
  for (std::uint32_t i = 0; i < chunks_.size(); ++i) {
    if (!chunks_[i].known) continue;
    const auto& at = *chunks_[i].known;
    known.push_back({pack_numbers_.at(at.pack), at.offset_bytes, at.stored_bytes});
    numbers.push_back(i);
  }
  const auto plan = plan_capping(packs_, known, new_bytes, config);
  std::vector<std::uint32_t> chosen;
  chosen.reserve(plan.rewrite.size());
  for (const auto index : plan.rewrite)
    chosen.push_back(numbers[index]);
  return chosen;
}

recipe chunk_ledger::build(std::uint64_t virtual_bytes, chunking cut,
                           const std::optional<pack_descriptor>& new_pack) const {
  // Where each chunk lies at last: what was packed wins over what was known.
  std::vector<const packed_chunk*> in_new_pack(chunks_.size(), nullptr);
  for (const auto& each : packed_)
    in_new_pack[each.chunk] = &each;

  recipe made{.virtual_bytes = virtual_bytes, .cut = cut};
  std::unordered_map<pack_id, std::uint32_t> numbers;
  const auto number_of = [&](const pack_reference& pack) {
    const auto next = static_cast<std::uint32_t>(made.packs.size());
    const auto [place, fresh] = numbers.try_emplace(pack.id, next);
    if (fresh) made.packs.push_back(pack);
    return place->second;
  };
  made.entries.reserve(runs_.size());
  for (const auto& each : runs_) {
    recipe_entry entry{.length_bytes = each.length_bytes, .hole = each.chunk == no_chunk};
    if (!entry.hole) {
      const auto& chunk = chunks_[each.chunk];
      entry.chunk = chunk.id;
      if (const auto* packed = in_new_pack[each.chunk]; packed != nullptr) {
        SHOAL_ASSERT(new_pack.has_value());
        entry.pack = number_of({new_pack->id, new_pack->length_bytes, new_pack->piece_bytes});
        entry.offset_bytes = packed->offset_bytes;
        entry.stored_bytes = packed->stored_bytes;
        entry.how = packed->how;
      } else {
        SHOAL_ASSERT(chunk.known.has_value());
        entry.pack = number_of(packs_[pack_numbers_.at(chunk.known->pack)]);
        entry.offset_bytes = chunk.known->offset_bytes;
        entry.stored_bytes = chunk.known->stored_bytes;
        entry.how = chunk.known->how;
      }
    }
    made.entries.push_back(entry);
  }
  return made;
}

std::vector<std::pair<chunk_id, chunk_location>> chunk_ledger::new_chunks(pack_id pack) const {
  std::vector<std::pair<chunk_id, chunk_location>> made;
  made.reserve(packed_.size());
  for (const auto& each : packed_) {
    const auto& chunk = chunks_[each.chunk];
    made.emplace_back(chunk.id, chunk_location{pack, each.offset_bytes, each.stored_bytes,
                                               chunk.length_bytes, each.how});
  }
  return made;
}

} // namespace shoal::swarm
