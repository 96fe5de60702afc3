// A pack's swarm as an index tells it: everybody once, then what changes.
//
// Threads: values of one actor. Errors: news that cannot be used yet wait; those that never can are
// dropped, and the next lookup makes up for them.
#pragma once

#include "actors/wire.pb.h"
#include "swarm/torrent/swarm_session.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace shoal::actors {

/// What an index knew of a pack at one moment (wire::SwarmStamp). Zero: nothing, or no index.
struct swarm_stamp {
  std::uint64_t table = 0;
  std::uint64_t revision = 0;

  friend bool operator==(const swarm_stamp&, const swarm_stamp&) = default;
};

/// All that an index knew of a swarm, or what changed.
struct swarm_news {
  swarm_stamp stamp;
  /// Since when it changed; unset: `view` is everything.
  std::optional<std::uint64_t> base;
  /// Of a change: the fetchers who came, and with `same_holders` neither holders nor sources.
  swarm::swarm_view view;
  std::vector<std::string> gone;
  bool same_holders = false;
};

/// Names each fetcher once for all packs, for the wire; and the way back. `unfold` leaves an answer that
/// was not folded as it is, and numbers without a peer, and what would take more than 64 MiB, out.
void fold(wire::Swarms& swarms);
void unfold(wire::Swarms& swarms);

/// From the wire, unfolded. Peers that make no sense are left out.
swarm_news news_of(const wire::Swarm& swarm);

/// A swarm put together from news, in whatever order they come.
class told_swarm {
public:
  /// @returns whether the view may have changed. News that follow others which are not here yet
  /// wait for these, the last few of them.
  bool take(swarm_news news);
  [[nodiscard]] const swarm::swarm_view& view() const noexcept { return view_; }
  [[nodiscard]] const swarm_stamp& stamp() const noexcept { return stamp_; }

private:
  enum class fit { now, later, never };
  [[nodiscard]] fit fits(const swarm_news& news) const;
  void apply(swarm_news news);

  swarm::swarm_view view_;
  swarm_stamp stamp_;
  std::vector<swarm_news> waiting_;
};

} // namespace shoal::actors
