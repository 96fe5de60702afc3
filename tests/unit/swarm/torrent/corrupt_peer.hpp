// A BitTorrent peer that lies: a libtorrent session of its own that serves a pack with bytes
// flipped.
#pragma once

#include "swarm/pack.hpp"
#include "swarm/torrent/swarm_session.hpp"

#include <libtorrent/add_torrent_params.hpp>
#include <libtorrent/disk_interface.hpp>
#include <libtorrent/load_torrent.hpp>
#include <libtorrent/session.hpp>
#include <libtorrent/session_params.hpp>
#include <libtorrent/torrent_info.hpp>

#include <boost/asio/post.hpp>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace shoal::test {

namespace lt = ::libtorrent;

/// Serves `bytes`, flipping the first byte of every `corrupt_every`-th block it sends.
class lying_disk final : public lt::disk_interface, public lt::buffer_allocator_interface {
public:
  lying_disk(lt::io_context& network, const std::vector<std::byte>& bytes,
             std::uint32_t piece_bytes, int corrupt_every)
      : network_{network}, bytes_{bytes}, piece_bytes_{piece_bytes}, corrupt_every_{corrupt_every} {
  }

  lt::storage_holder new_torrent(const lt::storage_params&, const std::shared_ptr<void>&) override {
    return lt::storage_holder{lt::storage_index_t{0}, *this};
  }
  void remove_torrent(lt::storage_index_t) override {}
  void async_read(lt::storage_index_t, const lt::peer_request& request,
                  std::function<void(lt::disk_buffer_holder, const lt::storage_error&)> handler,
                  lt::disk_job_flags_t) override {
    auto* const block = new char[static_cast<std::size_t>(request.length)]{};
    const auto offset = static_cast<std::size_t>(static_cast<int>(request.piece)) * piece_bytes_ +
                        static_cast<std::size_t>(request.start);
    if (offset < bytes_.size()) {
      const auto length =
          std::min<std::size_t>(static_cast<std::size_t>(request.length), bytes_.size() - offset);
      std::memcpy(block, bytes_.data() + offset, length);
    }
    if (++blocks_sent_ % corrupt_every_ == 0) block[0] = static_cast<char>(block[0] ^ 1);
    boost::asio::post(network_,
                      [this, block, length = request.length, handler = std::move(handler)] {
                        handler(lt::disk_buffer_holder{*this, block, length}, lt::storage_error{});
                      });
  }
  bool async_write(lt::storage_index_t, const lt::peer_request&, const char*,
                   std::shared_ptr<lt::disk_observer>,
                   std::function<void(const lt::storage_error&)> handler,
                   lt::disk_job_flags_t) override {
    boost::asio::post(network_, [handler = std::move(handler)] { handler(lt::storage_error{}); });
    return false;
  }
  void
  async_hash(lt::storage_index_t, lt::piece_index_t piece, lt::span<lt::sha256_hash>,
             lt::disk_job_flags_t,
             std::function<void(lt::piece_index_t, const lt::sha1_hash&, const lt::storage_error&)>
                 handler) override {
    boost::asio::post(network_, [handler = std::move(handler), piece] {
      handler(piece, lt::sha1_hash{}, lt::storage_error{});
    });
  }
  void async_hash2(lt::storage_index_t, lt::piece_index_t, int, lt::disk_job_flags_t,
                   std::function<void(lt::piece_index_t, const lt::sha256_hash&,
                                      const lt::storage_error&)>) override {}
  void async_move_storage(
      lt::storage_index_t, std::string, lt::move_flags_t,
      std::function<void(lt::status_t, const std::string&, const lt::storage_error&)>) override {}
  void async_release_files(lt::storage_index_t, std::function<void()> handler) override {
    if (handler) boost::asio::post(network_, std::move(handler));
  }
  void
  async_check_files(lt::storage_index_t, const lt::add_torrent_params*,
                    lt::aux::vector<std::string, lt::file_index_t>,
                    std::function<void(lt::status_t, const lt::storage_error&)> handler) override {
    boost::asio::post(network_, [handler = std::move(handler)] {
      handler(lt::status_t::no_error, lt::storage_error{});
    });
  }
  void async_stop_torrent(lt::storage_index_t, std::function<void()> handler) override {
    if (handler) boost::asio::post(network_, std::move(handler));
  }
  void async_rename_file(lt::storage_index_t, lt::file_index_t, std::string,
                         std::function<void(const std::string&, lt::file_index_t,
                                            const lt::storage_error&)>) override {}
  void async_delete_files(lt::storage_index_t, lt::remove_flags_t,
                          std::function<void(const lt::storage_error&)>) override {}
  void async_set_file_priority(
      lt::storage_index_t, lt::aux::vector<lt::download_priority_t, lt::file_index_t> priorities,
      std::function<void(const lt::storage_error&,
                         lt::aux::vector<lt::download_priority_t, lt::file_index_t>)>
          handler) override {
    boost::asio::post(network_, [handler = std::move(handler), priorities = std::move(priorities)] {
      handler(lt::storage_error{}, priorities);
    });
  }
  void async_clear_piece(lt::storage_index_t, lt::piece_index_t piece,
                         std::function<void(lt::piece_index_t)> handler) override {
    boost::asio::post(network_, [handler = std::move(handler), piece] { handler(piece); });
  }
  void update_stats_counters(lt::counters&) const override {}
  std::vector<lt::open_file_state> get_status(lt::storage_index_t) const override { return {}; }
  void abort(bool) override {}
  void submit_jobs() override {}
  void settings_updated() override {}
  void free_disk_buffer(char* buffer) override { delete[] buffer; }

private:
  lt::io_context& network_;
  const std::vector<std::byte>& bytes_;
  const std::uint32_t piece_bytes_;
  const int corrupt_every_;
  int blocks_sent_ = 0;
};

/// Settings under which a plain libtorrent session behaves on loopback as ours do.
inline lt::settings_pack plain_settings(const std::string& address) {
  lt::settings_pack settings;
  settings.set_str(lt::settings_pack::listen_interfaces, address + ":0");
  settings.set_str(lt::settings_pack::outgoing_interfaces, address);
  for (const auto name :
       {lt::settings_pack::enable_dht, lt::settings_pack::enable_lsd,
        lt::settings_pack::enable_upnp, lt::settings_pack::enable_natpmp,
        lt::settings_pack::enable_outgoing_utp, lt::settings_pack::enable_incoming_utp,
        lt::settings_pack::close_redundant_connections}) {
    settings.set_bool(name, false);
  }
  settings.set_int(lt::settings_pack::in_enc_policy, lt::settings_pack::pe_disabled);
  settings.set_int(lt::settings_pack::out_enc_policy, lt::settings_pack::pe_disabled);
  settings.set_int(lt::settings_pack::alert_mask, 0);
  return settings;
}

/// The pack as a stock client takes it up.
inline lt::add_torrent_params plain_torrent(const swarm::pack_descriptor& pack, bool seed) {
  const auto file = swarm::torrent_file(pack);
  auto params = lt::load_torrent_buffer({file.data(), static_cast<std::ptrdiff_t>(file.size())});
  params.flags = lt::torrent_flags::disable_dht | lt::torrent_flags::disable_lsd |
                 lt::torrent_flags::disable_pex;
  if (seed) params.have_pieces.resize(static_cast<int>(pack.piece_count()), true);
  return params;
}

/// A peer on an address of its own that serves the pack with errors.
class corrupt_peer {
public:
  corrupt_peer(std::string address, std::vector<std::byte> bytes,
               const swarm::pack_descriptor& pack, int corrupt_every)
      : address_{std::move(address)}, bytes_{std::move(bytes)} {
    lt::session_params params{plain_settings(address_)};
    params.disk_io_constructor = [this, &pack, corrupt_every](lt::io_context& network,
                                                              const lt::settings_interface&,
                                                              lt::counters&) {
      return std::make_unique<lying_disk>(network, bytes_, pack.piece_bytes, corrupt_every);
    };
    session_ = std::make_unique<lt::session>(std::move(params));
    auto torrent = plain_torrent(pack, true);
    torrent.save_path = ".";
    const auto handle = session_->add_torrent(std::move(torrent));
    while (!handle.status().is_seeding)
      std::this_thread::yield();
  }
  [[nodiscard]] swarm::swarm_peer peer(const std::string& rack) const {
    return {"liar", {"site", "cluster", rack}, address_, session_->listen_port()};
  }

private:
  const std::string address_;
  const std::vector<std::byte> bytes_;
  std::unique_ptr<lt::session> session_;
};

} // namespace shoal::test
