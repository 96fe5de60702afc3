// The catalogue: the GIS's database of images, versions, packs, chunks and hosts (DESIGN §7).
//
// Threads: one thread uses a catalogue at a time; calls block on the disk.
// Errors:  returned, naming the file. A full disk is errc::no_space and leaves the catalogue as it
//          was and usable; a damaged file is errc::corrupt.
// Crashes: what `publish` or `remove_image` answered survives a power cut; what they had not yet
//          answered has happened whole or not at all.
#pragma once

#include "swarm/catalogue/publication.hpp"
#include "swarm/recipe.hpp"
#include "topology/result.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace shoal::swarm {

/// What `publish` found.
enum class publish_outcome : std::uint8_t {
  /// The image is there now. Its recipe is the one handed in or, where an image of equal content was
  /// known, that image's (`image` says which); then the new pack that came along is not known and
  /// may go.
  created,
  /// The same content was there under this name and version: nothing was written. The recipe that
  /// counts is the one registered (`image`); a new pack that came along is not known and may go.
  already_there,
};

/// A version of an image, as the catalogue lists it.
struct image_record {
  std::string name;
  std::string version;
  /// `name:version`, or empty. Text: that image may have been removed since.
  std::string parent;
  std::uint64_t virtual_bytes = 0;
  /// Of the recipe, see `recipe_costs`.
  std::uint64_t data_bytes = 0;
  std::uint64_t referred_bytes = 0;
  std::uint64_t fetch_bytes = 0;
  /// Stored bytes this version added: the length of the pack published with it, or zero.
  std::uint64_t pack_bytes = 0;
  /// The recipe's entries that are not holes.
  std::uint32_t chunk_count = 0;
  recipe_id recipe;
  std::string publisher;
  /// RFC 3339, UTC.
  std::string published_at;

  friend bool operator==(const image_record&, const image_record&) = default;
};

/// A host that joined once, as it was last seen.
struct host_record {
  std::string name;
  /// `site/cluster/rack`.
  std::string place;
  std::string address;
  std::uint16_t link_port = 0;
  std::uint16_t bulk_port = 0;
  /// RFC 3339, UTC.
  std::string last_seen;

  friend bool operator==(const host_record&, const host_record&) = default;
};

/// What became of packs that a host has; what is in neither list is known.
struct pack_fates {
  /// Known once, removed with their last image, and not published again since.
  std::vector<pack_id> removed;
  /// Never known: of a publication under way or cut short, or of another catalogue.
  std::vector<pack_id> unknown;

  friend bool operator==(const pack_fates&, const pack_fates&) = default;
};

/// How much the catalogue knows.
struct catalogue_statistics {
  std::uint64_t image_count = 0;
  std::uint64_t recipe_count = 0;
  std::uint64_t pack_count = 0;
  std::uint64_t chunk_count = 0;
  std::uint64_t host_count = 0;
  /// Stored bytes of all packs together.
  std::uint64_t pack_bytes = 0;

  friend bool operator==(const catalogue_statistics&, const catalogue_statistics&) = default;
};

/// The database. One process has it open at a time.
class catalogue {
public:
  /// Opens the file, or makes it (its directory must exist), and brings an older schema up to date.
  /// @returns errc::conflict when another process has it open or a newer Shoal wrote it,
  /// errc::corrupt when it is damaged or no catalogue, errc::not_found for a missing directory,
  /// errc::permission.
  static result<std::unique_ptr<catalogue>> open(const std::string& path);

  ~catalogue();

  /// Where each chunk lies, parallel to `chunks`; empty for the unknown ones. Any number.
  result<std::vector<std::optional<chunk_location>>> find_chunks(std::span<const chunk_id> chunks);

  /// Registers an image with all that is new, in one transaction.
  ///
  /// Of two publishers who race with equal chunks, the first to get here is whom later lookups
  /// point to; the other's pack and recipe stay valid all the same. Of two who race with equal
  /// images, under whatever names, the first one's recipe and packs serve both.
  /// @returns errc::conflict for other content under the same name and version, and when a pack the
  /// recipe points into was removed meanwhile ("publish again"); errc::not_found for an unknown
  /// parent; errc::invalid_argument or errc::corrupt for a publication that contradicts itself.
  result<publish_outcome> publish(const publication& order);

  /// All images, by name and version.
  result<std::vector<image_record>> images();
  /// @returns errc::not_found.
  result<image_record> image(std::string_view name, std::string_view version);
  /// The encoded recipe, checked against its id. @returns errc::not_found.
  result<std::string> recipe_bytes(const recipe_id& id);
  /// The packs a recipe points into, in its order. @returns errc::not_found.
  result<std::vector<pack_reference>> packs_of(const recipe_id& id);
  /// A pack with its piece hashes, checked against its id. @returns errc::not_found.
  result<pack_descriptor> pack(const pack_id& id);
  /// Cheap: without piece hashes. @returns errc::not_found.
  result<pack_reference> reference_to(const pack_id& id);

  /// Forgets an image, and with it its recipe, packs and chunks where no other image needs them.
  /// Versions that name it as their parent stay, and so does the name in them: a parent is history,
  /// the child's recipe is complete without it.
  /// @returns the packs that nobody refers to any more; errc::not_found.
  result<std::vector<pack_reference>> remove_image(std::string_view name, std::string_view version);

  /// Which of these packs were removed, for hosts that were away then. Any number.
  result<pack_fates> fates_of(std::span<const pack_id> packs);

  /// Remembers hosts, replacing what was known under their names, in one transaction. Soft
  /// knowledge: the last seconds of it may be lost in a power cut (not in a crash), and come back
  /// when the hosts join again.
  result<void> upsert_hosts(std::span<const host_record> hosts);
  /// All hosts ever seen, by name.
  result<std::vector<host_record>> hosts();

  result<catalogue_statistics> statistics();

private:
  struct database;
  explicit catalogue(std::unique_ptr<database> opened);

  std::unique_ptr<database> database_;
};

} // namespace shoal::swarm
