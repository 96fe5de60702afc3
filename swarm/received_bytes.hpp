// Who sent the bytes that came, and from how far: what a get reports when it is done.
//
// Threads: pure. Errors: none.
#pragma once

#include "swarm/fetch_plan.hpp"
#include "swarm/pack.hpp"
#include "topology/place.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace shoal::swarm {

/// What a transfer engine counted: bytes by pack and sender since the pack was loaded there.
using received_bytes = std::map<std::pair<pack_id, std::string>, std::uint64_t>;

/// Bytes by the host that sent them.
using sender_bytes = std::map<std::string, std::uint64_t>;

/// What came of these packs between two counts. A count that shrank began anew meanwhile: all of it
/// is new.
sender_bytes received_since(const received_bytes& before, const received_bytes& now,
                            const std::set<pack_id>& packs);

/// Splits `total` bytes over the places of their senders, in proportion to what each sent: more
/// comes over a network than is of use. The parts add up to `total`, and a place that sent nothing
/// gets nothing; all are zero when nobody sent. A sender without a place counts as one of another
/// site.
fetch_amounts split_by_place(std::uint64_t total, const sender_bytes& sent,
                             const topology::place& here,
                             const std::map<std::string, topology::place>& places);

} // namespace shoal::swarm
