#include "topology/child_ledger.hpp"

#include <algorithm>

namespace shoal::topology {

ledger_verdict child_ledger::told(std::uint32_t child, std::uint64_t session,
                                  std::uint64_t sequence, bool complete, instant now) {
  auto& mine = record_of(child);
  if (mine.known && session < mine.session) return {};
  ledger_verdict verdict;
  if (!mine.known || session > mine.session) {
    verdict.newer_session = mine.known;
    mine = {.session = session, .next = 1, .known = true};
  }
  if (sequence < mine.next) return verdict;
  verdict.take = true;
  if (complete) {
    mine.asked = false;
  } else if (sequence > mine.next) {
    verdict.want_all = ask(child, now);
  }
  mine.next = sequence + 1;
  return verdict;
}

ledger_verdict child_ledger::synced(std::uint32_t child, std::uint64_t session,
                                    std::uint64_t sequence, instant now) {
  const auto& mine = record_of(child);
  ledger_verdict verdict;
  if (mine.known && session < mine.session) return verdict;
  const bool same = mine.known && session == mine.session;
  const bool heard_all = same ? sequence < mine.next && !mine.asked : sequence == 0 && !mine.known;
  if (!heard_all) verdict.want_all = ask(child, now);
  return verdict;
}

bool child_ledger::ask(std::uint32_t child, instant now) {
  auto& mine = record_of(child);
  if (mine.asked && now < mine.asked_at + ask_every_) return false;
  mine.asked = true;
  mine.asked_at = now;
  return true;
}

child_ledger::record& child_ledger::record_of(std::uint32_t child) {
  auto at = std::lower_bound(records_.begin(), records_.end(), child,
                             [](const auto& one, std::uint32_t number) { return one.first < number; });
  if (at == records_.end() || at->first != child) at = records_.emplace(at, child, record{});
  return at->second;
}

} // namespace shoal::topology
