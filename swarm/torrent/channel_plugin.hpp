// libtorrent's plugins for a channel: what its peers do is told to the channel, and TCP_NODELAY,
// which libtorrent never sets (a single piece takes 42 ms instead of 1).
//
// Threads: libtorrent's network thread only.
#pragma once

#include "swarm/torrent/channel.hpp"

namespace shoal::swarm {

/// Attached to each torrent of ours.
class channel_plugin final : public lt::torrent_plugin {
public:
  explicit channel_plugin(std::weak_ptr<channel> owner) : owner_{std::move(owner)} {}

  std::shared_ptr<lt::peer_plugin> new_connection(const lt::peer_connection_handle& peer) override;
  void on_files_checked() override;

private:
  std::weak_ptr<channel> owner_;
};

} // namespace shoal::swarm
