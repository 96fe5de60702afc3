// Exporting: a recipe and the store's pieces become a disk image file again, while the pieces are
// still arriving.
//
// Threads: `pieces_arrived` from any thread, without blocking; workers expand and write.
// Errors:  told by `finish`. Every expanded chunk is compared with its SHA-256.
// Crashes: the file appears under its own name only when it is whole and verified; until then it
//          is `.NAME.part`, removed on failure and on the next export to the same name.
#pragma once

#include "swarm/image/image_writer.hpp"
#include "swarm/recipe.hpp"
#include "swarm/store/pack_store.hpp"
#include "topology/result.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

namespace shoal::swarm {

struct export_options {
  image_format format = image_format::raw;
  /// Zero: as many as there are cores.
  unsigned threads = 0;
};

/// One export under way.
class exporter {
public:
  /// Begins with what the store holds now. An empty `file` only verifies: every chunk is expanded
  /// and compared with its id, and nothing is written.
  static result<std::unique_ptr<exporter>>
  start(recipe image, const pack_store& store, std::filesystem::path file, export_options options);
  virtual ~exporter() = default;

  /// These pieces are held now. Telling twice is fine.
  virtual void pieces_arrived(pack_id pack, const std::vector<std::uint32_t>& pieces) = 0;
  /// Expanded bytes written (or checked) so far, of `recipe_costs::data_bytes`.
  [[nodiscard]] virtual std::uint64_t done_bytes() const = 0;
  /// Waits for the rest and puts the file in place. @returns errc::not_found when pieces are still
  /// missing, errc::corrupt naming the chunk, errc::no_space.
  virtual result<void> finish() = 0;
  /// Gives up; the part file is removed.
  virtual void cancel() = 0;
};

} // namespace shoal::swarm
