// Everything that differs from one database product to another; the rest of this folder is SQL that
// SQLite and PostgreSQL both take. This is SQLite.
//
// Threads: as the session's owner. Errors: soci::soci_error, except where a result is answered.
#pragma once

#include "topology/result.hpp"

#include <memory>
#include <soci/soci.h>
#include <string>
#include <string_view>

namespace shoal::swarm::dialect {

/// Column type of a table's own row number: 64-bit, and the order rows are kept in.
inline constexpr std::string_view row_number = "integer primary key";
/// Column type of a byte string.
inline constexpr std::string_view byte_string = "blob";

/// Opens or makes the database file, for this process alone.
/// @returns errc::conflict when another process has it, errc::corrupt, errc::not_found or
/// errc::permission.
result<std::unique_ptr<soci::session>> open(const std::string& path);

/// Whether commits from now on wait until the disk has them (as after `open`) or may be lost in a
/// power cut. Every transaction that cares says so before it begins.
void set_durable(soci::session& sql, bool durable);

/// Keeps `bytes` (not empty) as row `number` of table stored_bytes.
void put_bytes(soci::session& sql, long long number, std::string_view bytes);
/// The inverse of `put_bytes`; empty when there is no such row.
std::string get_bytes(soci::session& sql, long long number);

/// What a failed statement means to the user. `path` names the database, `doing` is what was tried.
error explain(const soci::soci_error& fault, const std::string& path, std::string_view doing);

} // namespace shoal::swarm::dialect
