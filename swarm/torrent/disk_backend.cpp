#include "swarm/torrent/disk_backend.hpp"

#include "swarm/crypto/sha256.hpp"
#include "topology/assert.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace shoal::swarm {

namespace {

constexpr std::size_t spare_piece_bytes_max = 32 * 1024 * 1024;
constexpr std::size_t spare_blocks_max = 1024;

lt::storage_error aborted() {
  return lt::storage_error{lt::error_code{boost::asio::error::operation_aborted}};
}

std::vector<digest> leaves_of(std::span<const std::byte> piece) {
  std::vector<digest> leaves;
  leaves.reserve((piece.size() + block_bytes - 1) / block_bytes);
  for (std::size_t at = 0; at < piece.size(); at += block_bytes) {
    leaves.push_back(
        sha256(piece.subspan(at, std::min<std::size_t>(block_bytes, piece.size() - at))));
  }
  return leaves;
}

void cancel(const std::vector<std::function<void(const lt::storage_error&)>>& writes) {
  for (const auto& written : writes)
    written(aborted());
}

bool proves(const pack_descriptor& pack, std::uint32_t piece, const std::vector<digest>& leaves) {
  const auto width = piece_width_blocks(pack.length_bytes, pack.piece_bytes);
  return merkle_root(leaves, width, digest{}, sha256) == pack.piece_hashes[piece];
}

} // namespace

disk_backend::disk_backend(lt::io_context& network, disk_backend_config config, pack_store& store,
                           disk_events& events)
    : network_{network}, config_{config}, store_{store}, events_{events},
      block_pool_{block_bytes, spare_blocks_max},
      verifiers_{config.verify_threads}, readers_{config.read_threads} {}

disk_backend::~disk_backend() { abort(true); }

void disk_backend::expect(const lt::sha1_hash& wire_hash, std::shared_ptr<pack_io> pack,
                          channel_kind kind) {
  expected_[wire_hash] = {std::move(pack), kind};
}

void disk_backend::trim() { piece_pools_.clear(); }

buffer_pool& disk_backend::pool_for(const pack_io& pack) {
  auto& pool = piece_pools_[pack.descriptor.piece_bytes];
  if (!pool) {
    const std::size_t bytes = pack.descriptor.piece_bytes;
    pool = std::make_unique<buffer_pool>(bytes, spare_piece_bytes_max / bytes);
  }
  return *pool;
}

lt::storage_holder disk_backend::new_torrent(const lt::storage_params& params,
                                             const std::shared_ptr<void>&) {
  const auto found = expected_.find(params.info_hash);
  SHOAL_ASSERT(found != expected_.end());
  auto made = std::make_shared<storage>();
  made->pack = found->second.first;
  made->kind = found->second.second;
  expected_.erase(found);
  auto slot = std::find(storages_.begin(), storages_.end(), nullptr);
  if (slot == storages_.end()) slot = storages_.insert(slot, nullptr);
  *slot = std::move(made);
  const auto index = static_cast<std::uint32_t>(slot - storages_.begin());
  return lt::storage_holder{lt::storage_index_t{index}, *this};
}

void disk_backend::remove_torrent(lt::storage_index_t index) {
  auto& slot = storages_[static_cast<std::uint32_t>(index)];
  cancel_assemblies(*slot);
  slot = nullptr;
}

bool disk_backend::async_write(lt::storage_index_t index, const lt::peer_request& request,
                               const char* bytes, std::shared_ptr<lt::disk_observer> observer,
                               write_handler handler, lt::disk_job_flags_t) {
  auto& target = *storages_[static_cast<std::uint32_t>(index)];
  const auto piece = static_cast<std::uint32_t>(static_cast<int>(request.piece));
  const auto& pack = *target.pack;
  if (pack.stored.contains(piece)) {
    complete_later([handler = std::move(handler)] { handler(lt::storage_error{}); });
    return false;
  }
  auto& arrived = target.pieces[piece];
  if (!arrived.bytes) {
    arrived.bytes = pool_for(pack).take();
    arrived.handlers.reserve(pack.descriptor.piece_bytes / block_bytes);
  }
  // The last block of a pack may come with its zero padding, which is not part of the pack.
  const auto length = static_cast<int>(pack.descriptor.piece_length(piece));
  const auto kept = std::min(request.length, length - request.start);
  if (kept > 0) {
    std::memcpy(arrived.bytes.get() + request.start, bytes, static_cast<std::size_t>(kept));
  }
  arrived.handlers.push_back(std::move(handler));
  if (pack.accepted) {
    pack.accepted(target.kind, piece, static_cast<std::uint32_t>(request.start) / block_bytes);
  }
  if (unverified_bytes_ < config_.unverified_bytes_max) return false;
  if (observer) throttled_.push_back(std::move(observer));
  return true;
}

void disk_backend::async_hash(lt::storage_index_t index, lt::piece_index_t piece_index,
                              lt::span<lt::sha256_hash> block_hashes, lt::disk_job_flags_t,
                              hash_handler handler) {
  const auto& target = storages_[static_cast<std::uint32_t>(index)];
  const auto piece = static_cast<std::uint32_t>(static_cast<int>(piece_index));
  auto job = std::make_shared<verification>();
  if (const auto found = target->pieces.find(piece); found != target->pieces.end()) {
    job->arrived = std::move(found->second);
    target->pieces.erase(found);
  }
  auto& pack = *target->pack;
  if (pack.stored.contains(piece) && pack.handed_leaves && pack.handed_piece == piece) {
    answer_stored(std::move(job->arrived), piece, *pack.handed_leaves, block_hashes, handler);
    return;
  }
  job->target = target;
  job->piece = piece;
  job->block_hashes = block_hashes;
  job->handler = std::move(handler);
  if (pack.stored.contains(piece)) {
    verifiers_.submit([this, job] { rehash(job); });
    return;
  }
  unverified_bytes_ += pack.descriptor.piece_bytes;
  verifiers_.submit([this, job] { verify(job); });
}

// Worker: does the piece match, and does the store take it?
void disk_backend::verify(const std::shared_ptr<verification>& job) {
  const auto& pack = job->target->pack->descriptor;
  if (job->arrived.bytes) {
    const std::span<const std::byte> bytes{job->arrived.bytes.get(), pack.piece_length(job->piece)};
    job->leaves = leaves_of(bytes);
    job->matches = proves(pack, job->piece, job->leaves);
  }
  if (!job->matches) return verified(job);
  // The job may have let go of its pack before the queue is done.
  const auto shared = job->target->pack;
  shared->writes.run([this, job] {
    const auto& known = job->target->pack->descriptor;
    const std::span<const std::byte> bytes{job->arrived.bytes.get(),
                                           known.piece_length(job->piece)};
    job->kept = store_.put_verified_piece(known.id, job->piece, bytes);
    verified(job);
  });
}

void disk_backend::verified(const std::shared_ptr<verification>& job) {
  complete_later([this, job] {
    unverified_bytes_ -= job->target->pack->descriptor.piece_bytes;
    finish(*job);
    release(*job);
    if (throttled_.empty() || unverified_bytes_ > config_.unverified_bytes_max / 2) return;
    for (const auto& observer : std::exchange(throttled_, {}))
      observer->on_disk();
  });
}

// Network thread: tells everybody how a piece came out.
void disk_backend::finish(verification& job) {
  auto& pack = *job.target->pack;
  if (job.matches && job.kept.ok()) {
    const bool first = pack.stored.insert(job.piece);
    pool_for(pack).give_back(std::move(job.arrived.bytes));
    answer_stored(std::move(job.arrived), job.piece, job.leaves, job.block_hashes, job.handler);
    if (!first) return;
    pack.handed_piece = job.piece;
    pack.handed_leaves = &job.leaves;
    events_.on_stored(pack, job.target->kind, job.piece, job.leaves);
    pack.handed_leaves = nullptr;
    return;
  }
  // The events come first: they ban the sender or stop the fetch before blocks are asked for again.
  if (!job.matches)
    events_.on_mismatch(pack, job.target->kind, job.piece, job.leaves);
  else
    events_.on_store_failed(pack, job.kept.error());
  pool_for(pack).give_back(std::move(job.arrived.bytes));
  refuse(job);
}

// The piece counts as never received and is asked for again. The hash answers before the writes:
// the other way round libtorrent 2.0.8 never asks again for a piece whose priority is zero just
// now.
void disk_backend::refuse(verification& job) {
  job.handler(lt::piece_index_t{static_cast<int>(job.piece)}, lt::sha1_hash{}, aborted());
  cancel(job.arrived.handlers);
}

// The worker may be the last to let go of a job; libtorrent's objects must go on this thread.
void disk_backend::release(verification& job) {
  job.arrived.handlers.clear();
  job.handler = nullptr;
  job.target.reset();
}

// Worker: leaf hashes of a piece that is stored already.
void disk_backend::rehash(const std::shared_ptr<verification>& job) {
  const auto& pack = job->target->pack->descriptor;
  std::vector<std::byte> bytes(pack.piece_length(job->piece));
  const auto offset = std::uint64_t{job->piece} * pack.piece_bytes;
  job->kept = store_.read(pack.id, offset, bytes);
  if (job->kept.ok()) {
    job->leaves = leaves_of(bytes);
    job->matches = proves(pack, job->piece, job->leaves);
  }
  complete_later([this, job] {
    if (job->matches) {
      answer_stored(std::move(job->arrived), job->piece, job->leaves, job->block_hashes,
                    job->handler);
    } else {
      // Evicted or damaged since: it is to be fetched again.
      job->target->pack->stored.erase(job->piece);
      refuse(*job);
    }
    release(*job);
  });
}

void disk_backend::answer_stored(assembly arrived, std::uint32_t piece,
                                 const std::vector<digest>& leaves,
                                 lt::span<lt::sha256_hash> block_hashes,
                                 const hash_handler& handler) {
  if (block_hashes.size() > 0) {
    SHOAL_ASSERT(static_cast<std::size_t>(block_hashes.size()) == leaves.size());
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      block_hashes[static_cast<std::ptrdiff_t>(i)] =
          lt::sha256_hash{reinterpret_cast<const char*>(leaves[i].data())};
    }
  }
  complete_later([writes = std::move(arrived.handlers), piece, handler] {
    for (const auto& written : writes)
      written(lt::storage_error{});
    handler(lt::piece_index_t{static_cast<int>(piece)}, lt::sha1_hash{}, lt::storage_error{});
  });
}

void disk_backend::cancel_assemblies(storage& target) {
  for (auto& [piece, arrived] : std::exchange(target.pieces, {})) {
    complete_later([handlers = std::move(arrived.handlers)] { cancel(handlers); });
  }
}

void disk_backend::async_read(lt::storage_index_t index, const lt::peer_request& request,
                              read_handler handler, lt::disk_job_flags_t) {
  read_job job{storages_[static_cast<std::uint32_t>(index)], request, std::move(handler)};
  // What was fetched just now is in memory: a trip to a worker would cost more than the copy.
  if (!read(job, true)) reads_.push_back(std::move(job));
}

void disk_backend::submit_jobs() {
  if (reads_.empty()) return;
  readers_.submit(
      [this, jobs = std::make_shared<std::vector<read_job>>(std::exchange(reads_, {}))] {
        for (const auto& job : *jobs)
          read(job, false);
        // The handlers hold torrents, which only the network thread may let go.
        complete_later([jobs] { jobs->clear(); });
      });
}

// One block for a peer. `only_cached`: network thread, without waiting; false if that cannot be.
bool disk_backend::read(const read_job& job, bool only_cached) {
  const auto& pack = job.target->pack->descriptor;
  const auto piece = static_cast<std::uint32_t>(static_cast<int>(job.request.piece));
  const auto length = static_cast<int>(pack.piece_length(piece));
  const auto fail = [&] {
    complete_later([handler = job.handler] { handler(lt::disk_buffer_holder{}, aborted()); });
    return true;
  };
  if (job.request.length > static_cast<int>(block_bytes) || job.request.start >= length) {
    return fail();
  }
  auto block = block_pool_.take();
  const auto kept =
      static_cast<std::size_t>(std::min(job.request.length, length - job.request.start));
  const auto offset =
      std::uint64_t{piece} * pack.piece_bytes + static_cast<std::uint64_t>(job.request.start);
  const std::span<std::byte> into{block.get(), kept};
  if (only_cached ? !store_.read_cached(pack.id, offset, into)
                  : !store_.read(pack.id, offset, into).ok()) {
    block_pool_.give_back(std::move(block));
    return only_cached ? false : fail();
  }
  std::memset(block.get() + kept, 0, static_cast<std::size_t>(job.request.length) - kept);
  auto* const bytes = reinterpret_cast<char*>(block.release());
  complete_later([this, bytes, size = job.request.length, handler = job.handler] {
    handler(lt::disk_buffer_holder{*this, bytes, size}, lt::storage_error{});
  });
  return true;
}

void disk_backend::free_disk_buffer(char* buffer) {
  block_pool_.give_back(buffer_pool::buffer{reinterpret_cast<std::byte*>(buffer)});
}

void disk_backend::complete_later(std::function<void()> completion) {
  bool first = false;
  {
    const std::lock_guard lock{completions_mutex_};
    first = completions_.empty();
    completions_.push_back(std::move(completion));
  }
  if (first) boost::asio::post(network_, [this] { run_completions(); });
}

void disk_backend::run_completions() {
  std::vector<std::function<void()>> ready;
  {
    const std::lock_guard lock{completions_mutex_};
    ready.swap(completions_);
  }
  for (auto& completion : ready)
    completion();
}

void disk_backend::async_stop_torrent(lt::storage_index_t index, std::function<void()> handler) {
  cancel_assemblies(*storages_[static_cast<std::uint32_t>(index)]);
  if (handler) complete_later(std::move(handler));
}

void disk_backend::abort(bool wait) {
  if (!std::exchange(aborted_, true)) {
    for (const auto& one : storages_) {
      if (one) cancel_assemblies(*one);
    }
    throttled_.clear();
  }
  if (!wait) return;
  verifiers_.stop();
  readers_.stop();
}

} // namespace shoal::swarm
