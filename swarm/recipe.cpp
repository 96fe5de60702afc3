#include "swarm/recipe.hpp"

#include "swarm/byte_format.hpp"

#include <algorithm>
#include <unordered_set>

namespace shoal::swarm {

namespace {

std::string entry_name(std::size_t number) { return "recipe entry " + std::to_string(number); }

result<void> check_packs(const recipe& image) {
  std::unordered_set<pack_id> seen;
  std::uint64_t pieces = 0;
  for (const auto& pack : image.packs) {
    const auto name = "recipe's pack " + pack.id.hex() + ": ";
    if (pack.length_bytes == 0 || pack.length_bytes > pack_bytes_max) {
      return {errc::corrupt, name + "a length of " + std::to_string(pack.length_bytes) + " bytes"};
    }
    if (!valid_piece_bytes(pack.piece_bytes)) {
      return {errc::corrupt, name + "pieces of " + std::to_string(pack.piece_bytes) + " bytes"};
    }
    if (!seen.insert(pack.id).second) return {errc::corrupt, name + "listed twice"};
    pieces += pack.piece_count();
  }
  if (pieces > recipe_pieces_max) {
    return {errc::corrupt, "the recipe's packs have " + std::to_string(pieces) +
                               " pieces, more than " + std::to_string(recipe_pieces_max)};
  }
  return {};
}

result<void> check_chunk(const recipe& image, std::size_t number) {
  const auto& entry = image.entries[number];
  const auto fail = [&](const std::string& why) {
    return result<void>{errc::corrupt, entry_name(number) + ": " + why};
  };
  if (entry.length_bytes > chunk_bytes_max) {
    return fail("a chunk of " + std::to_string(entry.length_bytes) + " bytes is too long");
  }
  if (entry.pack >= image.packs.size()) {
    return fail("pack " + std::to_string(entry.pack) + " of " + std::to_string(image.packs.size()));
  }
  switch (entry.how) {
  case compression::none:
    if (entry.stored_bytes != entry.length_bytes) return fail("stored plain at another length");
    break;
  case compression::zstd:
    if (entry.stored_bytes == 0 || entry.stored_bytes >= entry.length_bytes) {
      return fail("compressed, but not shorter");
    }
    break;
  default: return fail("an unknown compression");
  }
  const auto pack_bytes = image.packs[entry.pack].length_bytes;
  if (entry.stored_bytes > pack_bytes || entry.offset_bytes > pack_bytes - entry.stored_bytes) {
    return fail("ends past the end of its pack");
  }
  return {};
}

/// Calls `visit(first piece, last piece)` for a chunk.
template <class Visit>
void visit_pieces(const recipe& image, const recipe_entry& entry, Visit visit) {
  const auto piece_bytes = image.packs[entry.pack].piece_bytes;
  const auto last_byte = entry.offset_bytes + entry.stored_bytes - 1;
  visit(static_cast<std::uint32_t>(entry.offset_bytes / piece_bytes),
        static_cast<std::uint32_t>(last_byte / piece_bytes));
}

/// Bytes of each pack that some chunk covers, counted once however often they are named.
std::uint64_t distinct_stored_bytes(const recipe& image) {
  struct range {
    std::uint32_t pack;
    std::uint64_t begin;
    std::uint64_t end;
    auto operator<=>(const range&) const = default;
  };
  std::vector<range> ranges;
  ranges.reserve(image.entries.size());
  for (const auto& entry : image.entries) {
    if (entry.hole) continue;
    ranges.push_back({entry.pack, entry.offset_bytes, entry.offset_bytes + entry.stored_bytes});
  }
  std::sort(ranges.begin(), ranges.end());
  std::uint64_t bytes = 0;
  std::uint64_t covered_to = 0;
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    if (i == 0 || ranges[i].pack != ranges[i - 1].pack) covered_to = 0;
    const auto begin = std::max(ranges[i].begin, covered_to);
    if (ranges[i].end > begin) bytes += ranges[i].end - begin;
    covered_to = std::max(covered_to, ranges[i].end);
  }
  return bytes;
}

} // namespace

std::vector<piece_set> needed_pieces(const recipe& image) {
  std::vector<piece_set> needed;
  needed.reserve(image.packs.size());
  for (const auto& pack : image.packs)
    needed.emplace_back(pack.piece_count());
  for (const auto& entry : image.entries) {
    if (entry.hole) continue;
    visit_pieces(image, entry, [&](std::uint32_t first, std::uint32_t last) {
      for (auto piece = first; piece <= last; ++piece)
        needed[entry.pack].insert(piece);
    });
  }
  return needed;
}

recipe_costs costs(const recipe& image) {
  recipe_costs total;
  for (const auto& entry : image.entries) {
    if (!entry.hole) total.data_bytes += entry.length_bytes;
  }
  total.referred_bytes = distinct_stored_bytes(image);
  const auto needed = needed_pieces(image);
  for (std::size_t i = 0; i < needed.size(); ++i) {
    total.fetch_bytes += bytes_of(image.packs[i], needed[i]);
  }
  return total;
}

std::uint64_t bytes_of(const pack_reference& pack, const piece_set& pieces) {
  SHOAL_ASSERT(pieces.size() == pack.piece_count());
  if (pieces.empty()) return 0;
  const auto last = pieces.size() - 1;
  const auto missing_at_end =
      static_cast<std::uint64_t>(pieces.size()) * pack.piece_bytes - pack.length_bytes;
  return static_cast<std::uint64_t>(pieces.count()) * pack.piece_bytes -
         (pieces.contains(last) ? missing_at_end : 0);
}

content_id content_of(const recipe& image, sha256_function sha256) {
  std::string bytes;
  bytes.reserve(image.entries.size() * 41);
  for (const auto& entry : image.entries) {
    append_number(bytes, entry.length_bytes);
    append_number(bytes, static_cast<std::uint8_t>(entry.hole));
    append_digest(bytes, entry.hole ? digest{} : entry.chunk.bytes);
  }
  return content_id{sha256(std::as_bytes(std::span{bytes}))};
}

result<void> check(const recipe& image) {
  if (image.virtual_bytes > image_bytes_max) {
    return {errc::corrupt, "a recipe for an image of " + std::to_string(image.virtual_bytes) +
                               " bytes, more than " + std::to_string(image_bytes_max)};
  }
  if (image.cut != chunking::blocks && image.cut != chunking::fixed) {
    return {errc::corrupt, "a recipe cut in an unknown way"};
  }
  if (auto packs = check_packs(image); !packs) return packs;
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < image.entries.size(); ++i) {
    const auto& entry = image.entries[i];
    if (entry.length_bytes == 0 || entry.length_bytes > image.virtual_bytes - bytes) {
      return {errc::corrupt, entry_name(i) + ": " + std::to_string(entry.length_bytes) +
                                 " bytes do not fit the image"};
    }
    bytes += entry.length_bytes;
    if (entry.hole) continue;
    if (auto chunk = check_chunk(image, i); !chunk) return chunk;
  }
  if (bytes != image.virtual_bytes) {
    return {errc::corrupt, "the recipe's entries make " + std::to_string(bytes) +
                               " bytes of an image of " + std::to_string(image.virtual_bytes)};
  }
  return {};
}

} // namespace shoal::swarm
