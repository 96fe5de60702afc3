// The image's bytes on their way into a pack: read, cut, hash, look up, compress, append, on all
// cores at once and with the same result as on one.
//
// A window's job passes the stages in this order. Reading, hashing and compressing happen in any
// order and in parallel; cutting, looking up and appending in the image's order, one at a time.
// Workers take the latest stage that can go on, so that memory is bounded by the jobs in flight.
//
// Threads: `run` uses the caller and workers of its own. Errors: the first one ends all.
// Crashes: nothing is kept; see publisher.hpp.
#pragma once

#include "swarm/chunker.hpp"
#include "swarm/codec/zstd_codec.hpp"
#include "swarm/publish/chunk_ledger.hpp"
#include "swarm/publish/window_plan.hpp"

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>

namespace shoal::swarm {

/// Runs one image through all stages.
class publish_pipeline {
public:
  publish_pipeline(image_reader& input, pack_writer& pack, chunk_ledger& ledger,
                   const publish_options& options, const byte_progress& progress);
  ~publish_pipeline();

  /// @returns the first fault of reader, lookup or store, or errc::cancelled.
  result<void> run(unsigned threads);

private:
  enum class stage : std::uint8_t { read, cut, hash, look_up, compress, append };

  /// A chunk of a job: where its bytes are now, and what became of it.
  struct job_chunk {
    std::span<const std::byte> bytes;
    chunk_id id;
    std::uint32_t number = 0;
    bool to_pack = false;
    std::uint32_t stored_bytes = 0;
    compression how = compression::none;
  };

  struct buffer;
  struct job;

  void work();
  bool step(std::unique_lock<std::mutex>& lock);
  job* next_job();
  job* next_in_order(stage wanted);
  job* next_in_any_order(stage wanted);
  job* begin_job();
  bool lookup_is_due() const;
  void run_unlocked(std::unique_lock<std::mutex>& lock, job& first);

  result<void> perform(job& work);
  result<void> read(job& work);
  void cut(job& work);
  void hash(job& work);
  result<void> look_up(const std::vector<job*>& group);
  void compress(job& work);
  result<void> append(job& work);
  std::shared_ptr<buffer> take_buffer();

  image_reader& input_;
  pack_writer& pack_;
  chunk_ledger& ledger_;
  const publish_options& options_;
  const byte_progress& progress_;
  window_plan plan_;
  /// Before everything that holds a buffer: they return here.
  std::vector<std::unique_ptr<buffer>> idle_buffers_;
  /// Only in the stage `cut`.
  cutter cutter_;
  std::shared_ptr<buffer> last_cut_;
  /// Only in the stage `append`.
  std::uint64_t done_bytes_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<job>> jobs_;
  std::vector<std::unique_ptr<job>> idle_jobs_;
  std::size_t next_window_ = 0;
  unsigned busy_ = 0;
  std::optional<error> fault_;
};

} // namespace shoal::swarm
