#include "swarm/publish/publish_pipeline.hpp"

#include "swarm/crypto/sha256.hpp"
#include "topology/assert.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace shoal::swarm {

namespace {

/// Bounds memory: each job has a window and at most as many compressed bytes.
constexpr std::size_t jobs_max = 48;
/// Jobs whose chunks are asked of the catalogue at once, some 800 chunks: enough to make the round
/// trip cheap, few enough to leave jobs to work on meanwhile.
constexpr std::size_t lookup_jobs = jobs_max / 2;
constexpr std::size_t page_bytes = 4096;

struct free_deleter {
  void operator()(std::byte* bytes) const { std::free(bytes); }
};

} // namespace

/// A window's bytes, on a page border.
struct publish_pipeline::buffer {
  std::unique_ptr<std::byte, free_deleter> bytes{
      static_cast<std::byte*>(std::aligned_alloc(page_bytes, window_bytes))};
};

/// One window on its way through the stages.
struct publish_pipeline::job {
  stage next = stage::read;
  bool busy = false;
  const window* where = nullptr;
  bool last = false;
  std::shared_ptr<buffer> bytes;
  /// The window before, where a chunk begins that ends here.
  std::shared_ptr<buffer> before;
  std::vector<block_summary> blocks;
  std::vector<extent> extents;
  std::vector<job_chunk> chunks;
  /// A copy of the one chunk that lies across the windows' border.
  std::vector<std::byte> across;
  /// The stored chunks, one after another.
  std::vector<std::byte> stored;
};

publish_pipeline::publish_pipeline(image_reader& input, pack_writer& pack, chunk_ledger& ledger,
                                   const publish_options& options, const byte_progress& progress)
    : input_{input}, pack_{pack}, ledger_{ledger}, options_{options}, progress_{progress},
      cutter_{options.cut, input.virtual_bytes()} {}

publish_pipeline::~publish_pipeline() = default;

result<void> publish_pipeline::run(unsigned threads) {
  auto extents = input_.extents();
  if (!extents) return extents.error();
  plan_ = plan_windows(*extents, input_.virtual_bytes());
  if (plan_.windows.empty()) {
    ledger_.add_hole(input_.virtual_bytes());
    return {};
  }
  std::vector<extent> leading;
  cutter_.add_zeros(plan_.windows.front().offset_bytes / cut_block_bytes, leading);
  SHOAL_ASSERT(leading.empty());

  std::vector<std::thread> workers;
  for (unsigned i = 1; i < threads; ++i)
    workers.emplace_back([this] { work(); });
  work();
  for (auto& worker : workers)
    worker.join();
  if (fault_) return *fault_;
  SHOAL_ASSERT(jobs_.empty() && next_window_ == plan_.windows.size());
  return {};
}

void publish_pipeline::work() {
  std::unique_lock lock{mutex_};
  while (step(lock)) {
  }
  changed_.notify_all();
}

/// Does one stage of one job, or waits. @returns false when there is nothing left to do.
bool publish_pipeline::step(std::unique_lock<std::mutex>& lock) {
  if (fault_ || (jobs_.empty() && next_window_ == plan_.windows.size())) return false;
  if (auto* work = next_job(); work != nullptr) {
    run_unlocked(lock, *work);
  } else {
    changed_.wait(lock);
  }
  return true;
}

/// The latest stage first. A lookup of few chunks comes last: it is for the end, and for when no
/// memory is left to go on reading.
publish_pipeline::job* publish_pipeline::next_job() {
  if (auto* work = next_in_order(stage::append)) return work;
  auto* lookup = next_in_order(stage::look_up);
  if (lookup != nullptr && lookup_is_due()) return lookup;
  if (auto* work = next_in_any_order(stage::compress)) return work;
  if (auto* work = next_in_any_order(stage::hash)) return work;
  if (auto* work = next_in_order(stage::cut)) return work;
  if (auto* work = begin_job()) return work;
  return busy_ == 0 || next_window_ == plan_.windows.size() ? lookup : nullptr;
}

/// The first job that has not passed `wanted`, if it waits for just that.
publish_pipeline::job* publish_pipeline::next_in_order(stage wanted) {
  for (const auto& each : jobs_) {
    if (each->next > wanted) continue;
    return each->next == wanted && !each->busy ? each.get() : nullptr;
  }
  return nullptr;
}

publish_pipeline::job* publish_pipeline::next_in_any_order(stage wanted) {
  for (const auto& each : jobs_) {
    if (each->next == wanted && !each->busy) return each.get();
  }
  return nullptr;
}

publish_pipeline::job* publish_pipeline::begin_job() {
  if (next_window_ == plan_.windows.size() || jobs_.size() >= jobs_max) return nullptr;
  std::unique_ptr<job> made;
  if (idle_jobs_.empty()) {
    made = std::make_unique<job>();
  } else {
    made = std::move(idle_jobs_.back());
    idle_jobs_.pop_back();
  }
  made->next = stage::read;
  made->where = &plan_.windows[next_window_++];
  made->last = next_window_ == plan_.windows.size();
  made->bytes = take_buffer();
  jobs_.push_back(std::move(made));
  return jobs_.back().get();
}

/// Buffers come back by themselves; the lock is held when the last user lets go.
std::shared_ptr<publish_pipeline::buffer> publish_pipeline::take_buffer() {
  if (idle_buffers_.empty()) idle_buffers_.push_back(std::make_unique<buffer>());
  auto taken = std::move(idle_buffers_.back());
  idle_buffers_.pop_back();
  return {taken.release(), [this](buffer* used) { idle_buffers_.emplace_back(used); }};
}

bool publish_pipeline::lookup_is_due() const {
  std::size_t ready = 0;
  for (const auto& each : jobs_) {
    if (each->next > stage::look_up) continue;
    if (each->next != stage::look_up || each->busy) break;
    ++ready;
  }
  return ready >= lookup_jobs;
}

void publish_pipeline::run_unlocked(std::unique_lock<std::mutex>& lock, job& first) {
  std::vector<job*> group{&first};
  if (first.next == stage::look_up) {
    group.clear();
    for (const auto& each : jobs_) {
      if (each->next > stage::look_up) continue;
      if (each->next != stage::look_up) break;
      group.push_back(each.get());
    }
  }
  for (auto* each : group)
    each->busy = true;
  ++busy_;
  lock.unlock();
  auto done = first.next == stage::look_up ? look_up(group) : perform(first);
  lock.lock();
  --busy_;
  if (!done && !fault_) fault_ = done.error();
  for (auto* each : group) {
    each->busy = false;
    if (each->next == stage::hash) each->before.reset();
    if (each->next == stage::append) {
      SHOAL_ASSERT(jobs_.front().get() == each);
      each->bytes.reset();
      idle_jobs_.push_back(std::move(jobs_.front()));
      jobs_.pop_front();
    } else {
      each->next = static_cast<stage>(static_cast<int>(each->next) + 1);
    }
  }
  changed_.notify_all();
}

result<void> publish_pipeline::perform(job& work) {
  switch (work.next) {
  case stage::read: return read(work);
  case stage::cut: cut(work); return {};
  case stage::hash: hash(work); return {};
  case stage::look_up: break;
  case stage::compress: compress(work); return {};
  case stage::append: return append(work);
  }
  return look_up({&work});
}

result<void> publish_pipeline::read(job& work) {
  const std::span into{work.bytes->bytes.get(), work.where->length_bytes};
  if (auto done = read_window(input_, plan_, *work.where, into); !done) return done;
  work.blocks = summarise(into);
  return {};
}

void publish_pipeline::cut(job& work) {
  const auto& here = *work.where;
  work.extents.clear();
  cutter_.add(work.blocks, work.extents);
  if (work.last) {
    const auto rest = input_.virtual_bytes() - here.end_bytes();
    cutter_.add_zeros((rest + cut_block_bytes - 1) / cut_block_bytes, work.extents);
    cutter_.finish(work.extents);
  } else {
    const auto gap = (&here)[1].offset_bytes - here.end_bytes();
    cutter_.add_zeros(gap / cut_block_bytes, work.extents);
  }
  const auto begins_before = [&](const extent& each) {
    return !each.hole && each.offset_bytes < here.offset_bytes;
  };
  if (std::any_of(work.extents.begin(), work.extents.end(), begins_before)) work.before = last_cut_;
  const std::scoped_lock lock{mutex_};
  last_cut_ = work.last ? nullptr : work.bytes;
}

void publish_pipeline::hash(job& work) {
  const auto here = work.where->offset_bytes;
  const auto* bytes = work.bytes->bytes.get();
  work.chunks.clear();
  for (const auto& each : work.extents) {
    if (each.hole) continue;
    std::span<const std::byte> chunk{bytes + (each.offset_bytes - here), each.length_bytes};
    if (each.offset_bytes < here) {
      SHOAL_ASSERT(work.before != nullptr && here - each.offset_bytes <= window_bytes);
      const auto in_before = std::min(here - each.offset_bytes, each.length_bytes);
      const auto* begin = work.before->bytes.get() + (window_bytes - (here - each.offset_bytes));
      // Also a chunk that ended exactly at the border is copied, so that the window before can go.
      const auto at = work.across.size();
      work.across.resize(at + each.length_bytes);
      std::memcpy(work.across.data() + at, begin, in_before);
      std::memcpy(work.across.data() + at + in_before, bytes, each.length_bytes - in_before);
      chunk = {};
    }
    work.chunks.push_back({.bytes = chunk});
  }
  // `across` has its final place only now.
  std::size_t copied = 0;
  for (std::size_t i = 0, n = 0; i < work.extents.size(); ++i) {
    if (work.extents[i].hole) continue;
    auto& chunk = work.chunks[n++];
    if (work.extents[i].offset_bytes < here) {
      chunk.bytes = std::span{work.across}.subspan(copied, work.extents[i].length_bytes);
      copied += chunk.bytes.size();
    }
    chunk.id = chunk_id{sha256(chunk.bytes)};
  }
}

result<void> publish_pipeline::look_up(const std::vector<job*>& group) {
  std::vector<job_chunk*> fresh;
  for (auto* work : group) {
    auto chunk = work->chunks.begin();
    for (const auto& each : work->extents) {
      if (each.hole) {
        ledger_.add_hole(each.length_bytes);
        continue;
      }
      const auto length = static_cast<std::uint32_t>(each.length_bytes);
      const auto [number, first] = ledger_.add_chunk(chunk->id, each.offset_bytes, length);
      chunk->number = number;
      if (first) fresh.push_back(&*chunk);
      ++chunk;
    }
  }
  if (auto asked = ledger_.look_up(); !asked) return asked;
  for (auto* chunk : fresh)
    chunk->to_pack = !ledger_.known(chunk->number);
  return {};
}

void publish_pipeline::compress(job& work) {
  thread_local std::vector<std::byte> scratch;
  work.stored.clear();
  for (auto& chunk : work.chunks) {
    if (!chunk.to_pack) continue;
    const auto made =
        compress_chunk(chunk.bytes, options_.how, options_.compression_level, scratch);
    work.stored.insert(work.stored.end(), made.bytes.begin(), made.bytes.end());
    chunk.stored_bytes = static_cast<std::uint32_t>(made.bytes.size());
    chunk.how = made.how;
  }
}

result<void> publish_pipeline::append(job& work) {
  if (!work.stored.empty()) {
    auto offset = pack_.append(work.stored);
    if (!offset) return offset.error();
    for (const auto& chunk : work.chunks) {
      if (!chunk.to_pack) continue;
      ledger_.packed({chunk.number, *offset, chunk.stored_bytes, chunk.how});
      *offset += chunk.stored_bytes;
    }
  }
  work.across.clear();
  const auto& where = *work.where;
  for (auto i = where.first_data; i < plan_.data.size(); ++i) {
    const auto begin = std::max(plan_.data[i].offset_bytes, where.offset_bytes);
    const auto end =
        std::min(plan_.data[i].offset_bytes + plan_.data[i].length_bytes, where.end_bytes());
    if (begin >= end) break;
    done_bytes_ += end - begin;
  }
  if (progress_ && !progress_(done_bytes_, plan_.data_bytes)) {
    return {errc::cancelled, "publishing was cancelled"};
  }
  return {};
}

} // namespace shoal::swarm
