// The parts of libtorrent's disk interface that packs have no use for: packs are not moved, renamed
// or deleted by libtorrent, and there is nothing to check or flush. Each answers at once.
#include "swarm/torrent/disk_backend.hpp"

#include <utility>

namespace shoal::swarm {

void disk_backend::async_hash2(
    lt::storage_index_t, lt::piece_index_t piece, int, lt::disk_job_flags_t,
    std::function<void(lt::piece_index_t, const lt::sha256_hash&, const lt::storage_error&)>
        handler) {
  // Only asked when libtorrent serves block hashes of a torrent it downloaded; refusing is allowed.
  complete_later([handler = std::move(handler), piece] {
    handler(piece, lt::sha256_hash{},
            lt::storage_error{lt::error_code{boost::asio::error::operation_aborted}});
  });
}

void disk_backend::async_move_storage(
    lt::storage_index_t, std::string path, lt::move_flags_t,
    std::function<void(lt::status_t, const std::string&, const lt::storage_error&)> handler) {
  complete_later([handler = std::move(handler), path = std::move(path)] {
    handler(lt::status_t::no_error, path, lt::storage_error{});
  });
}

void disk_backend::async_release_files(lt::storage_index_t, std::function<void()> handler) {
  if (handler) complete_later(std::move(handler));
}

void disk_backend::async_check_files(
    lt::storage_index_t, const lt::add_torrent_params*,
    lt::aux::vector<std::string, lt::file_index_t>,
    std::function<void(lt::status_t, const lt::storage_error&)> handler) {
  // What the store holds is verified; with a full-length have_pieces nothing is checked again.
  complete_later(
      [handler = std::move(handler)] { handler(lt::status_t::no_error, lt::storage_error{}); });
}

void disk_backend::async_rename_file(
    lt::storage_index_t, lt::file_index_t file, std::string name,
    std::function<void(const std::string&, lt::file_index_t, const lt::storage_error&)> handler) {
  complete_later([handler = std::move(handler), file, name = std::move(name)] {
    handler(name, file, lt::storage_error{});
  });
}

void disk_backend::async_delete_files(lt::storage_index_t, lt::remove_flags_t,
                                      std::function<void(const lt::storage_error&)> handler) {
  complete_later([handler = std::move(handler)] { handler(lt::storage_error{}); });
}

void disk_backend::async_set_file_priority(
    lt::storage_index_t, lt::aux::vector<lt::download_priority_t, lt::file_index_t> priorities,
    std::function<void(const lt::storage_error&,
                       lt::aux::vector<lt::download_priority_t, lt::file_index_t>)>
        handler) {
  complete_later([handler = std::move(handler), priorities = std::move(priorities)] {
    handler(lt::storage_error{}, priorities);
  });
}

void disk_backend::async_clear_piece(lt::storage_index_t index, lt::piece_index_t piece,
                                     std::function<void(lt::piece_index_t)> handler) {
  static_cast<void>(index);
  complete_later([handler = std::move(handler), piece] { handler(piece); });
}

} // namespace shoal::swarm
