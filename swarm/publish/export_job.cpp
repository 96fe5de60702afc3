#include "swarm/publish/export_job.hpp"

#include "swarm/codec/zstd_codec.hpp"
#include "swarm/crypto/sha256.hpp"
#include "topology/assert.hpp"

#include <algorithm>

namespace shoal::swarm {

namespace {

/// A slice ends before it reads or makes more than this: few system calls, and what a core made is
/// still in its cache when it is hashed and written.
constexpr std::uint64_t slice_stored_bytes_max = 512 * 1024;
constexpr std::uint64_t slice_expanded_bytes_max = 1024 * 1024;

} // namespace

/// A worker's buffers, kept from slice to slice.
struct export_job::workspace {
  std::vector<std::byte> stored;
  std::vector<std::byte> expanded;
};

export_job::export_job(recipe image, const pack_store& store, std::unique_ptr<image_writer> writer)
    : image_{std::move(image)}, store_{store}, writer_{std::move(writer)}, units_{image_} {
  for (std::uint32_t i = 0; i < image_.packs.size(); ++i)
    pack_numbers_[image_.packs[i].id] = i;
}

export_job::~export_job() { cancel(); }

void export_job::begin(unsigned threads) {
  take_what_is_held();
  for (unsigned i = 0; i < threads; ++i)
    workers_.emplace_back([this] { work(); });
}

void export_job::take_what_is_held() {
  for (std::uint32_t i = 0; i < image_.packs.size(); ++i) {
    const auto held = store_.have(image_.packs[i].id);
    const std::scoped_lock lock{mutex_};
    for (const auto& range : units_.arrive(i, held))
      ready_.push_back(range);
  }
  changed_.notify_all();
}

void export_job::pieces_arrived(pack_id pack, const std::vector<std::uint32_t>& pieces) {
  const auto place = pack_numbers_.find(pack);
  if (place == pack_numbers_.end()) return;
  {
    const std::scoped_lock lock{mutex_};
    for (const auto piece : pieces) {
      for (const auto& range : units_.arrive(place->second, piece))
        ready_.push_back(range);
    }
  }
  changed_.notify_all();
}

void export_job::work() {
  workspace space;
  std::unique_lock lock{mutex_};
  for (;;) {
    changed_.wait(lock, [this] { return ending_ || fault_ || !ready_.empty(); });
    if (fault_ || ready_.empty()) return;
    const auto slice = take_slice();
    ++busy_;
    lock.unlock();
    auto done = make_slice(slice, space);
    lock.lock();
    --busy_;
    if (done)
      units_done_ += slice.end - slice.first;
    else if (!fault_)
      fault_ = done.error();
    if (fault_ || ready_.empty()) changed_.notify_all();
  }
}

/// Takes units that lie together from the first range that is ready.
unit_range export_job::take_slice() {
  auto& range = ready_.front();
  unit_range slice{range.first, range.first + 1};
  const auto& first = units_[slice.first];
  std::uint64_t expanded = image_.entries[first.entry].length_bytes;
  for (auto end_bytes = first.offset_bytes + first.stored_bytes; slice.end < range.end;
       ++slice.end) {
    const auto& next = units_[slice.end];
    expanded += image_.entries[next.entry].length_bytes;
    if (next.pack != first.pack || next.offset_bytes != end_bytes) break;
    end_bytes += next.stored_bytes;
    if (end_bytes - first.offset_bytes > slice_stored_bytes_max ||
        expanded > slice_expanded_bytes_max) {
      break;
    }
  }
  range.first = slice.end;
  if (range.first == range.end) ready_.pop_front();
  return slice;
}

result<void> export_job::make_slice(unit_range slice, workspace& space) {
  const auto& first = units_[slice.first];
  const auto& last = units_[slice.end - 1];
  space.stored.resize(last.offset_bytes + last.stored_bytes - first.offset_bytes);
  const auto& pack = image_.packs[first.pack].id;
  if (auto read = store_.read(pack, first.offset_bytes, space.stored); !read) return read;
  std::uint64_t expanded_bytes = 0;
  for (auto i = slice.first; i < slice.end; ++i) {
    expanded_bytes += image_.entries[units_[i].entry].length_bytes;
  }
  space.expanded.resize(expanded_bytes);
  auto stored = std::span<const std::byte>{space.stored};
  auto expanded = std::span{space.expanded};
  for (auto i = slice.first; i < slice.end; ++i) {
    const auto& unit = units_[i];
    const auto length = image_.entries[unit.entry].length_bytes;
    auto made = make_unit(unit, stored.first(unit.stored_bytes), expanded.first(length));
    if (!made) return made;
    stored = stored.subspan(unit.stored_bytes);
    expanded = expanded.subspan(length);
  }
  return write_slice(slice, space.expanded);
}

result<void> export_job::make_unit(const export_unit& unit, std::span<const std::byte> stored,
                                   std::span<std::byte> expanded) {
  const auto& entry = image_.entries[unit.entry];
  auto made = expand_chunk(stored, entry.how, expanded);
  if (made && chunk_id{sha256(expanded)} == entry.chunk) return {};
  return {errc::corrupt, "chunk " + entry.chunk.hex() + " at " + std::to_string(unit.offset_bytes) +
                             " of pack " + image_.packs[unit.pack].id.hex() + " is corrupt: " +
                             (made ? "its SHA-256 is another" : made.error().message)};
}

/// Writes what was made; neighbours in the image in one call.
result<void> export_job::write_slice(unit_range slice, std::span<const std::byte> expanded) {
  std::size_t run_begin = 0;
  std::size_t run_end = 0;
  std::uint64_t run_at = 0;
  const auto write = [&](std::uint64_t at, std::size_t begin, std::size_t end) -> result<void> {
    if (begin == end) return {};
    done_bytes_ += end - begin;
    if (writer_ == nullptr) return {};
    return writer_->write(at, expanded.subspan(begin, end - begin));
  };
  for (auto i = slice.first; i < slice.end; ++i) {
    const auto places = units_.places(units_[i]);
    const auto unit_begin = run_end;
    const auto unit_end = unit_begin + image_.entries[units_[i].entry].length_bytes;
    if (places.front() != run_at + (run_end - run_begin)) {
      if (auto done = write(run_at, run_begin, run_end); !done) return done;
      run_begin = unit_begin;
      run_at = places.front();
    }
    run_end = unit_end;
    for (const auto place : places.subspan(1)) {
      if (auto done = write(place, unit_begin, unit_end); !done) return done;
    }
  }
  return write(run_at, run_begin, run_end);
}

result<void> export_job::finish() {
  // Pieces that came while the caller was not yet listening are found here.
  take_what_is_held();
  {
    std::unique_lock lock{mutex_};
    if (!fault_) changed_.wait(lock, [this] { return fault_ || (ready_.empty() && busy_ == 0); });
    if (!fault_ && units_done_ != units_.size()) fault_ = missing_pieces();
    ending_ = true;
  }
  join();
  if (!fault_ && writer_ != nullptr) {
    if (auto placed = writer_->finish(); !placed) fault_ = placed.error();
  }
  writer_.reset();
  if (fault_) return *fault_;
  return {};
}

error export_job::missing_pieces() const {
  std::uint64_t missing = 0;
  const auto needed = needed_pieces(image_);
  for (std::size_t i = 0; i < needed.size(); ++i) {
    const auto held = store_.have(image_.packs[i].id);
    missing += held.size() == needed[i].size() ? (needed[i] - held).count() : needed[i].count();
  }
  return {errc::not_found, std::to_string(missing) + " pieces of the image are not on this host"};
}

void export_job::cancel() {
  end_with({errc::cancelled, "the export was cancelled"});
  writer_.reset();
}

void export_job::end_with(error fault) {
  {
    const std::scoped_lock lock{mutex_};
    if (!fault_) fault_ = std::move(fault);
    ending_ = true;
  }
  join();
}

void export_job::join() {
  changed_.notify_all();
  for (auto& worker : workers_) {
    if (worker.joinable()) worker.join();
  }
}

} // namespace shoal::swarm
