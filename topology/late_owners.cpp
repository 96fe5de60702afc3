#include "topology/late_owners.hpp"

#include <algorithm>
#include <utility>

namespace shoal::topology {

void late_owners::watch(const std::vector<std::string>& owners, instant now) {
  std::unordered_map<std::string, record> kept;
  for (const auto& owner : owners) {
    const auto found = records_.find(owner);
    kept.emplace(owner, found != records_.end() ? found->second : record{now, now, now, {}});
  }
  records_ = std::move(kept);
}

void late_owners::announced(const std::string& owner, instant now) {
  const auto found = records_.find(owner);
  if (found == records_.end()) return;
  auto& one = found->second;
  one.last_sign = now;
  one.announcements.push_back(now);
  if (one.announcements.size() > config_.recent_pieces) one.announcements.pop_front();
}

void late_owners::heard(const std::string& owner, instant when) {
  const auto found = records_.find(owner);
  if (found != records_.end()) found->second.last_sign = std::max(found->second.last_sign, when);
}

void late_owners::connected(const std::string& owner, bool up, instant now) {
  const auto found = records_.find(owner);
  if (found == records_.end() || found->second.up == up) return;
  auto& one = found->second;
  one.up = up;
  if (up) {
    one.ever_connected = true;
    one.up_since = one.last_sign = now;
  } else {
    one.lost_at = now;
  }
}

bool late_owners::up(const std::string& owner) const {
  const auto found = records_.find(owner);
  return found != records_.end() && found->second.up;
}

bool late_owners::up_since(const std::string& owner, instant when) const {
  const auto found = records_.find(owner);
  return found != records_.end() && found->second.up && found->second.up_since <= when;
}

owner_verdict late_owners::judge(const std::string& owner, std::uint32_t remaining,
                                 std::chrono::nanoseconds usual_interval, instant now) const {
  const auto found = records_.find(owner);
  if (found == records_.end() || remaining == 0) return owner_verdict::in_time;
  const auto& one = found->second;
  if (!one.up) {
    // One that was never there may only be starting.
    const auto gone = one.ever_connected ? now - one.lost_at : now - one.watched_since;
    const bool settled =
        one.ever_connected && one.lost_at - one.up_since > config_.settled_after;
    const std::chrono::nanoseconds forgiven = settled ? config_.lost_after : config_.slack;
    return gone > forgiven ? owner_verdict::dead : owner_verdict::in_time;
  }
  const std::chrono::nanoseconds slack = config_.slack;
  const auto own_interval = one.announcements.empty()
                                ? usual_interval
                                : std::chrono::nanoseconds{now - one.announcements.front()} /
                                      static_cast<std::int64_t>(one.announcements.size());
  const auto interval = std::max(usual_interval, own_interval);
  const auto silence = std::chrono::nanoseconds{now - one.last_sign};
  if (silence > slack + interval * config_.silent_intervals) return owner_verdict::dead;
  const auto predicted = own_interval * static_cast<std::int64_t>(remaining);
  return predicted > slack || silence > slack + interval ? owner_verdict::slow
                                                         : owner_verdict::in_time;
}

} // namespace shoal::topology
