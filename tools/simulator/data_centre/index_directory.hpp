// The daemon's index (topology/index_node, index_client) at work in a simulated data centre: one
// client a host, one node an index address, messages delivered at once and in order.
//
// Threads: one owner. Errors: none.
#pragma once

#include "tools/simulator/data_centre/config.hpp"
#include "tools/simulator/data_centre/directory.hpp"
#include "topology/hash_ring.hpp"
#include "topology/index_client.hpp"
#include "topology/index_counters.hpp"
#include "topology/index_node.hpp"
#include "topology/network.hpp"

#include <deque>
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

namespace shoal::simulator {

/// A directory that asks the index nodes.
class index_directory : public directory {
public:
  /// @param which naive, flat or topo. @param load gives the packs' number and size.
  index_directory(topology::index_scheme which, const tree_shape& shape,
                  const data_centre_load& load, topology::index_config config = exact_answers());
  index_directory(const index_directory&) = delete;
  index_directory& operator=(const index_directory&) = delete;
  ~index_directory() override;

  void publish(std::uint32_t host, std::span<const holding_change> changes) override;
  void find(std::uint32_t host, std::span<const image_part> wanted, lookup_reach reach,
            std::vector<found_holder>& found) override;
  [[nodiscard]] index_overhead overhead() const override;

  /// All holders of a level in every answer and none remembered, so that an answer is the truth.
  static topology::index_config exact_answers();

private:
  void deliver();
  [[nodiscard]] topology::pack_pieces pieces_of(std::uint32_t pack, piece_words words) const;

  std::uint32_t pieces_per_pack_;
  topology::network net_;
  topology::hash_ring ring_;
  topology::index_counters counters_;
  topology::index_setting setting_;
  std::vector<topology::pack_key> keys_;
  std::vector<std::unique_ptr<topology::index_client>> clients_;
  std::unordered_map<topology::index_address, std::unique_ptr<topology::index_node>> nodes_;
  topology::index_outbox outbox_;
  std::deque<topology::index_message> in_flight_;
  /// What each host has published.
  piece_grid published_;
  topology::instant now_{};
};

} // namespace shoal::simulator
