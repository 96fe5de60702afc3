#include "swarm/catalogue/schema.hpp"

#include "swarm/catalogue/dialect.hpp"

#include <algorithm>

namespace shoal::swarm {

namespace {

/// Drawn and explained in README.md.
schema_step first_step() {
  const std::string row_number{dialect::row_number};
  const std::string byte_string{dialect::byte_string};
  return {
      "create table stored_bytes (no " + row_number + ", content " + byte_string + " not null)",
      "create table pack (no " + row_number +
          ", id text not null unique, length_bytes bigint not null, piece_bytes integer not null,"
          " descriptor bigint not null references stored_bytes (no),"
          " first_chunk bigint not null, chunk_count bigint not null)",
      "create table chunk (no " + row_number +
          ", id_0 bigint not null, id_1 bigint not null, id_2 bigint not null, id_3 bigint not "
          "null,"
          " pack bigint not null, offset_bytes bigint not null, stored_bytes integer not null,"
          " expanded_bytes integer not null, compression integer not null)",
      "create index chunk_by_id on chunk (id_0)",
      "create table recipe (no " + row_number +
          ", id text not null unique, content text not null,"
          " encoded bigint not null references stored_bytes (no))",
      "create table recipe_pack (recipe bigint not null references recipe (no),"
      " entry integer not null, pack bigint not null references pack (no),"
      " primary key (recipe, entry))",
      "create index recipe_pack_by_pack on recipe_pack (pack)",
      "create table image (name text not null, version text not null, parent text not null,"
      " virtual_bytes bigint not null, data_bytes bigint not null, referred_bytes bigint not null,"
      " fetch_bytes bigint not null, pack_bytes bigint not null, chunk_count bigint not null,"
      " recipe bigint not null references recipe (no), publisher text not null,"
      " published_at text not null, primary key (name, version))",
      "create index image_by_recipe on image (recipe)",
      "create table host (name text not null primary key, place text not null,"
      " address text not null, link_port integer not null, bulk_port integer not null,"
      " last_seen text not null)",
  };
}

/// Equal content is looked for at every publication.
schema_step second_step() { return {"create index recipe_by_content on recipe (content)"}; }

/// A host that was away asks what was removed meanwhile.
schema_step third_step() {
  return {"create table removed_pack (id text not null primary key)"};
}

std::vector<std::string> table_names(soci::session& sql) {
  std::vector<std::string> names;
  std::string name;
  auto statement = (sql.prepare_table_names(), soci::into(name));
  soci::statement query{statement};
  query.execute();
  while (query.fetch())
    names.push_back(name);
  return names;
}

/// The version recorded, 0 in an empty database, or nothing in somebody else's.
std::optional<long long> recorded_version(soci::session& sql) {
  const auto tables = table_names(sql);
  if (tables.empty()) return 0;
  if (std::ranges::find(tables, "schema_version") == tables.end()) return std::nullopt;
  long long version = 0;
  sql << "select version from schema_version", soci::into(version);
  if (!sql.got_data() || version < 1) return std::nullopt;
  return version;
}

void run_step(soci::session& sql, const schema_step& step, long long next_version) {
  soci::transaction whole{sql};
  for (const auto& statement : step)
    sql << statement;
  if (next_version == 1) {
    sql << "create table schema_version (version integer not null)";
    sql << "insert into schema_version (version) values (1)";
  } else {
    sql << "update schema_version set version = :version", soci::use(next_version);
  }
  whole.commit();
}

} // namespace

std::span<const schema_step> schema_steps() {
  static const std::vector<schema_step> steps{first_step(), second_step(), third_step()};
  return steps;
}

result<void> bring_up_to_date(soci::session& sql, std::span<const schema_step> steps,
                              const std::string& path) {
  const auto version = recorded_version(sql);
  if (!version) {
    return {errc::corrupt, path + " is a database, but not a Shoal catalogue; give another path"};
  }
  const auto newest = static_cast<long long>(steps.size());
  if (*version > newest) {
    return {errc::conflict, "catalogue " + path + " was written by a newer Shoal (schema " +
                                std::to_string(*version) + ", this one knows up to " +
                                std::to_string(newest) + "); run that one"};
  }
  for (auto done = *version; done < newest; ++done) {
    run_step(sql, steps[static_cast<std::size_t>(done)], done + 1);
  }
  return {};
}

} // namespace shoal::swarm
