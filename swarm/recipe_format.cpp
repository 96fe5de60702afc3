// Recipe, format 1. Numbers are little-endian; v is LEB128 in its shortest form. Golden file:
// tests/data/recipe-v1.bin.
//
//   bytes  field
//   8      "SHLRECP1"
//   8      virtual_bytes
//   1      cut (chunking)
//   32     content
//   4      pack count
//   4      entry count
//   then for each pack:
//   32     id
//   8      length_bytes
//   4      piece_bytes
//   then for each entry:
//   1      kind: 0 chunk stored plain, 1 chunk stored as zstd, 2 hole; plus 4 where a chunk lies in
//          the pack of the chunk entry before it, just behind that one (the first chunk: at the
//          beginning of pack 0)
//   v      length_bytes
//   and in a chunk:
//   v      stored_bytes, where compressed
//   v v    pack, offset_bytes, where kind has no 4
//   32     chunk id
#include "swarm/byte_format.hpp"
#include "swarm/recipe.hpp"

#include <limits>

namespace shoal::swarm {

namespace {

constexpr std::string_view magic = "SHLRECP1";
constexpr std::uint8_t kind_hole = 2;
constexpr std::uint8_t kind_follows = 4;
constexpr std::size_t pack_entry_bytes = 44;
constexpr std::size_t entry_bytes_min = 2;

/// Where a chunk that "follows" lies.
struct expected_place {
  std::uint32_t pack = 0;
  std::uint64_t offset_bytes = 0;

  [[nodiscard]] bool matches(const recipe_entry& entry) const {
    return entry.pack == pack && entry.offset_bytes == offset_bytes;
  }
  void move_behind(const recipe_entry& entry) {
    pack = entry.pack;
    offset_bytes = entry.offset_bytes + entry.stored_bytes;
  }
};

void append_entry(std::string& out, const recipe_entry& entry, expected_place& expected) {
  if (entry.hole) {
    append_number(out, kind_hole);
    append_varint(out, entry.length_bytes);
    return;
  }
  const bool follows = expected.matches(entry);
  const auto kind = static_cast<std::uint8_t>(entry.how) | (follows ? kind_follows : 0);
  append_number(out, static_cast<std::uint8_t>(kind));
  append_varint(out, entry.length_bytes);
  if (entry.how != compression::none) append_varint(out, entry.stored_bytes);
  if (!follows) {
    append_varint(out, entry.pack);
    append_varint(out, entry.offset_bytes);
  }
  append_digest(out, entry.chunk.bytes);
  expected.move_behind(entry);
}

/// @returns whether the number fitted.
bool narrow(std::uint64_t value, std::uint32_t& into) {
  into = static_cast<std::uint32_t>(value);
  return value <= std::numeric_limits<std::uint32_t>::max();
}

/// @returns whether the entry is well-formed; whether it makes sense, `check` says.
bool read_entry(byte_reader& in, recipe_entry& entry, expected_place& expected) {
  const auto kind = in.number<std::uint8_t>();
  entry.length_bytes = in.varint();
  entry.hole = kind == kind_hole;
  if (entry.hole) return !in.failed();
  if ((kind & ~kind_follows) > 1) return false;
  entry.how = static_cast<compression>(kind & 1);
  const auto stored = entry.how == compression::none ? entry.length_bytes : in.varint();
  if (!narrow(stored, entry.stored_bytes)) return false;
  if ((kind & kind_follows) != 0) {
    entry.pack = expected.pack;
    entry.offset_bytes = expected.offset_bytes;
  } else {
    if (!narrow(in.varint(), entry.pack)) return false;
    entry.offset_bytes = in.varint();
    // Two ways to write one recipe would give it two ids.
    if (expected.matches(entry)) return false;
  }
  entry.chunk.bytes = in.read_digest();
  expected.move_behind(entry);
  return !in.failed();
}

} // namespace

std::string encode(const recipe& image) {
  std::string out;
  out.reserve(64 + image.packs.size() * pack_entry_bytes + image.entries.size() * 40);
  out += magic;
  append_number(out, image.virtual_bytes);
  append_number(out, static_cast<std::uint8_t>(image.cut));
  append_digest(out, image.content.bytes);
  append_number(out, static_cast<std::uint32_t>(image.packs.size()));
  append_number(out, static_cast<std::uint32_t>(image.entries.size()));
  for (const auto& pack : image.packs) {
    append_digest(out, pack.id.bytes);
    append_number(out, pack.length_bytes);
    append_number(out, pack.piece_bytes);
  }
  expected_place expected;
  for (const auto& entry : image.entries)
    append_entry(out, entry, expected);
  return out;
}

result<recipe> decode_recipe(std::string_view bytes) {
  byte_reader in{bytes};
  if (in.take(magic.size()) != magic) {
    return {errc::corrupt, "this is not a recipe of format 1 (SHLRECP1)"};
  }
  const auto malformed = [&] {
    return result<recipe>{errc::corrupt,
                          "malformed recipe at byte " + std::to_string(in.position())};
  };
  recipe image;
  image.virtual_bytes = in.number<std::uint64_t>();
  image.cut = static_cast<chunking>(in.number<std::uint8_t>());
  image.content.bytes = in.read_digest();
  const auto pack_count = in.number<std::uint32_t>();
  const auto entry_count = in.number<std::uint32_t>();
  if (in.failed() ||
      std::uint64_t{pack_count} * pack_entry_bytes + std::uint64_t{entry_count} * entry_bytes_min >
          in.left()) {
    return malformed();
  }
  image.packs.resize(pack_count);
  for (auto& pack : image.packs) {
    pack.id.bytes = in.read_digest();
    pack.length_bytes = in.number<std::uint64_t>();
    pack.piece_bytes = in.number<std::uint32_t>();
  }
  expected_place expected;
  image.entries.resize(entry_count);
  for (auto& entry : image.entries) {
    if (!read_entry(in, entry, expected)) return malformed();
  }
  if (in.left() != 0) return malformed();
  if (auto checked = check(image); !checked) return checked.error();
  return image;
}

} // namespace shoal::swarm
