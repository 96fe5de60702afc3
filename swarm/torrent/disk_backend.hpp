// libtorrent's disk interface over the pack store.
//
// A block's write completes only when its whole piece has been verified and stored. This is more
// than tidiness: libtorrent 2.0.8 can be crashed by one corrupt block of a v2 torrent if it ever
// learns of a hash failure (README, Decisions), so it never does: blocks of a bad piece end as
// cancelled writes and are asked for again.
//
// Threads: libtorrent's network thread calls; hashing, writing and reading run on a worker pool;
//          `disk_events` come on the network thread.
// Errors:  told through `disk_events`; libtorrent only ever sees operation_aborted.
// Crashes: pieces in assembly are lost, stored ones are the store's affair.
#pragma once

#include "swarm/pack.hpp"
#include "swarm/piece_set.hpp"
#include "swarm/store/pack_store.hpp"
#include "swarm/torrent/buffer_pool.hpp"
#include "swarm/torrent/libtorrent_headers.hpp"
#include "swarm/torrent/metadata.hpp"
#include "swarm/torrent/worker_pool.hpp"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace shoal::swarm {

/// A pack as its channels share it. Network thread only, but for `writes`.
struct pack_io {
  pack_descriptor descriptor;
  /// The pieces the store holds, as far as this session was told.
  piece_set stored;
  /// Leaf hashes of the piece being handed to the other channels at this moment.
  std::uint32_t handed_piece = 0;
  const std::vector<digest>* handed_leaves = nullptr;
  /// A block was taken into a piece in assembly; a block that came twice is not.
  std::function<void(channel_kind, std::uint32_t piece, std::uint32_t block)> accepted;
  /// Verified pieces on their way to the disk.
  job_queue writes;
};

/// Told by the backend, before libtorrent learns the outcome.
class disk_events {
public:
  virtual ~disk_events() = default;
  /// A piece is verified and stored for the first time; `leaves` are its block hashes.
  virtual void on_stored(pack_io& pack, channel_kind from, std::uint32_t piece,
                         const std::vector<digest>& leaves) = 0;
  /// A whole piece arrived and does not match.
  virtual void on_mismatch(pack_io& pack, channel_kind from, std::uint32_t piece,
                           const std::vector<digest>& leaves) = 0;
  /// The store refused a verified piece.
  virtual void on_store_failed(pack_io& pack, const error& why) = 0;
};

/// Limits of the backend.
struct disk_backend_config {
  /// Threads that hash and write.
  unsigned verify_threads = 1;
  /// Threads that read for other hosts, apart so that a burst of hashing does not delay them.
  unsigned read_threads = 1;
  /// Peers stop being read when this much waits for hash and disk. Higher hides slower disks.
  std::size_t unverified_bytes_max = 64 * 1024 * 1024;
};

/// One backend for one lt::session, which owns it.
class disk_backend final : public lt::disk_interface, public lt::buffer_allocator_interface {
public:
  disk_backend(lt::io_context& network, disk_backend_config config, pack_store& store,
               disk_events& events);
  ~disk_backend() override;

  /// Must come before libtorrent adds a torrent with that info-hash.
  void expect(const lt::sha1_hash& wire_hash, std::shared_ptr<pack_io> pack, channel_kind kind);

  /// Gives spare memory back to the system; for idle times.
  void trim();

  lt::storage_holder new_torrent(const lt::storage_params& params,
                                 const std::shared_ptr<void>& torrent) override;
  void remove_torrent(lt::storage_index_t index) override;
  void async_read(lt::storage_index_t index, const lt::peer_request& request,
                  std::function<void(lt::disk_buffer_holder, const lt::storage_error&)> handler,
                  lt::disk_job_flags_t flags) override;
  bool async_write(lt::storage_index_t index, const lt::peer_request& request, const char* bytes,
                   std::shared_ptr<lt::disk_observer> observer,
                   std::function<void(const lt::storage_error&)> handler,
                   lt::disk_job_flags_t flags) override;
  void
  async_hash(lt::storage_index_t index, lt::piece_index_t piece,
             lt::span<lt::sha256_hash> block_hashes, lt::disk_job_flags_t flags,
             std::function<void(lt::piece_index_t, const lt::sha1_hash&, const lt::storage_error&)>
                 handler) override;
  void async_hash2(
      lt::storage_index_t index, lt::piece_index_t piece, int offset, lt::disk_job_flags_t flags,
      std::function<void(lt::piece_index_t, const lt::sha256_hash&, const lt::storage_error&)>
          handler) override;
  void
  async_move_storage(lt::storage_index_t index, std::string path, lt::move_flags_t flags,
                     std::function<void(lt::status_t, const std::string&, const lt::storage_error&)>
                         handler) override;
  void async_release_files(lt::storage_index_t index, std::function<void()> handler) override;
  void
  async_check_files(lt::storage_index_t index, const lt::add_torrent_params* resume_data,
                    lt::aux::vector<std::string, lt::file_index_t> links,
                    std::function<void(lt::status_t, const lt::storage_error&)> handler) override;
  void async_stop_torrent(lt::storage_index_t index, std::function<void()> handler) override;
  void async_rename_file(
      lt::storage_index_t index, lt::file_index_t file, std::string name,
      std::function<void(const std::string&, lt::file_index_t, const lt::storage_error&)> handler)
      override;
  void async_delete_files(lt::storage_index_t index, lt::remove_flags_t options,
                          std::function<void(const lt::storage_error&)> handler) override;
  void async_set_file_priority(
      lt::storage_index_t index,
      lt::aux::vector<lt::download_priority_t, lt::file_index_t> priorities,
      std::function<void(const lt::storage_error&,
                         lt::aux::vector<lt::download_priority_t, lt::file_index_t>)>
          handler) override;
  void async_clear_piece(lt::storage_index_t index, lt::piece_index_t piece,
                         std::function<void(lt::piece_index_t)> handler) override;
  void update_stats_counters(lt::counters&) const override {}
  std::vector<lt::open_file_state> get_status(lt::storage_index_t) const override { return {}; }
  void abort(bool wait) override;
  void submit_jobs() override;
  void settings_updated() override {}
  void free_disk_buffer(char* buffer) override;

private:
  using write_handler = std::function<void(const lt::storage_error&)>;
  using hash_handler =
      std::function<void(lt::piece_index_t, const lt::sha1_hash&, const lt::storage_error&)>;
  using read_handler = std::function<void(lt::disk_buffer_holder, const lt::storage_error&)>;

  /// A piece whose blocks are arriving.
  struct assembly {
    buffer_pool::buffer bytes;
    std::vector<write_handler> handlers;
  };
  /// One channel of one pack.
  struct storage {
    std::shared_ptr<pack_io> pack;
    channel_kind kind = channel_kind::source;
    std::unordered_map<std::uint32_t, assembly> pieces;
  };
  /// A whole piece on its way through hash and disk.
  struct verification {
    std::shared_ptr<storage> target;
    std::uint32_t piece = 0;
    assembly arrived;
    lt::span<lt::sha256_hash> block_hashes;
    hash_handler handler;
    std::vector<digest> leaves;
    bool matches = false;
    result<void> kept;
  };
  struct read_job {
    std::shared_ptr<storage> target;
    lt::peer_request request;
    read_handler handler;
  };

  void complete_later(std::function<void()> completion);
  void run_completions();
  void verify(const std::shared_ptr<verification>& job);
  void verified(const std::shared_ptr<verification>& job);
  void finish(verification& job);
  static void refuse(verification& job);
  static void release(verification& job);
  void rehash(const std::shared_ptr<verification>& job);
  void answer_stored(assembly arrived, std::uint32_t piece, const std::vector<digest>& leaves,
                     lt::span<lt::sha256_hash> block_hashes, const hash_handler& handler);
  void cancel_assemblies(storage& target);
  bool read(const read_job& job, bool only_cached);
  buffer_pool& pool_for(const pack_io& pack);

  lt::io_context& network_;
  const disk_backend_config config_;
  pack_store& store_;
  disk_events& events_;

  std::map<lt::sha1_hash, std::pair<std::shared_ptr<pack_io>, channel_kind>> expected_;
  std::vector<std::shared_ptr<storage>> storages_;
  std::map<std::size_t, std::unique_ptr<buffer_pool>> piece_pools_;
  buffer_pool block_pool_;
  std::vector<read_job> reads_;
  std::size_t unverified_bytes_ = 0;
  std::vector<std::shared_ptr<lt::disk_observer>> throttled_;
  bool aborted_ = false;

  std::mutex completions_mutex_;
  std::vector<std::function<void()>> completions_;

  worker_pool verifiers_;
  worker_pool readers_;
};

} // namespace shoal::swarm
