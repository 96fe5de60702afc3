// How a pack comes onto the disk, and how it is found there again.
#include "swarm/store/pack_file.hpp"

#include "swarm/crypto/sha256.hpp"

#include <algorithm>
#include <sys/stat.h>

namespace shoal::swarm {

namespace {

/// Holds a pack whose pins cannot be read: nobody knows any more whose they were.
constexpr const char* unreadable_pins_owner = "unreadable pins";
constexpr std::uint64_t pins_bytes_max = 16 * 1024 * 1024;

} // namespace

result<void> pack_file::create(const store_layout& layout, const pack_descriptor& pack) {
  {
    auto data = file::open_or_create(layout.data(pack.id));
    if (!data) return data.error();
    if (auto done = data->resize(pack.length_bytes); !done) return done;
  }
  std::error_code unknown;
  if (std::filesystem::exists(layout.record(pack.id), unknown)) return {};
  auto record = write_new_record(layout, pack, piece_set{pack.piece_count()});
  return record ? result<void>{} : record.error();
}

result<file> pack_file::write_new_record(const store_layout& layout, const pack_descriptor& pack,
                                         const piece_set& pieces) {
  // Both slots are written now, so that an unreadable one always means damage, and so that no
  // later change of the record needs space.
  auto bytes = encode(have_record{pack.id, first_record_sequence - 1, pieces}, sha256);
  bytes += encode(have_record{pack.id, first_record_sequence, pieces}, sha256);
  auto made = file::create(layout.record(pack.id));
  if (!made) return made;
  if (auto done = made->write_at(0, std::as_bytes(std::span{bytes})); !done) return done.error();
  return made;
}

pack_file::loaded pack_file::load() {
  loaded found{{}, piece_set{piece_count()}, piece_set{piece_count()}};
  load_last_use();
  pins_ = read_pins(parts_.layout, shape_.id, found.warnings);
  const auto named = load_record();
  const auto believed = record_is_damaged_ ? piece_set{piece_count()} : named;
  if (auto done = load_data(believed, found); !done) {
    found.warnings.push_back(done.error().message);
  }
  // A slot that a crash tore had not promised anything yet.
  found.unpromised = have_ - named;
  return found;
}

piece_set pack_file::load_record() {
  const auto path = parts_.layout.record(shape_.id);
  const auto bytes = read_small_file(path, 2 * have_slot_bytes(piece_count()));
  auto record = bytes ? decode_have_file(*bytes, shape_.id, piece_count(), sha256) : bytes.error();
  if (record) {
    record_sequence_ = record->newest.sequence;
    record_is_damaged_ = record->doubtful;
    return std::move(record->newest.pieces);
  }
  record_is_damaged_ = true;
  return piece_set{piece_count()};
}

result<void> pack_file::load_data(const piece_set& believed, loaded& found) {
  auto data = parts_.handles.data(handle_);
  if (!data && data.error().code == errc::not_found) {
    found.warnings.push_back(data.error().message + ": its pieces are dropped");
    if (auto done = create(parts_.layout, shape_); !done) return done;
    data = parts_.handles.data(handle_);
  }
  if (!data) return data.error();
  const auto size = (*data)->size();
  if (!size) return size.error();
  if (*size != shape_.length_bytes) {
    found.warnings.push_back((*data)->path().native() + " has a length of " +
                             std::to_string(*size) + " bytes, not " +
                             std::to_string(shape_.length_bytes));
    if (auto done = (*data)->resize(shape_.length_bytes); !done) return done;
  }
  const auto ranges = (*data)->data_ranges();
  if (!ranges) return ranges.error();
  have_ = durable_ = believed & touched_by(*ranges, true);
  parts_.space.add_held(bytes_of(have_));
  return salvage((believed | touched_by(*ranges, false)) - have_, found);
}

piece_set pack_file::touched_by(const std::vector<byte_range>& ranges, bool wholly) const {
  piece_set touched{piece_count()};
  const std::uint64_t piece_bytes = shape_.piece_bytes;
  for (const auto& range : ranges) {
    const auto end = std::min(range.offset_bytes + range.length_bytes, shape_.length_bytes);
    const auto begin = wholly ? range.offset_bytes + piece_bytes - 1 : range.offset_bytes;
    for (auto piece = begin / piece_bytes; piece * piece_bytes < end; ++piece) {
      const auto number = static_cast<std::uint32_t>(piece);
      const bool is_whole = piece * piece_bytes + shape_.piece_length(number) <= end;
      if (is_whole || !wholly) touched.insert(number);
    }
  }
  return touched;
}

result<void> pack_file::salvage(const piece_set& candidates, loaded& found) {
  if (candidates.empty()) return {};
  const auto data = parts_.handles.data(handle_);
  if (!data) return data.error();
  piece_set good{piece_count()};
  std::vector<std::byte> buffer(shape_.piece_bytes);
  candidates.for_each([&](std::uint32_t piece) {
    const auto bytes = std::span{buffer}.first(shape_.piece_length(piece));
    auto proven = (*data)->read_at(std::uint64_t{piece} * shape_.piece_bytes, bytes);
    if (proven) proven = verify(piece, bytes);
    if (proven) good.insert(piece);
    else if (proven.error().code == errc::corrupt) found.bad.insert(piece);
    // Neither kept nor punched: what cannot be read today may be readable tomorrow.
    else found.warnings.push_back(proven.error().message);
  });
  have_ = have_ | good;
  dirty_ = good;
  parts_.space.add_held(bytes_of(good));
  // A power cut before a new pack's first flush leaves an unreadable record too; with no data
  // there is nothing to tell.
  if (record_is_damaged_) {
    found.warnings.push_back(parts_.layout.record(shape_.id).native() + " was damaged; of " +
                             std::to_string(candidates.count()) + " pieces on the disk " +
                             std::to_string(good.count()) + " are good");
  }
  return {};
}

result<void> pack_file::settle(const loaded& found, bool keep_unpromised) {
  auto unwanted = found.bad;
  if (!keep_unpromised) {
    have_ = have_ - found.unpromised;
    dirty_ = dirty_ - found.unpromised;
    parts_.space.release_held(bytes_of(found.unpromised));
    unwanted = unwanted | found.unpromised;
  }
  if (dirty_.empty() && unwanted.empty() && !record_is_damaged_) return {};
  // The record first, even if it says this already: a killed process may not have synced it.
  if (auto done = write_salvaged_record(); !done) return done;
  return punch(unwanted);
}

result<void> pack_file::write_salvaged_record() {
  record_is_behind_ = true;
  if (!record_is_damaged_) return flush();
  std::error_code unknown;
  const auto path = parts_.layout.record(shape_.id);
  const bool fits = std::filesystem::exists(path, unknown) &&
                    std::filesystem::file_size(path, unknown) == 2 * have_slot_bytes(piece_count());
  if (!fits) {
    auto made = write_new_record(parts_.layout, shape_, piece_set{piece_count()});
    if (!made) return made.error();
    if (auto done = sync_directory(parts_.layout.packs()); !done) return done;
    record_sequence_ = first_record_sequence;
  }
  if (auto done = flush(); !done) return done;
  // The first writing went to one slot, this one goes to the other.
  auto done = write_record();
  if (done) record_is_damaged_ = false;
  return done;
}

pin_counts pack_file::read_pins(const store_layout& layout, pack_id pack,
                                std::vector<std::string>& warnings) {
  const auto path = layout.pins(pack);
  const auto text = read_small_file(path, pins_bytes_max);
  if (!text && text.error().code == errc::not_found) return {};
  auto pins = text ? decode_pins(*text, sha256) : text.error();
  if (pins) return std::move(*pins);
  warnings.push_back(path.native() + ": " + pins.error().message + "; the pack stays pinned by \"" +
                     unreadable_pins_owner + '"');
  return {{unreadable_pins_owner, 1}};
}

void pack_file::load_last_use() {
  struct stat status {};
  if (::stat(parts_.layout.descriptor(shape_.id).c_str(), &status) != 0) return;
  last_use_ = time{std::chrono::seconds{status.st_mtim.tv_sec} +
                   std::chrono::nanoseconds{status.st_mtim.tv_nsec}};
}

} // namespace shoal::swarm
