#include "swarm/store/pack_file.hpp"

#include "swarm/crypto/sha256.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <utility>

namespace shoal::swarm {

namespace {

pack_descriptor shape_of(const pack_descriptor& pack) {
  return {pack.id, pack.length_bytes, pack.piece_bytes, {}};
}

error not_held(pack_id pack, std::uint64_t offset_bytes, std::uint64_t length_bytes) {
  return {errc::not_found, "pack " + pack.hex() + ": bytes " + std::to_string(offset_bytes) +
                               " to " + std::to_string(offset_bytes + length_bytes) +
                               " are not held"};
}

} // namespace

pack_file::pack_file(store_parts& parts, const pack_descriptor& pack)
    : parts_{parts}, shape_{shape_of(pack)}, handle_{std::make_shared<pack_handle>(pack.id)},
      last_use_{time{}}, have_{piece_count()}, dirty_{piece_count()}, durable_{piece_count()},
      busy_{piece_count()} {}

void pack_file::adopt_whole(space_claim claimed, pin_counts pins) {
  have_ = durable_ = piece_set{piece_count(), true};
  record_sequence_ = first_record_sequence;
  pins_ = std::move(pins);
  claimed.keep();
}

pack_status pack_file::status() const {
  const std::shared_lock lock{mutex_};
  return {.id = shape_.id,
          .length_bytes = shape_.length_bytes,
          .piece_count = piece_count(),
          .piece_count_held = have_.count(),
          .held_bytes = bytes_of(have_),
          .pinned = !pins_.empty(),
          .last_use = last_use()};
}

piece_set pack_file::have() const {
  const std::shared_lock lock{mutex_};
  return have_;
}

std::optional<piece_set> pack_file::changed_since(contents_mark& mark) const {
  const std::shared_lock lock{mutex_};
  // Pieces only come while the generation is the same.
  const contents_mark now{generation_, have_.count(), true};
  if (std::exchange(mark, now) == now) return std::nullopt;
  return have_;
}

result<pack_descriptor> pack_file::descriptor() const {
  auto hashes = parts_.handles.hashes(handle_);
  if (!hashes) return hashes.error();
  auto whole = shape_;
  whole.piece_hashes = **hashes;
  return whole;
}

std::uint64_t pack_file::bytes_of(const piece_set& pieces) const {
  if (pieces.empty()) return 0;
  const auto last = piece_count() - 1;
  const auto bytes = std::uint64_t{pieces.count()} * shape_.piece_bytes;
  return pieces.contains(last) ? bytes - shape_.piece_bytes + shape_.piece_length(last) : bytes;
}

bool pack_file::holds_range(std::uint64_t offset_bytes, std::uint64_t length_bytes) const {
  if (offset_bytes > shape_.length_bytes || length_bytes > shape_.length_bytes - offset_bytes) {
    return false;
  }
  const auto end = offset_bytes + length_bytes;
  for (auto piece = offset_bytes / shape_.piece_bytes; piece * shape_.piece_bytes < end; ++piece) {
    if (!have_.contains(static_cast<std::uint32_t>(piece))) return false;
  }
  return true;
}

result<void> pack_file::require_piece(std::uint32_t piece, std::size_t length_bytes) const {
  if (piece >= piece_count()) {
    return error{errc::not_found, "pack " + shape_.id.hex() + " has " +
                                      std::to_string(piece_count()) + " pieces, none of number " +
                                      std::to_string(piece)};
  }
  if (length_bytes != shape_.piece_length(piece)) {
    return error{errc::corrupt, "piece " + std::to_string(piece) + " of pack " + shape_.id.hex() +
                                    " has " + std::to_string(shape_.piece_length(piece)) +
                                    " bytes, not " + std::to_string(length_bytes)};
  }
  return {};
}

result<void> pack_file::verify(std::uint32_t piece, std::span<const std::byte> bytes) const {
  if (auto fits = require_piece(piece, bytes.size()); !fits) return fits;
  const auto hashes = parts_.handles.hashes(handle_);
  if (!hashes) return hashes.error();
  const auto width = piece_width_blocks(shape_.length_bytes, shape_.piece_bytes);
  if (piece_hash(bytes, width, sha256) != (**hashes)[piece]) {
    return error{errc::corrupt, "piece " + std::to_string(piece) + " of pack " + shape_.id.hex() +
                                    " does not have the hash it should"};
  }
  return {};
}

result<void> pack_file::put(std::uint32_t piece, std::span<const std::byte> bytes) {
  if (auto fits = require_piece(piece, bytes.size()); !fits) return fits;
  {
    std::unique_lock lock{mutex_};
    idle_.wait(lock, [&] { return !busy_.contains(piece); });
    if (have_.contains(piece)) return {};
    busy_.insert(piece);
  }
  auto claimed = parts_.space.reserve(bytes.size());
  auto done = claimed ? write_piece(piece, bytes) : claimed.error();
  bool kept = false;
  {
    const std::lock_guard lock{mutex_};
    busy_.erase(piece);
    if (done && forgotten_) {
      done = error{errc::not_found, "pack " + shape_.id.hex() + " has been forgotten"};
    } else if (done) {
      // Under the lock, so that whoever drops the piece finds its bytes counted.
      claimed->keep();
      have_.insert(piece);
      dirty_.insert(piece);
      kept = true;
    }
  }
  idle_.notify_all();
  if (kept) parts_.dirty.add(bytes.size());
  return done;
}

result<void> pack_file::write_piece(std::uint32_t piece, std::span<const std::byte> bytes) const {
  const auto data = parts_.handles.data(handle_);
  if (!data) return data.error();
  const auto offset_bytes = std::uint64_t{piece} * shape_.piece_bytes;
  auto done = (*data)->write_at(offset_bytes, bytes);
  if (done) return done;
  // What was written of it takes space and is of no use; if punching fails too, the next load
  // finds it.
  (void)(*data)->punch({offset_bytes, shape_.piece_bytes});
  if (done.error().code != errc::no_space) return done;
  return error{errc::no_space,
               done.error().message + "; " + parts_.space.no_space(bytes.size()).message};
}

result<void> pack_file::read(std::uint64_t offset_bytes, std::span<std::byte> into) const {
  constexpr int unlocked_attempts = 3;
  for (int attempt = 0;; ++attempt) {
    std::shared_lock lock{mutex_};
    if (!holds_range(offset_bytes, into.size())) {
      return not_held(shape_.id, offset_bytes, into.size());
    }
    const auto generation = generation_;
    // A piece may be evicted while it is read, and perhaps be back by the end of it. Evictions
    // are rare, so reads go without the lock and look afterwards; who lost three times holds it.
    if (attempt < unlocked_attempts) lock.unlock();
    const auto data = parts_.handles.data(handle_);
    auto done = data ? (*data)->read_at(offset_bytes, into) : data.error();
    if (!lock.owns_lock()) {
      lock.lock();
      if (generation != generation_) continue;
    }
    return done;
  }
}

bool pack_file::read_cached(std::uint64_t offset_bytes, std::span<std::byte> into) const {
  std::shared_lock lock{mutex_, std::try_to_lock};
  if (!lock || !holds_range(offset_bytes, into.size())) return false;
  const auto generation = generation_;
  lock.unlock();
  const auto data = parts_.handles.data(handle_);
  if (!data || !(*data)->read_cached_at(offset_bytes, into)) return false;
  return lock.try_lock() && generation == generation_;
}

void pack_file::touch(time now) {
  last_use_.store(now, std::memory_order_relaxed);
  use_is_news_.store(true, std::memory_order_relaxed);
}

pack_file::time pack_file::last_use() const { return last_use_.load(std::memory_order_relaxed); }

void pack_file::remember_use() {
  if (!use_is_news_.exchange(false, std::memory_order_relaxed)) return;
  const auto since_epoch = last_use().time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_epoch);
  timespec use{};
  use.tv_sec = seconds.count();
  use.tv_nsec = (since_epoch - seconds).count();
  const timespec both[2] = {use, use};
  // Losing it costs a less apt order of eviction, nothing else.
  (void)::utimensat(AT_FDCWD, parts_.layout.descriptor(shape_.id).c_str(), both, 0);
}

} // namespace shoal::swarm
