// The one implementation of `exporter`: units become ready as their pieces arrive, workers take
// runs of units that lie together.
//
// Threads, errors, crashes: see exporter.hpp.
#pragma once

#include "swarm/publish/export_units.hpp"
#include "swarm/publish/exporter.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>

namespace shoal::swarm {

/// One export and its workers.
class export_job final : public exporter {
public:
  /// `writer` is null where chunks are only verified. @pre `check(image)` is content.
  export_job(recipe image, const pack_store& store, std::unique_ptr<image_writer> writer);
  ~export_job() override;

  /// Takes what the store holds now and begins.
  void begin(unsigned threads);

  void pieces_arrived(pack_id pack, const std::vector<std::uint32_t>& pieces) override;
  [[nodiscard]] std::uint64_t done_bytes() const override { return done_bytes_; }
  result<void> finish() override;
  void cancel() override;

private:
  struct workspace;

  void work();
  void take_what_is_held();
  unit_range take_slice();
  void end_with(error fault);
  void join();
  [[nodiscard]] error missing_pieces() const;
  result<void> make_slice(unit_range slice, workspace& space);
  result<void> make_unit(const export_unit& unit, std::span<const std::byte> stored,
                         std::span<std::byte> expanded);
  result<void> write_slice(unit_range slice, std::span<const std::byte> expanded);

  const recipe image_;
  const pack_store& store_;
  std::unique_ptr<image_writer> writer_;
  std::unordered_map<pack_id, std::uint32_t> pack_numbers_;
  std::atomic<std::uint64_t> done_bytes_ = 0;

  std::mutex mutex_;
  std::condition_variable changed_;
  /// All below under the mutex; of `units_`, what changes.
  export_units units_;
  std::deque<unit_range> ready_;
  std::size_t units_done_ = 0;
  unsigned busy_ = 0;
  bool ending_ = false;
  std::optional<error> fault_;
  std::vector<std::thread> workers_;
};

} // namespace shoal::swarm
