// The catalogue's tables and how older ones become today's.
//
// Threads: as the session's owner. Errors: soci::soci_error for the database's faults.
// Crashes: a step has happened whole, with its version number, or not at all.
#pragma once

#include "topology/result.hpp"

#include <soci/soci.h>
#include <span>
#include <string>
#include <vector>

namespace shoal::swarm {

/// Statements that lead from one schema version to the next.
using schema_step = std::vector<std::string>;

/// The steps to today's schema; step i leads from version i to i + 1. Never change one that was
/// released: append.
std::span<const schema_step> schema_steps();

/// Runs the steps this database has not seen yet, each in a transaction, and records the version.
/// @returns errc::conflict when it is newer than `steps` lead to, errc::corrupt when it is a
/// database of something else.
result<void> bring_up_to_date(soci::session& sql, std::span<const schema_step> steps,
                              const std::string& path);

} // namespace shoal::swarm
