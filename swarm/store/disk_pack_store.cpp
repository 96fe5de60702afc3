#include "swarm/store/disk_pack_store.hpp"

#include "swarm/crypto/sha256.hpp"
#include "swarm/store/staged_pack.hpp"

#include <algorithm>

namespace shoal::swarm {

namespace {

/// Older warnings than these are forgotten.
constexpr std::size_t warnings_max = 1000;

error unknown(pack_id pack) {
  return {errc::not_found, "pack " + pack.hex() + " is not in this store"};
}

} // namespace

disk_pack_store::disk_pack_store(const pack_store_config& config, file lock)
    : parts_{config}, lock_{std::move(lock)},
      cache_{parts_, {config.policy, config.quota_bytes, config.copies_floor}, *this} {}

disk_pack_store::~disk_pack_store() {
  SHOAL_ASSERT(writer_count_ == 0);
  parts_.dirty.stop();
  if (flusher_.joinable()) flusher_.join();
  // Nobody is left to tell; what did not become durable was not acknowledged.
  (void)flush_all();
}

disk_pack_store::pack_pointer disk_pack_store::find(pack_id pack) const {
  const std::shared_lock lock{packs_mutex_};
  const auto found = packs_.find(pack);
  return found == packs_.end() ? nullptr : found->second;
}

std::vector<disk_pack_store::pack_pointer> disk_pack_store::all() const {
  const std::shared_lock lock{packs_mutex_};
  std::vector<pack_pointer> list;
  list.reserve(packs_.size());
  for (const auto& [id, pack] : packs_) list.push_back(pack);
  return list;
}

void disk_pack_store::insert(pack_pointer pack) {
  const std::lock_guard lock{packs_mutex_};
  packs_.insert_or_assign(pack->id(), std::move(pack));
}

void disk_pack_store::warn(std::string text) const {
  const std::lock_guard lock{warnings_mutex_};
  // A failing disk is tried again every second.
  if (!warnings_.empty() && warnings_.back() == text) return;
  if (warnings_.size() == warnings_max) warnings_.erase(warnings_.begin());
  warnings_.push_back(std::move(text));
}

void disk_pack_store::warn(const result<void>& done) const {
  if (!done) warn(done.error().message);
}

std::vector<std::string> disk_pack_store::warnings() const {
  const std::lock_guard lock{warnings_mutex_};
  return warnings_;
}

result<void> disk_pack_store::add(const pack_descriptor& pack) {
  const std::lock_guard lock{structure_mutex_};
  if (const auto known = find(pack.id)) {
    if (known->piece_bytes() == pack.piece_bytes) return {};
    // Equal content has one id however it is cut.
    return error{errc::conflict, "pack " + pack.id.hex() + " is known already, with pieces of " +
                                     readable_bytes(known->piece_bytes()) + ", not " +
                                     readable_bytes(pack.piece_bytes)};
  }
  const auto& layout = parts_.layout;
  auto done = pack_file::create(layout, pack);
  if (done) {
    done = replace_file(layout.descriptor(pack.id),
                        layout.staging() / (pack.id.hex() + ".descriptor"), encode(pack));
  }
  if (!done) return done;
  // Also takes over what lay beside a descriptor that could not be read.
  auto added = std::make_shared<pack_file>(parts_, pack);
  settle(*added, added->load());
  added->touch(std::chrono::system_clock::now());
  insert(std::move(added));
  return {};
}

void disk_pack_store::settle(pack_file& pack, const pack_file::loaded& found) {
  for (const auto& text : found.warnings) warn(text);
  // Evicted pieces may be back although their room was given to others since.
  const bool keep_unpromised = parts_.space.over_quota_bytes() == 0;
  warn(pack.settle(found, keep_unpromised));
}

result<void> disk_pack_store::forget(pack_id pack) {
  const std::lock_guard lock{structure_mutex_};
  const auto found = find(pack);
  if (!found) return {};
  auto done = found->forget();
  // A failure to remove what is no longer known is told, but the pack is gone.
  if (!found->is_forgotten()) return done;
  {
    const std::lock_guard packs_lock{packs_mutex_};
    packs_.erase(pack);
  }
  cache_.forget(pack);
  return done;
}

std::optional<pack_descriptor> disk_pack_store::descriptor(pack_id pack) const {
  const auto found = find(pack);
  if (!found) return std::nullopt;
  auto whole = found->descriptor();
  if (whole) return std::move(*whole);
  if (whole.error().code != errc::not_found) warn(whole.error().message);
  return std::nullopt;
}

std::uint64_t disk_pack_store::room_bytes() const {
  std::uint64_t evictable_bytes = 0;
  for (const auto& pack : all()) {
    const auto status = pack->status();
    if (!status.pinned) evictable_bytes += status.held_bytes;
  }
  return parts_.space.room_bytes(evictable_bytes);
}

std::vector<pack_status> disk_pack_store::packs() const {
  std::vector<pack_status> list;
  for (const auto& pack : all()) list.push_back(pack->status());
  std::ranges::sort(list, {}, &pack_status::id);
  return list;
}

piece_set disk_pack_store::have(pack_id pack) const {
  const auto found = find(pack);
  return found ? found->have() : piece_set{};
}

result<void> disk_pack_store::put_piece(pack_id pack, std::uint32_t piece,
                                        std::span<const std::byte> bytes) {
  const auto found = find(pack);
  if (!found) return unknown(pack);
  if (auto good = found->verify(piece, bytes); !good) return good;
  return found->put(piece, bytes);
}

result<void> disk_pack_store::put_verified_piece(pack_id pack, std::uint32_t piece,
                                                 std::span<const std::byte> bytes) {
  const auto found = find(pack);
  return found ? found->put(piece, bytes) : unknown(pack);
}

result<void> disk_pack_store::read(pack_id pack, std::uint64_t offset_bytes,
                                   std::span<std::byte> into) const {
  const auto found = find(pack);
  return found ? found->read(offset_bytes, into) : unknown(pack);
}

bool disk_pack_store::read_cached(pack_id pack, std::uint64_t offset_bytes,
                                  std::span<std::byte> into) const {
  const auto found = find(pack);
  return found && found->read_cached(offset_bytes, into);
}

result<void> disk_pack_store::sync() {
  const std::lock_guard lock{flush_mutex_};
  auto done = flush_all();
  if (const auto lost = std::exchange(lost_, std::nullopt)) return *lost;
  return done;
}

result<void> disk_pack_store::flush_all() {
  parts_.dirty.reset();
  result<void> done;
  for (const auto& pack : all()) {
    pack->remember_use();
    if (auto flushed = pack->flush(); !flushed && done) done = flushed;
  }
  cache_.follow();
  // A record that could not be written is tried again.
  if (!done) parts_.dirty.add(1);
  return done;
}

void disk_pack_store::flush_in_background() {
  while (parts_.dirty.wait_until_due()) {
    const std::lock_guard lock{flush_mutex_};
    if (auto done = flush_all(); !done) {
      warn(done);
      lost_ = done.error();
    }
  }
}

result<void> disk_pack_store::pin(pack_id pack, const std::string& owner) {
  if (!valid_pin_owner(owner)) {
    return error{errc::invalid_argument,
                 "the owner of a pin is 1 to 256 bytes of text without control characters"};
  }
  const auto found = find(pack);
  return found ? found->pin(owner) : unknown(pack);
}

result<void> disk_pack_store::unpin(pack_id pack, const std::string& owner) {
  const auto found = find(pack);
  return found ? found->unpin(owner) : result<void>{};
}

std::vector<std::string> disk_pack_store::pins(pack_id pack) const {
  std::vector<std::string> owners;
  const auto found = find(pack);
  if (!found) return owners;
  for (const auto& [owner, count] : found->pins()) owners.insert(owners.end(), count, owner);
  return owners;
}

void disk_pack_store::touch(pack_id pack) {
  cache_.touch(pack);
}

} // namespace shoal::swarm
