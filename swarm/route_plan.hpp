// By which route each missing piece of one fetch is to come, now.
//
// The border rule (topology/border_owner.hpp) says who should bring a piece; what peers announce,
// and owners that are dead or slow, change it piece by piece.
//
// Threads: a value of the network thread; time is an argument.
#pragma once

#include "swarm/piece_set.hpp"
#include "topology/border_owner.hpp"
#include "topology/late_owners.hpp"

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace shoal::swarm {

/// What a plan must know of the network at this moment.
class swarm_sight {
public:
  virtual ~swarm_sight() = default;
  /// How many peers met by that route have the piece.
  [[nodiscard]] virtual std::uint32_t available(topology::piece_route kind, std::uint32_t piece) const = 0;
  /// How many peers met by that route said that they are getting the piece from farther away.
  [[nodiscard]] virtual std::uint32_t coming(topology::piece_route kind, std::uint32_t piece) const = 0;
  /// Blocks of the piece are on their way by it.
  [[nodiscard]] virtual bool under_way(topology::piece_route kind, std::uint32_t piece) const = 0;
  [[nodiscard]] virtual bool connected_to(const std::string& host) const = 0;
};

class route_plan {
public:
  route_plan(std::uint64_t pack_key, std::uint32_t piece_count, topology::fetcher self,
             topology::late_owners_config late);

  /// The fetchers of the latest view; `self` is added if missing. `sources`: the racks of holders
  /// that have everything.
  void set_fetchers(std::vector<topology::fetcher> fetchers, std::vector<topology::place> sources,
                    topology::instant now);
  /// Whether those met by `route` wait for this host to bring the piece.
  [[nodiscard]] bool brings_to(topology::piece_route route, std::uint32_t piece) const;

  /// `host` has one piece more, whichever: it makes progress.
  void announced(const std::string& host, topology::instant now);
  /// Whatever came from `host` last came at `when`.
  void heard(const std::string& host, topology::instant when);
  void connected(const std::string& host, bool up, topology::instant now);
  /// Somebody who fetches and is met by that route has the piece.
  void offered(topology::piece_route where, std::uint32_t piece, topology::instant now);
  /// Somebody who fetches and is met by that route is getting the piece from farther away.
  void coming(topology::piece_route where, std::uint32_t piece, topology::instant now);
  /// A piece arrived by that route and is stored.
  void arrived(topology::piece_route by, std::uint32_t piece, topology::instant now);

  /// Where a missing piece should be fetched, given where it is now. Nowhere, for a moment, when
  /// others of the rack are to get it first: its owner would have to send it to all of them at once
  /// while their uplinks idle. Those who have it double until everybody may ask.
  [[nodiscard]] std::optional<topology::piece_route> route(std::uint32_t piece,
                                                  std::optional<topology::piece_route> current,
                                                  const swarm_sight& sight,
                                                  topology::instant now) const;

  /// The list of fetchers changed just now and may change again.
  [[nodiscard]] bool settling(topology::instant now) const;
  /// Somebody who fetched before this host is still to be met: look soon again.
  [[nodiscard]] bool meeting() const { return stranger_.has_value(); }
  /// Sees how far this host is with its own pieces and how far the others are with theirs: which of
  /// its own it asks the holders for next, and whether all others wait for them.
  void look_at_self(const piece_set& missing, const swarm_sight& sight, topology::instant now);

  /// Looks for owners that are late and takes over from them. @returns whether routes changed.
  bool look_for_late(const piece_set& missing, const swarm_sight& sight, topology::instant now);

private:
  void assign(topology::instant now);
  void rank();
  [[nodiscard]] bool may_ask(std::uint32_t piece, std::uint32_t havers,
                             topology::instant now) const;
  [[nodiscard]] std::vector<topology::piece_assignment>
  assignments_without(const std::vector<std::string>& excluded) const;
  [[nodiscard]] std::string owner_of(std::uint32_t piece) const;
  [[nodiscard]] std::chrono::nanoseconds usual_interval() const;
  void keep_pace(const piece_set& missing, const swarm_sight& sight, topology::instant now);
  [[nodiscard]] bool overdue(topology::piece_route where, std::uint32_t piece,
                             topology::instant now) const;
  [[nodiscard]] std::optional<topology::piece_route>
  from_outside(std::uint32_t piece, const swarm_sight& sight, topology::instant now) const;
  [[nodiscard]] bool comes_nearer(topology::piece_route than, std::uint32_t piece,
                                  const swarm_sight& sight, topology::instant now) const;
  void look_for_strangers(topology::instant now);
  [[nodiscard]] static bool offered_as_near(topology::piece_route route, std::uint32_t piece,
                                            const swarm_sight& sight);
  [[nodiscard]] std::uint32_t ahead_pieces() const;
  [[nodiscard]] std::vector<std::uint32_t> awaited(const piece_set& missing,
                                                   const swarm_sight& sight) const;
  [[nodiscard]] bool many_are_away(topology::instant now) const;
  [[nodiscard]] bool idle(const piece_set& missing, topology::instant now);
  bool take_from_slow(const std::vector<std::string>& slow, const piece_set& missing,
                      const swarm_sight& sight);
  bool take_when_stalled(const piece_set& missing, const swarm_sight& sight, topology::instant now);
  bool take(std::uint32_t piece, topology::piece_route route);

  const std::uint64_t pack_key_;
  const std::uint32_t piece_count_;
  const topology::fetcher self_;
  const topology::late_owners_config config_;

  std::vector<topology::fetcher> fetchers_;
  std::vector<topology::place> sources_;
  std::vector<std::string> dead_;
  /// The fetchers that are not dead; owners in `assigned_` are indices into it.
  std::vector<topology::fetcher> living_;
  std::vector<topology::piece_assignment> assigned_;
  /// How many hosts of the rack are to get each piece from its owner before this one.
  std::vector<std::uint16_t> rank_;
  /// When a fetcher met by that route first offered each piece.
  std::array<std::vector<topology::instant>, 5> offered_;
  /// When one said first that it is getting the piece from farther away: who says so again and again
  /// holds nobody back for longer.
  std::array<std::vector<topology::instant>, 5> coming_;
  topology::late_owners late_;
  std::map<std::uint32_t, topology::piece_route> taken_over_;
  /// Those who fetched before this host.
  std::vector<topology::fetcher> elders_;
  /// The nearest route by which one of them is to be met and was not yet, while this host begins.
  std::optional<topology::piece_route> stranger_;
  bool own_first_ = false;
  /// The own pieces that may be asked for now.
  piece_set own_window_;

  topology::instant started_;
  /// When the fetchers changed last.
  topology::instant changed_;
  topology::instant last_arrival_;
  topology::instant busy_at_;
  topology::instant last_own_arrival_;
  /// The farthest route by which pieces came so far, and how many did.
  topology::piece_route own_route_ = topology::piece_route::inner;
  std::uint32_t own_arrivals_ = 0;
};

} // namespace shoal::swarm
