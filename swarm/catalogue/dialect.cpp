#include "swarm/catalogue/dialect.hpp"

#include "topology/assert.hpp"

#include <filesystem>
#include <soci/sqlite3/soci-sqlite3.h>

namespace shoal::swarm::dialect {

namespace {

/// 64 MiB of pages, taken as they are used: most of what a million chunks take (README.md).
constexpr auto cache_pragma = "pragma cache_size = -65536";

void set_up(soci::session& sql) {
  // Before anything reads the file: with the lock held for good, the write-ahead log needs no
  // shared-memory file, and a second process is refused at once instead of now and then.
  sql << "pragma locking_mode = exclusive";
  sql << "pragma foreign_keys = on";
  sql << "pragma cell_size_check = on";
  sql << cache_pragma;
  std::string mode;
  sql << "pragma journal_mode = wal", soci::into(mode);
  if (mode != "wal") throw soci::soci_error("the file system cannot keep a write-ahead log");
  // After a large publish the log is cut back to this.
  sql << "pragma journal_size_limit = 67108864";
  set_durable(sql, true);
  sql << "begin exclusive";
  sql << "commit";
}

} // namespace

result<std::unique_ptr<soci::session>> open(const std::string& path) {
  constexpr auto doing = "be opened";
  std::error_code unreadable;
  const auto whole = std::filesystem::absolute(path, unreadable);
  // SOCI's connect string has no way to write a quotation mark.
  if (path.empty() || unreadable || path.find('"') != std::string::npos) {
    return {errc::invalid_argument, "'" + path + "' cannot be a catalogue's path"};
  }
  if (!std::filesystem::is_directory(whole.parent_path(), unreadable)) {
    return {errc::not_found, "catalogue " + path + " cannot be opened: there is no directory " +
                                 whole.parent_path().string()};
  }
  try {
    auto sql = std::make_unique<soci::session>(soci::sqlite3, "db=\"" + whole.string() + "\"");
    set_up(*sql);
    return sql;
  } catch (const soci::soci_error& fault) {
    return explain(fault, path, doing);
  }
}

void set_durable(soci::session& sql, bool durable) {
  sql << (durable ? "pragma synchronous = full" : "pragma synchronous = normal");
}

void put_bytes(soci::session& sql, long long number, std::string_view bytes) {
  SHOAL_ASSERT(!bytes.empty());
  soci::blob content{sql};
  content.append(bytes.data(), bytes.size());
  sql << "insert into stored_bytes (no, content) values (:no, :content)", soci::use(number),
      soci::use(content);
}

std::string get_bytes(soci::session& sql, long long number) {
  soci::blob content{sql};
  sql << "select content from stored_bytes where no = :no", soci::use(number), soci::into(content);
  if (!sql.got_data()) return {};
  std::string bytes(content.get_len(), '\0');
  // SOCI 4.0 has `read_from_start` for other databases only; here offsets begin at 0.
  content.read(0, bytes.data(), bytes.size());
  return bytes;
}

error explain(const soci::soci_error& fault, const std::string& path, std::string_view doing) {
  const auto failed = "catalogue " + path + " could not " + std::string{doing} + ": ";
  const auto* const sqlite = dynamic_cast<const soci::sqlite3_soci_error*>(&fault);
  const auto said = fault.get_error_message();
  // The low byte is the kind, whatever detail is above it.
  switch (sqlite == nullptr ? SQLITE_ERROR : sqlite->result() & 0xff) {
  case SQLITE_FULL: return {errc::no_space, failed + "the disk is full; nothing was changed"};
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
    return {errc::corrupt, failed + "the file is damaged or no catalogue (" + said +
                               "); restore it from a backup or move it away"};
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return {errc::conflict, failed + "another process is using it; only one GIS may"};
  case SQLITE_PERM:
  case SQLITE_READONLY:
  case SQLITE_CANTOPEN:
    return {errc::permission,
            failed + "no right to write the file or its directory (" + said + ")"};
  case SQLITE_TOOBIG: return {errc::invalid_argument, failed + "something is too long for it"};
  default: return {errc::failed, failed + said};
  }
}

} // namespace shoal::swarm::dialect
