// What an export has to do, in units of one stored chunk, and which of it can be done yet.
//
// Threads: callers synchronise the changing part (`begin`, `arrive`); the rest never changes.
// Errors:  none; a recipe that was not checked is our bug.
#pragma once

#include "swarm/piece_set.hpp"
#include "swarm/recipe.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace shoal::swarm {

/// One stored chunk and the places in the image that are made of it.
struct export_unit {
  std::uint64_t offset_bytes = 0;
  /// The recipe's entry that describes it.
  std::uint32_t entry = 0;
  std::uint32_t stored_bytes = 0;
  std::uint32_t pack = 0;
  std::uint32_t first_place = 0;
  std::uint32_t place_count = 0;
};

/// Consecutive units of one pack.
struct unit_range {
  std::uint32_t first = 0;
  std::uint32_t end = 0;
};

/// All units of a recipe in the order of the packs, each with a count of the pieces it waits for.
class export_units {
public:
  explicit export_units(const recipe& image);

  [[nodiscard]] const export_unit& operator[](std::uint32_t unit) const { return units_[unit]; }
  [[nodiscard]] std::size_t size() const noexcept { return units_.size(); }
  /// Offsets in the image that the unit's bytes belong to; never empty.
  [[nodiscard]] std::span<const std::uint64_t> places(const export_unit& unit) const {
    return std::span{places_}.subspan(unit.first_place, unit.place_count);
  }

  /// Notes that these pieces are there, those noted before included.
  /// @returns the units that wait for nothing any more; each unit is answered once.
  std::vector<unit_range> arrive(std::uint32_t pack, const piece_set& pieces);
  /// As above, for one more piece. A piece that does not exist changes nothing.
  std::vector<unit_range> arrive(std::uint32_t pack, std::uint32_t piece);

private:
  void make_units(const recipe& image);
  void count_pieces();
  void arrive(std::uint32_t pack, std::uint32_t piece, std::vector<unit_range>& ready);

  std::vector<export_unit> units_;
  std::vector<std::uint64_t> places_;
  /// Pieces each unit still waits for: at most 17, a chunk of 256 KiB over pieces of 16 KiB.
  std::vector<std::uint8_t> missing_;
  /// The first unit of each pack, and one past the last.
  std::vector<std::uint32_t> pack_begins_;
  std::vector<piece_set> arrived_;
  std::vector<std::uint32_t> piece_bytes_;
};

} // namespace shoal::swarm
