#include "actors/pack_doubts.hpp"

#include "topology/assert.hpp"

namespace shoal::actors {

std::vector<swarm::pack_id> pack_doubts::ask(std::size_t count_max) {
  std::vector<swarm::pack_id> packs;
  if (open_) return packs;
  while (!doubtful_.empty() && packs.size() < count_max) {
    packs.push_back(*doubtful_.begin());
    asked_.insert(doubtful_.extract(doubtful_.begin()));
  }
  open_ = !packs.empty();
  return packs;
}

std::vector<swarm::pack_id> pack_doubts::answered(const std::vector<swarm::pack_id>& not_there) {
  SHOAL_ASSERT(open_);
  open_ = false;
  std::vector<swarm::pack_id> gone;
  for (const auto& pack : not_there) {
    if (asked_.erase(pack) == 0) continue;
    if (publishing(pack)) put_off(pack);
    else gone.push_back(pack);
  }
  asked_.clear();
  return gone;
}

void pack_doubts::unanswered() {
  SHOAL_ASSERT(open_);
  open_ = false;
  put_off_.merge(asked_);
  asked_.clear();
}

void pack_doubts::begin_publication(const swarm::pack_id& pack) {
  wanted(pack);
  publishing_.insert(pack);
}

void pack_doubts::end_publication(const swarm::pack_id& pack) {
  wanted(pack);
  if (const auto one = publishing_.find(pack); one != publishing_.end()) publishing_.erase(one);
}

} // namespace shoal::actors
