#include "topology/child_ledger.hpp"

namespace shoal::topology {

ledger_verdict child_ledger::told(std::uint32_t child, std::uint64_t session,
                                  std::uint64_t sequence, bool complete, instant now) {
  auto& mine = records_[child];
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
  const auto& mine = records_[child];
  ledger_verdict verdict;
  if (mine.known && session < mine.session) return verdict;
  const bool same = mine.known && session == mine.session;
  const bool heard_all = same ? sequence < mine.next && !mine.asked : sequence == 0 && !mine.known;
  if (!heard_all) verdict.want_all = ask(child, now);
  return verdict;
}

bool child_ledger::ask(std::uint32_t child, instant now) {
  auto& mine = records_[child];
  if (mine.asked && now < mine.asked_at + ask_every_) return false;
  mine.asked = true;
  mine.asked_at = now;
  return true;
}

} // namespace shoal::topology
