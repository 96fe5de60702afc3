#include "swarm/torrent/channel_plugin.hpp"

#include <array>
#include <utility>

namespace shoal::swarm {

namespace {

/// "I am getting this piece" in the words of the fast extension (BEP 6, suggest piece): who has to
/// know is told before the piece can be announced.
void suggest(lt::peer_connection_handle peer, std::uint32_t piece) {
  constexpr char suggest_piece = 0x0d;
  const std::array<char, 9> message{0,
                                    0,
                                    0,
                                    5,
                                    suggest_piece,
                                    static_cast<char>(piece >> 24),
                                    static_cast<char>(piece >> 16),
                                    static_cast<char>(piece >> 8),
                                    static_cast<char>(piece)};
  if (peer.native_handle()) peer.send_buffer(message.data(), static_cast<int>(message.size()));
}

class connection_plugin final : public lt::peer_plugin {
public:
  connection_plugin(std::shared_ptr<channel> owner, const lt::peer_connection_handle& peer)
      : owner_{owner}, peer_{peer}, connection_{
                                        owner->connecting(peer.remote(), peer.is_outgoing())} {
    connection_->hang_up = [peer] {
      lt::peer_connection_handle{peer}.disconnect(lt::errors::no_error,
                                                  lt::operation_t::bittorrent);
    };
    connection_->say_coming = [peer](std::uint32_t piece) { suggest(peer, piece); };
  }

  bool on_handshake(lt::span<const char>) override {
    if (const auto native = peer_.native_handle()) {
      lt::error_code ignored;
      native->get_socket().set_option(lt::tcp::no_delay{true}, ignored);
    }
    if (const auto owner = owner_.lock()) owner->handshaken(*connection_);
    return true;
  }

  // "reqq" (BEP 10) is what bounds the other side's queue: libtorrent takes it in place of its own
  // max_out_request_queue.
  void add_handshake(lt::entry& handshake) override {
    const auto owner = owner_.lock();
    if (!owner) return;
    if (const auto depth = owner->request_queue(*connection_))
      handshake["reqq"] = std::int64_t{*depth};
  }

  void on_disconnect(const lt::error_code&) override {
    if (const auto owner = owner_.lock()) owner->closed(connection_);
  }

  bool on_request(const lt::peer_request&) override {
    connection_->heard = clock::now();
    return false;
  }

  bool on_have(lt::piece_index_t piece) override {
    connection_->heard = clock::now();
    if (const auto owner = owner_.lock()) {
      owner->have(*connection_, static_cast<std::uint32_t>(static_cast<int>(piece)));
    }
    return false;
  }

  // Libtorrent would prefer to ask for it.
  bool on_suggest(lt::piece_index_t piece) override {
    connection_->heard = clock::now();
    if (const auto owner = owner_.lock()) {
      owner->hear_coming(*connection_, static_cast<std::uint32_t>(static_cast<int>(piece)));
    }
    return true;
  }

  bool on_bitfield(const lt::bitfield& pieces) override {
    piece_set have{connection_->have.size()};
    for (std::uint32_t i = 0; i < have.size() && static_cast<int>(i) < pieces.size(); ++i) {
      if (pieces.get_bit(static_cast<int>(i))) have.insert(i);
    }
    return replace(std::move(have));
  }
  bool on_have_all() override { return replace(piece_set{connection_->have.size(), true}); }
  bool on_have_none() override { return replace(piece_set{connection_->have.size()}); }

  bool on_piece(const lt::peer_request& request, lt::span<const char> bytes) override {
    connection_->heard = clock::now();
    if (const auto owner = owner_.lock()) {
      owner->block_arrived(*connection_, request, static_cast<std::size_t>(bytes.size()));
    }
    return false;
  }

  void sent_request(const lt::peer_request& request) override {
    if (const auto owner = owner_.lock()) {
      owner->requested(static_cast<std::uint32_t>(static_cast<int>(request.piece)));
    }
  }

  void sent_payload(int bytes) override {
    if (const auto owner = owner_.lock()) owner->payload_sent(static_cast<std::uint64_t>(bytes));
  }

private:
  bool replace(piece_set have) {
    if (const auto owner = owner_.lock()) owner->have_set(*connection_, std::move(have));
    return false;
  }

  std::weak_ptr<channel> owner_;
  lt::peer_connection_handle peer_;
  std::shared_ptr<connection> connection_;
};

} // namespace

std::shared_ptr<lt::peer_plugin>
channel_plugin::new_connection(const lt::peer_connection_handle& peer) {
  const auto owner = owner_.lock();
  if (!owner || peer.type() != lt::connection_type::bittorrent) return nullptr;
  return std::make_shared<connection_plugin>(owner, peer);
}

void channel_plugin::on_files_checked() {
  if (const auto owner = owner_.lock()) owner->files_checked();
}

} // namespace shoal::swarm
