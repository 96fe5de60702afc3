// How a store comes up: the directory is claimed, what a crash left is cleared away, and the packs
// are found.
#include "swarm/store/disk_pack_store.hpp"

#include "swarm/crypto/sha256.hpp"

#include <cerrno>

namespace shoal::swarm {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view format_text = "shoal store 1\n";
constexpr std::uint64_t descriptor_bytes_max = 64 + pack_bytes_max / block_bytes * sizeof(digest);

result<void> make_directory(const fs::path& path) {
  std::error_code fault;
  fs::create_directories(path, fault);
  if (fault) return system_error(fault.value(), "create the directory", path);
  return {};
}

/// The names in a directory; an error if it cannot be read to its end.
result<std::vector<fs::path>> list(const fs::path& directory) {
  std::vector<fs::path> found;
  std::error_code fault;
  for (fs::directory_iterator at{directory, fault}, end; !fault && at != end; at.increment(fault)) {
    found.push_back(at->path());
  }
  if (fault) return system_error(fault.value(), "list", directory);
  return found;
}

/// A directory that is empty becomes a store; one of another kind is left alone.
result<void> check_format(const store_layout& layout) {
  const auto text = read_small_file(layout.format(), 4096);
  if (text && *text == format_text) return {};
  if (text) {
    return error{errc::corrupt, layout.format().native() +
                                    " does not say \"shoal store 1\": this is not a pack store, or "
                                    "one of another version"};
  }
  if (text.error().code != errc::not_found) return text.error();
  const auto there = list(layout.root);
  if (!there) return there.error();
  for (const auto& path : *there) {
    if (path == layout.lock() || path == layout.new_format()) continue;
    return error{errc::conflict, layout.root.native() + " holds something else (" +
                                     path.filename().native() +
                                     "): give the store an empty directory"};
  }
  return replace_file(layout.format(), layout.new_format(), format_text);
}

result<file> claim_directory(const store_layout& layout) {
  if (auto done = make_directory(layout.root); !done) return done.error();
  auto lock = file::open_or_create(layout.lock());
  if (!lock) return lock.error();
  const auto locked = lock->try_lock();
  if (!locked) return locked.error();
  if (!*locked) {
    return error{errc::conflict, "another process uses the store in " + layout.root.native() +
                                     ": stop it, or give this one another directory"};
  }
  if (auto done = check_format(layout); !done) return done.error();
  for (const auto& path :
       {layout.packs(), layout.pins(), layout.recipes(), layout.staging()}) {
    if (auto done = make_directory(path); !done) return done.error();
  }
  if (auto done = sync_directory(layout.root); !done) return done.error();
  // The directory's own name; a parent that we may not read belongs to somebody who made it before.
  const auto named = sync_directory(layout.root.parent_path());
  if (!named && named.error().code != errc::permission) return named.error();
  return lock;
}

} // namespace

result<std::unique_ptr<pack_store>> pack_store::open(pack_store_config config) {
  SHOAL_ASSERT(!config.directory.empty());
  std::error_code fault;
  config.directory = fs::absolute(config.directory, fault).lexically_normal();
  if (fault) return system_error(fault.value(), "find", config.directory);
  // A trailing slash would make the directory its own parent.
  if (!config.directory.has_filename()) config.directory = config.directory.parent_path();
  auto lock = claim_directory({config.directory});
  if (!lock) return lock.error();
  auto store = std::make_unique<disk_pack_store>(config, std::move(*lock));
  if (auto done = store->start(); !done) return done.error();
  return std::unique_ptr<pack_store>{std::move(store)};
}

result<void> disk_pack_store::start() {
  if (auto done = check_holes_are_supported(); !done) return done;
  if (auto done = clear_staging(); !done) return done;
  const auto& layout = parts_.layout;
  // A process that was killed may have been about to: what is found must not vanish later.
  for (const auto& path : {layout.packs(), layout.pins(), layout.recipes()}) {
    if (auto done = sync_directory(path); !done) return done;
  }
  // The quota decides what of the packs is believed.
  warn(cache_.load_settings());
  if (auto done = load_packs(); !done) return done;
  flusher_ = std::thread{[this] { flush_in_background(); }};
  return {};
}

result<void> disk_pack_store::check_holes_are_supported() const {
  // The lock file serves: it is there already, so this works on a full disk too.
  if (lock_.punch({0, 4096})) return {};
  return error{errc::invalid_argument,
               "the file system of " + parts_.layout.root.native() +
                   " cannot punch holes, without which nothing can be evicted: put the store on "
                   "ext4, xfs, btrfs or tmpfs"};
}

result<void> disk_pack_store::clear_staging() {
  const auto left = list(parts_.layout.staging());
  if (!left) return left.error();
  for (const auto& path : *left) {
    if (auto done = remove_file(path); !done) return done;
  }
  return {};
}

result<void> disk_pack_store::load_packs() {
  const auto found = list(parts_.layout.packs());
  if (!found) return found.error();
  // All are counted before anything is settled: only then is known whether they exceed the quota.
  std::vector<std::pair<pack_pointer, pack_file::loaded>> loaded;
  for (const auto& path : *found) {
    if (path.extension() != ".descriptor") continue;
    if (auto pack = describe(path)) {
      auto pieces = pack->load();
      loaded.emplace_back(std::move(pack), std::move(pieces));
    }
  }
  for (auto& [pack, pieces] : loaded) {
    settle(*pack, pieces);
    insert(std::move(pack));
  }
  remove_orphans(parts_.layout.packs());
  remove_orphans(parts_.layout.pins());
  return {};
}

disk_pack_store::pack_pointer
disk_pack_store::describe(const std::filesystem::path& descriptor_path) {
  const auto id = pack_id::parse(descriptor_path.stem().native());
  if (!id) {
    warn(descriptor_path.native() + " is no file of a pack store; it is left alone");
    return nullptr;
  }
  const auto bytes = read_small_file(descriptor_path, descriptor_bytes_max);
  auto pack = bytes ? decode_pack_descriptor(*bytes, sha256) : bytes.error();
  if (pack && pack->id != *id) pack = error{errc::corrupt, "it describes pack " + pack->id.hex()};
  if (!pack) {
    warn(descriptor_path.native() + ": " + pack.error().message +
         "; the pack is not known until it is added anew, then its pieces are verified");
    return nullptr;
  }
  return std::make_shared<pack_file>(parts_, *pack);
}

void disk_pack_store::remove_orphans(const std::filesystem::path& directory) {
  const auto found = list(directory);
  if (!found) return warn(found.error().message);
  for (const auto& path : *found) {
    const auto id = pack_id::parse(path.stem().native());
    if (!id) {
      warn(path.native() + " is no file of a pack store; it is left alone");
      continue;
    }
    std::error_code fault;
    const bool known = fs::exists(parts_.layout.descriptor(*id), fault);
    if (!known && !fault) warn(remove_file(path));
  }
}

} // namespace shoal::swarm
