// Which of what its children told an index it has heard: sessions and sequence numbers.
//
// Threads: one owner. Errors: none. Crashes: an empty ledger asks everybody for everything.
#pragma once

#include "topology/late_owners.hpp"

#include <cstdint>
#include <utility>
#include <vector>

namespace shoal::topology {

/// What to do with something a child told.
struct ledger_verdict {
  /// Take it; otherwise it is old or came before.
  bool take = false;
  /// First forget all that the child told before: it has a newer session.
  bool newer_session = false;
  /// Something is missing: ask the child to tell everything again.
  bool want_all = false;
};

/// The ledger. Children are numbers.
class child_ledger {
public:
  /// @param ask_every how long an answer to `want_all` may take before it is asked for again.
  explicit child_ledger(std::chrono::milliseconds ask_every) : ask_every_{ask_every} {}

  /// The child told something with that number; `complete`: everything.
  ledger_verdict told(std::uint32_t child, std::uint64_t session, std::uint64_t sequence,
                      bool complete, instant now);
  /// The child says that `sequence` was the last.
  ledger_verdict synced(std::uint32_t child, std::uint64_t session, std::uint64_t sequence,
                        instant now);
  /// Notes that the child was asked to tell everything. @returns false: it was asked just now.
  bool ask(std::uint32_t child, instant now);

private:
  struct record {
    std::uint64_t session = 0;
    std::uint64_t next = 1;
    bool known = false;
    bool asked = false;
    instant asked_at;
  };

  record& record_of(std::uint32_t child);

  std::chrono::milliseconds ask_every_;
  /// By child, ascending: looked into for every message, rarely added to.
  std::vector<std::pair<std::uint32_t, record>> records_;
};

} // namespace shoal::topology
