// What swarm_model keeps of each host and connection. For swarm_model.cpp only.
//
// Threads: one.
#pragma once

#include "tools/simulator/swarm_model.hpp"

#include <bit>

namespace shoal::simulator {

inline constexpr std::uint32_t no_piece = ~0u;

inline bool has_bit(const std::vector<std::uint64_t>& bits, std::uint32_t at) {
  return (bits[at / 64] >> (at % 64) & 1) != 0;
}
inline void set_bit(std::vector<std::uint64_t>& bits, std::uint32_t at) {
  bits[at / 64] |= std::uint64_t{1} << (at % 64);
}
inline void clear_bit(std::vector<std::uint64_t>& bits, std::uint32_t at) {
  bits[at / 64] &= ~(std::uint64_t{1} << (at % 64));
}
template <class Visit>
void for_each_bit(const std::vector<std::uint64_t>& bits, Visit visit) {
  for (std::size_t i = 0; i < bits.size(); ++i) {
    for (auto word = bits[i]; word != 0; word &= word - 1) {
      visit(static_cast<std::uint32_t>(i * 64) + static_cast<std::uint32_t>(std::countr_zero(word)));
    }
  }
}

/// A host of the swarm.
struct swarm_model::node {
  node(std::uint32_t pieces, bool full)
      : have((pieces + 63) / 64), asked((pieces + 63) / 64), missing{pieces, !full},
        where(pieces, -1), asked_by(pieces, -1) {
    for (std::uint32_t piece = 0; full && piece < pieces; ++piece)
      set_bit(have, piece);
    wanted.fill(bits((pieces + 63) / 64));
    available.fill(std::vector<std::uint16_t>(pieces));
  }

  swarm_member who;
  std::uint32_t link = 0;
  std::uint32_t position = 0;
  bool holder = false;
  bool joined = false;
  std::unique_ptr<swarm::route_plan> plan;
  bits have;
  /// Asked for and not here yet.
  bits asked;
  swarm::piece_set missing;
  /// The route by which each piece is to come now (topology::piece_route), or -1.
  std::vector<std::int8_t> where;
  std::vector<std::int8_t> asked_by;
  /// The same by route, and how many peers of that route have each piece.
  std::array<bits, 5> wanted;
  std::array<std::vector<std::uint16_t>, 5> available;
  /// Connections by which pieces come, and those by which they go.
  std::vector<std::uint32_t> sources;
  std::vector<std::uint32_t> listeners;
  /// Pieces that not everybody was told of yet.
  std::vector<std::uint32_t> unannounced;
};

/// One way of a connection.
struct swarm_model::connection {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  topology::piece_route route = topology::piece_route::inner;
  std::uint32_t window_bytes = 0;
  std::vector<link_number> path;
  /// What the sender has as far as the receiver knows.
  bits offers;
  /// Asked for, the one that is coming first.
  std::vector<std::uint32_t> queue;
  std::uint64_t asked_bytes = 0;
  bool busy = false;
  flow_id flow;
  double heard = 0;
  double heard_told = 0;
};

/// What a host's plan may know.
class swarm_model::sight final : public swarm::swarm_sight {
public:
  sight(const swarm_model&, const node& one) : one_{one} {}

  [[nodiscard]] std::uint32_t available(topology::piece_route by,
                                        std::uint32_t piece) const override {
    return one_.available[static_cast<std::size_t>(by)][piece];
  }
  [[nodiscard]] bool under_way(topology::piece_route by, std::uint32_t piece) const override {
    return has_bit(one_.asked, piece) && one_.asked_by[piece] == static_cast<std::int8_t>(by);
  }
  [[nodiscard]] bool connected_to(const std::string&) const override { return true; }

private:
  const node& one_;
};

} // namespace shoal::simulator
