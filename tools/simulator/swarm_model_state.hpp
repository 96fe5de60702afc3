// What swarm_model keeps of each host and connection. For swarm_model.cpp only.
//
// Threads: one.
#pragma once

#include "tools/simulator/bits.hpp"
#include "tools/simulator/swarm_model.hpp"

namespace shoal::simulator {

inline constexpr std::uint32_t no_piece = ~0u;

/// A host of the swarm.
struct swarm_model::node {
  node(std::uint32_t pieces, bool full)
      : have(words_for(pieces)), asked(words_for(pieces)), missing{pieces, !full},
        where(pieces, -1), asked_by(pieces, -1) {
    for (std::uint32_t piece = 0; full && piece < pieces; ++piece)
      set_bit(have, piece);
    open.fill(bits(words_for(pieces)));
    available.fill(std::vector<std::uint16_t>(pieces));
    coming.fill(std::vector<std::uint16_t>(pieces));
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
  /// By route: the pieces that may be asked for now (to come by it, not asked for, offered), and
  /// how many those are.
  std::array<bits, 5> open;
  std::array<std::uint32_t, 5> open_count{};
  /// By route: how many of its peers have each piece.
  std::array<std::vector<std::uint16_t>, 5> available;
  /// By route: how many of its peers are getting each piece from farther away.
  std::array<std::vector<std::uint16_t>, 5> coming;

  /// Brings `open` up to date for one piece, after anything it depends on changed. `was` is where
  /// the piece was to come from before, if that changed.
  void note(std::uint32_t piece, std::int8_t was) {
    if (was >= 0 && was != where[piece]) set_open(piece, static_cast<std::size_t>(was), false);
    if (where[piece] < 0) return;
    const auto route = static_cast<std::size_t>(where[piece]);
    set_open(piece, route, !has_bit(asked, piece) && available[route][piece] > 0);
  }
  void note(std::uint32_t piece) { note(piece, where[piece]); }
  void set_open(std::uint32_t piece, std::size_t route, bool now) {
    if (has_bit(open[route], piece) == now) return;
    if (now)
      set_bit(open[route], piece);
    else
      clear_bit(open[route], piece);
    open_count[route] += now ? 1 : ~0u;
  }
  /// Connections by which pieces come, and those by which they go, these by route.
  std::vector<std::uint32_t> sources;
  std::array<std::vector<std::uint32_t>, 5> listeners;
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
  /// What the receiver heard that the sender is getting from farther away.
  bits coming;
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
  [[nodiscard]] std::uint32_t coming(topology::piece_route by, std::uint32_t piece) const override {
    return one_.coming[static_cast<std::size_t>(by)][piece];
  }
  [[nodiscard]] bool under_way(topology::piece_route by, std::uint32_t piece) const override {
    return has_bit(one_.asked, piece) && one_.asked_by[piece] == static_cast<std::int8_t>(by);
  }
  [[nodiscard]] bool connected_to(const std::string&) const override { return true; }

private:
  const node& one_;
};

} // namespace shoal::simulator
