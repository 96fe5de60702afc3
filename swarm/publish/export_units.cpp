#include "swarm/publish/export_units.hpp"

#include "topology/assert.hpp"

#include <algorithm>
#include <tuple>

namespace shoal::swarm {

namespace {

/// Entries that expand from the same bytes to the same bytes.
auto source_of(const recipe_entry& entry) {
  return std::tie(entry.pack, entry.offset_bytes, entry.stored_bytes, entry.how, entry.length_bytes,
                  entry.chunk);
}

} // namespace

export_units::export_units(const recipe& image) {
  for (const auto& pack : image.packs) {
    arrived_.emplace_back(pack.piece_count());
    piece_bytes_.push_back(pack.piece_bytes);
  }
  make_units(image);
  count_pieces();
}

void export_units::make_units(const recipe& image) {
  struct place {
    std::uint64_t offset_bytes;
    std::uint32_t entry;
  };
  std::vector<place> chunks;
  std::uint64_t at = 0;
  for (std::uint32_t i = 0; i < image.entries.size(); ++i) {
    if (!image.entries[i].hole) chunks.push_back({at, i});
    at += image.entries[i].length_bytes;
  }
  const auto& entries = image.entries;
  std::stable_sort(chunks.begin(), chunks.end(), [&](const place& a, const place& b) {
    return source_of(entries[a.entry]) < source_of(entries[b.entry]);
  });
  places_.reserve(chunks.size());
  for (const auto& chunk : chunks) {
    const auto& entry = entries[chunk.entry];
    if (units_.empty() || source_of(entries[units_.back().entry]) != source_of(entry)) {
      units_.push_back({entry.offset_bytes, chunk.entry, entry.stored_bytes, entry.pack,
                        static_cast<std::uint32_t>(places_.size()), 0});
    }
    ++units_.back().place_count;
    places_.push_back(chunk.offset_bytes);
  }
}

void export_units::count_pieces() {
  missing_.reserve(units_.size());
  pack_begins_.push_back(0);
  for (std::uint32_t i = 0; i < units_.size(); ++i) {
    const auto& unit = units_[i];
    while (pack_begins_.size() <= unit.pack)
      pack_begins_.push_back(i);
    const auto piece_bytes = piece_bytes_[unit.pack];
    const auto last_byte = unit.offset_bytes + unit.stored_bytes - 1;
    missing_.push_back(
        static_cast<std::uint8_t>(last_byte / piece_bytes - unit.offset_bytes / piece_bytes + 1));
  }
  while (pack_begins_.size() <= arrived_.size()) {
    pack_begins_.push_back(static_cast<std::uint32_t>(units_.size()));
  }
}

std::vector<unit_range> export_units::arrive(std::uint32_t pack, const piece_set& pieces) {
  std::vector<unit_range> ready;
  if (pieces.size() != arrived_[pack].size()) return ready;
  pieces.for_each([&](std::uint32_t piece) { arrive(pack, piece, ready); });
  return ready;
}

std::vector<unit_range> export_units::arrive(std::uint32_t pack, std::uint32_t piece) {
  std::vector<unit_range> ready;
  if (piece < arrived_[pack].size()) arrive(pack, piece, ready);
  return ready;
}

void export_units::arrive(std::uint32_t pack, std::uint32_t piece, std::vector<unit_range>& ready) {
  if (!arrived_[pack].insert(piece)) return;
  const auto begin = static_cast<std::uint64_t>(piece) * piece_bytes_[pack];
  const auto end = begin + piece_bytes_[pack];
  const auto scan_from = begin - std::min<std::uint64_t>(begin, chunk_bytes_max);
  const auto first = units_.begin() + pack_begins_[pack];
  const auto past = units_.begin() + pack_begins_[pack + 1];
  const auto from =
      std::lower_bound(first, past, scan_from, [](const export_unit& unit, std::uint64_t offset) {
        return unit.offset_bytes < offset;
      });
  for (auto unit = from; unit != past && unit->offset_bytes < end; ++unit) {
    if (unit->offset_bytes + unit->stored_bytes <= begin) continue;
    const auto number = static_cast<std::uint32_t>(unit - units_.begin());
    SHOAL_ASSERT(missing_[number] > 0);
    if (--missing_[number] > 0) continue;
    if (!ready.empty() && ready.back().end == number)
      ++ready.back().end;
    else
      ready.push_back({number, number + 1});
  }
}

} // namespace shoal::swarm
