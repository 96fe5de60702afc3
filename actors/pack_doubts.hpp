// Which of this host's packs may have been removed from the catalogue, and whether an answer about
// one still counts.
//
// The GIS says what was removed; but its answer is as old as the question. A pack that was published
// or fetched since then (the same content has the same name) is not what was asked about.
//
// Threads: part of HOST CACHE's state. Errors: none.
#pragma once

#include "swarm/id.hpp"

#include <cstddef>
#include <set>
#include <vector>

namespace shoal::actors {

/// The packs to ask about, those being asked about, and those that nobody may remove now.
class pack_doubts {
public:
  /// The pack may have been removed.
  void doubt(const swarm::pack_id& pack) { doubtful_.insert(pack); }

  /// The packs to ask about next; none while a question is open. @post a question is open unless the
  /// answer is empty.
  std::vector<swarm::pack_id> ask(std::size_t count_max);
  /// The answer to the open question: what the catalogue does not have. @returns those of which that
  /// still counts. Those of a publication under way are put off.
  std::vector<swarm::pack_id> answered(const std::vector<swarm::pack_id>& not_there);
  /// No answer came: all that was asked is put off.
  void unanswered();
  /// The pack is removed, but in use: it is doubted again after the next `retry`.
  void put_off(const swarm::pack_id& pack) { put_off_.insert(pack); }
  /// Some time has passed: what was put off is doubted.
  void retry() { doubtful_.merge(put_off_); }

  /// Somebody here has just begun to want this pack: what is known of it is out of date.
  void wanted(const swarm::pack_id& pack) { asked_.erase(pack); }
  /// The store has a pack that the catalogue does not know yet, or knows as removed before. Nests.
  void begin_publication(const swarm::pack_id& pack);
  /// The catalogue knows it now, or never will.
  void end_publication(const swarm::pack_id& pack);
  [[nodiscard]] bool publishing(const swarm::pack_id& pack) const {
    return publishing_.contains(pack);
  }

private:
  std::set<swarm::pack_id> doubtful_;
  std::set<swarm::pack_id> put_off_;
  /// Of the open question, without those wanted since.
  std::set<swarm::pack_id> asked_;
  bool open_ = false;
  std::multiset<swarm::pack_id> publishing_;
};

} // namespace shoal::actors
