// How a pack's pieces become durable, are dropped, and how its pins are kept.
#include "swarm/store/pack_file.hpp"

#include "swarm/crypto/sha256.hpp"

namespace shoal::swarm {

result<void> pack_file::flush() {
  const std::lock_guard record{record_mutex_};
  piece_set written{piece_count()};
  {
    const std::lock_guard lock{mutex_};
    if (forgotten_ || (dirty_.empty() && !record_is_behind_)) return {};
    std::swap(written, dirty_);
  }
  if (!written.empty()) {
    const auto data = parts_.handles.data(handle_);
    if (!data) {
      const std::lock_guard lock{mutex_};
      dirty_ = dirty_ | written;
      return data.error();
    }
    if (auto done = (*data)->sync_data(); !done) {
      // After a failed sync the kernel may hold pages for clean that never reached the disk, so
      // trying again proves nothing.
      auto lost = drop_locked(written, drop_reason::bad_piece);
      auto text = done.error().message + "; " + std::to_string(written.count()) +
                  " pieces of pack " + shape_.id.hex() + " that were not durable yet are dropped";
      if (!lost) text += "; then: " + lost.error().message;
      return error{done.error().code, std::move(text)};
    }
    const std::lock_guard lock{mutex_};
    durable_ = durable_ | written;
    record_is_behind_ = true;
  }
  return write_record();
}

result<void> pack_file::write_record() {
  record_is_behind_ = true;
  have_record next{shape_.id, record_sequence_ + 1, {}};
  {
    const std::shared_lock lock{mutex_};
    next.pieces = durable_;
  }
  const auto slot = encode(next, sha256);
  auto opened = file::open(parts_.layout.record(shape_.id));
  if (!opened) return opened.error();
  const auto at = next.sequence % 2 * slot.size();
  if (auto done = opened->write_at(at, std::as_bytes(std::span{slot})); !done) return done;
  if (auto done = opened->sync_data(); !done) return done;
  record_sequence_ = next.sequence;
  record_is_behind_ = false;
  return {};
}

result<pack_file::dropped> pack_file::drop(const piece_set& pieces, drop_reason reason) {
  const std::lock_guard record{record_mutex_};
  return drop_locked(pieces, reason);
}

result<pack_file::dropped> pack_file::drop_locked(const piece_set& pieces, drop_reason reason) {
  piece_set victims;
  piece_set durable_victims;
  {
    const std::lock_guard lock{mutex_};
    if (forgotten_ || (reason == drop_reason::eviction && !pins_.empty())) return dropped{};
    victims = pieces & have_;
    durable_victims = victims & durable_;
    have_ = have_ - victims;
    dirty_ = dirty_ - victims;
    durable_ = durable_ - victims;
    // Nobody may put them again before the punching is over.
    busy_ = busy_ | victims;
    ++generation_;
  }
  const dropped gone{victims.count(), bytes_of(victims)};
  const auto off_the_record = durable_victims.empty() ? result<void>{} : write_record();
  const bool take_back = !off_the_record && reason == drop_reason::eviction;
  // While the record on the disk may still name them they must keep their bytes.
  auto done = off_the_record ? punch(victims) : off_the_record;
  {
    const std::lock_guard lock{mutex_};
    busy_ = busy_ - victims;
    if (take_back) {
      have_ = have_ | victims;
      durable_ = durable_ | durable_victims;
      dirty_ = dirty_ | (victims - durable_victims);
    } else {
      parts_.space.release_held(gone.bytes);
    }
  }
  idle_.notify_all();
  if (!done) return done.error();
  return gone;
}

result<void> pack_file::punch(const piece_set& pieces) const {
  if (pieces.empty()) return {};
  const auto data = parts_.handles.data(handle_);
  if (!data) return data.error();
  byte_range run;
  result<void> done;
  const auto punch_run = [&] {
    if (run.length_bytes == 0) return;
    if (auto punched = (*data)->punch(run); !punched) done = punched;
  };
  pieces.for_each([&](std::uint32_t piece) {
    const auto begin = std::uint64_t{piece} * shape_.piece_bytes;
    if (run.offset_bytes + run.length_bytes != begin || run.length_bytes == 0) {
      punch_run();
      run = {begin, 0};
    }
    run.length_bytes += shape_.piece_bytes;
  });
  punch_run();
  return done;
}

result<bool> pack_file::scrub_piece(std::uint32_t piece, std::vector<std::byte>& buffer) const {
  const auto data = parts_.handles.data(handle_);
  if (!data) return data.error();
  const byte_range range{std::uint64_t{piece} * shape_.piece_bytes, shape_.piece_length(piece)};
  buffer.resize(shape_.piece_bytes);
  const auto bytes = std::span{buffer}.first(range.length_bytes);
  // The disk is asked, not the memory; and what nobody else wants does not stay in memory either.
  (*data)->drop_cache(range);
  const auto got = read(range.offset_bytes, bytes);
  (*data)->drop_cache(range);
  if (!got && got.error().code == errc::not_found) return true;
  if (!got) return false;
  const auto good = verify(piece, bytes);
  if (!good && good.error().code != errc::corrupt) return good.error();
  return good.ok();
}

result<void> pack_file::forget() {
  const std::lock_guard record{record_mutex_};
  const auto& layout = parts_.layout;
  {
    const std::shared_lock lock{mutex_};
    if (!pins_.empty()) {
      return error{errc::conflict, "pack " + shape_.id.hex() + " is pinned by " +
                                       pins_.begin()->first +
                                       (pins_.size() > 1 ? " and others" : "")};
    }
  }
  // Without its descriptor the pack is unknown; what a crash leaves of the rest is then removed by
  // the next open.
  if (auto done = remove_file(layout.descriptor(shape_.id)); !done) return done;
  if (auto done = sync_directory(layout.packs()); !done) return done;
  std::uint64_t freed_bytes = 0;
  {
    const std::lock_guard lock{mutex_};
    forgotten_ = true;
    freed_bytes = bytes_of(have_);
    have_ = dirty_ = durable_ = piece_set{piece_count()};
    ++generation_;
  }
  parts_.handles.close(handle_);
  result<void> done;
  for (const auto& path :
       {layout.record(shape_.id), layout.data(shape_.id), layout.pins(shape_.id)}) {
    if (auto removed = remove_file(path); !removed) done = removed;
  }
  parts_.space.release_held(freed_bytes);
  return done;
}

bool pack_file::is_forgotten() const {
  const std::shared_lock lock{mutex_};
  return forgotten_;
}

result<void> pack_file::pin(const std::string& owner) {
  const std::lock_guard record{record_mutex_};
  auto wanted = pins();
  ++wanted[owner];
  return write_pins(wanted);
}

result<void> pack_file::unpin(const std::string& owner) {
  const std::lock_guard record{record_mutex_};
  auto wanted = pins();
  const auto found = wanted.find(owner);
  if (found == wanted.end()) return {};
  if (--found->second == 0) wanted.erase(found);
  return write_pins(wanted);
}

result<void> pack_file::write_pins(const pin_counts& wanted) {
  {
    const std::shared_lock lock{mutex_};
    if (forgotten_) {
      return error{errc::not_found, "pack " + shape_.id.hex() + " has been forgotten"};
    }
  }
  if (auto done = write_pins_file(parts_.layout, shape_.id, wanted); !done) return done;
  const std::lock_guard lock{mutex_};
  pins_ = wanted;
  return {};
}

result<void> pack_file::write_pins_file(const store_layout& layout, pack_id pack,
                                        const pin_counts& pins) {
  const auto path = layout.pins(pack);
  if (!pins.empty()) {
    return replace_file(path, layout.staging() / (pack.hex() + ".pins"),
                        encode_pins(pins, sha256));
  }
  if (auto done = remove_file(path); !done) return done;
  return sync_directory(layout.pins());
}

pin_counts pack_file::pins() const {
  const std::shared_lock lock{mutex_};
  return pins_;
}

} // namespace shoal::swarm
