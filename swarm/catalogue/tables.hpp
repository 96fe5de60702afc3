// Rows in and out of the catalogue's tables, for the other files of this folder.
//
// Threads: as the session's owner. Errors: soci::soci_error; `guarded` turns it into an error that
// names the file, at the edge of the folder.
#pragma once

#include "swarm/catalogue/catalogue.hpp"
#include "swarm/catalogue/dialect.hpp"

#include <optional>
#include <soci/soci.h>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace shoal::swarm {

/// What a catalogue has open.
struct catalogue::database {
  std::string path;
  std::unique_ptr<soci::session> sql;
};

namespace tables {

/// A row says what no catalogue writes.
class damaged_row : public soci::soci_error {
public:
  using soci::soci_error::soci_error;
};

/// A row of table pack.
struct pack_row {
  long long number = 0;
  pack_reference reference;
  /// Number of its descriptor in stored_bytes.
  long long descriptor = 0;
  /// Numbers of its rows in table chunk: `chunk_count` of them from `first_chunk` on.
  long long first_chunk = 0;
  long long chunk_count = 0;
};

/// A row of table recipe.
struct recipe_row {
  long long number = 0;
  content_id content;
  /// Number of its bytes in stored_bytes.
  long long encoded = 0;
};

/// An image's row with the number of its recipe's.
struct image_row {
  image_record image;
  long long recipe = 0;
};

using known_chunks = std::unordered_map<chunk_id, chunk_location>;

/// The number the next row of `table` gets.
long long next_number(soci::session& sql, const std::string& table);

/// Keeps bytes in stored_bytes. @returns their number.
long long keep_bytes(soci::session& sql, std::string_view bytes);
void forget_bytes(soci::session& sql, long long number);

std::optional<pack_row> find_pack(soci::session& sql, const pack_id& id);
std::optional<recipe_row> find_recipe(soci::session& sql, const recipe_id& id);
/// The first recipe registered of those with this content.
std::optional<recipe_row> find_recipe(soci::session& sql, const content_id& content);
std::optional<image_row> find_image(soci::session& sql, const std::string& name,
                                    const std::string& version);
std::vector<image_record> all_images(soci::session& sql);
/// Those of `packs` that `table` (pack or removed_pack) lists in its column `id`.
std::unordered_set<pack_id> packs_in(soci::session& sql, const std::string& table,
                                     std::span<const pack_id> packs);
/// The packs of one recipe, in the recipe's order.
std::vector<pack_row> packs_of(soci::session& sql, long long recipe_number);

/// Those of `chunks` that are known.
known_chunks find_chunks(soci::session& sql, std::span<const chunk_id> chunks);
/// Adds chunks of one pack, numbered from `first_number` on. @pre none of them is known.
void insert_chunks(soci::session& sql, long long first_number, long long pack,
                   std::span<const std::pair<chunk_id, chunk_location>> chunks);

} // namespace tables

/// Runs `work`, which answers a result; `doing` completes "catalogue X could not ...".
template <class Database, class Work>
auto guarded(Database& database, const char* doing, Work work) -> decltype(work(*database.sql)) {
  try {
    return work(*database.sql);
  } catch (const tables::damaged_row& fault) {
    return error{errc::corrupt, "catalogue " + database.path + " could not " + doing + ": " +
                                    fault.get_error_message() + "; restore it from a backup"};
  } catch (const soci::soci_error& fault) {
    return dialect::explain(fault, database.path, doing);
  }
}

} // namespace shoal::swarm
