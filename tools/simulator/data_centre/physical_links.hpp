// Streams of pieces between hosts over shared links, one stream a pair of hosts, pieces one after
// the other.
//
// Threads: one owner. Errors: none.
#pragma once

#include "tools/simulator/data_centre/config.hpp"
#include "tools/simulator/data_centre/content.hpp"
#include "tools/simulator/event_queue.hpp"
#include "tools/simulator/flow_network.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <vector>

namespace shoal::simulator {

/// The number by which the image server is a source.
inline constexpr std::uint32_t server_source = ~0u;

/// The links and what is queued on them.
class physical_links {
public:
  using arrived = std::function<void(std::uint32_t from, std::uint32_t to, item_number item)>;

  /// @param done called for each piece at the moment it is there. @pre the arguments outlive it.
  physical_links(event_queue& events, const data_centre_config& config, arrived done);

  /// Queues a piece behind what goes between these two already.
  void send(std::uint32_t from, std::uint32_t to, item_number item);

  /// Pieces queued or under way from one to the other.
  [[nodiscard]] std::size_t queued(std::uint32_t from, std::uint32_t to) const;
  /// Streams that the source feeds now.
  [[nodiscard]] std::uint32_t streams_from(std::uint32_t from) const;
  /// Pieces on their way from the server.
  [[nodiscard]] std::uint64_t queued_from_server() const { return queued_from_server_; }

  /// Takes up to half of the pieces to `to` that have not begun from the longest queue of which
  /// `can_send` says yes, for the source that has run dry. @returns how many moved.
  std::size_t take_over(std::uint32_t from, std::uint32_t to,
                        const std::function<bool(item_number)>& can_send);

private:
  struct stream {
    /// The front one is under way.
    std::deque<item_number> pieces;
    flow_id flow;
  };
  using key = std::pair<std::uint32_t, std::uint32_t>;

  [[nodiscard]] std::vector<link_number> path(std::uint32_t from, std::uint32_t to) const;
  void begin(std::uint32_t from, std::uint32_t to);
  void ended(std::uint32_t from, std::uint32_t to);
  void count(std::uint32_t from, int by);

  const data_centre_config& config_;
  flow_network network_;
  arrived done_;
  std::vector<link_number> host_up_, host_down_, rack_up_, rack_down_, cluster_up_, cluster_down_;
  link_number server_up_ = 0;
  /// By receiver first, so that a receiver's streams stand together.
  std::map<key, stream> streams_;
  std::vector<std::uint32_t> streams_from_;
  std::uint32_t server_streams_ = 0;
  std::uint64_t queued_from_server_ = 0;
};

} // namespace shoal::simulator
