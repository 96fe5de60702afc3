#include "swarm/catalogue/catalogue.hpp"

#include "swarm/catalogue/schema.hpp"
#include "swarm/catalogue/tables.hpp"
#include "swarm/crypto/sha256.hpp"
#include "topology/place.hpp"

namespace shoal::swarm {

namespace {

result<void> check(const host_record& host) {
  if (!topology::valid_name(host.name)) {
    return {errc::invalid_argument, "'" + host.name + "' is not a valid host name"};
  }
  if (auto place = topology::place::parse(host.place); !place) return place.error();
  return {};
}

void upsert(soci::session& sql, const host_record& host) {
  const int link_port = host.link_port;
  const int bulk_port = host.bulk_port;
  sql << "insert into host (name, place, address, link_port, bulk_port, last_seen) values"
         " (:name, :place, :address, :link_port, :bulk_port, :last_seen)"
         " on conflict (name) do update set place = excluded.place, address = excluded.address,"
         " link_port = excluded.link_port, bulk_port = excluded.bulk_port,"
         " last_seen = excluded.last_seen",
      soci::use(host.name), soci::use(host.place), soci::use(host.address), soci::use(link_port),
      soci::use(bulk_port), soci::use(host.last_seen);
}

std::uint64_t number(soci::session& sql, const std::string& query) {
  long long value = 0;
  sql << query, soci::into(value);
  return static_cast<std::uint64_t>(value);
}

} // namespace

catalogue::catalogue(std::unique_ptr<database> opened) : database_{std::move(opened)} {}
catalogue::~catalogue() = default;

result<std::unique_ptr<catalogue>> catalogue::open(const std::string& path) {
  auto sql = dialect::open(path);
  if (!sql) return sql.error();
  auto opened = std::make_unique<database>(database{.path = path, .sql = std::move(*sql)});
  const auto ready = guarded(*opened, "be opened", [&](soci::session& session) {
    return bring_up_to_date(session, schema_steps(), path);
  });
  if (!ready) return ready.error();
  return std::unique_ptr<catalogue>{new catalogue{std::move(opened)}};
}

result<std::vector<std::optional<chunk_location>>>
catalogue::find_chunks(std::span<const chunk_id> chunks) {
  using answer = result<std::vector<std::optional<chunk_location>>>;
  return guarded(*database_, "look up chunks", [&](soci::session& sql) -> answer {
    const auto known = tables::find_chunks(sql, chunks);
    std::vector<std::optional<chunk_location>> found(chunks.size());
    for (std::size_t i = 0; i < chunks.size(); ++i) {
      if (const auto it = known.find(chunks[i]); it != known.end()) found[i] = it->second;
    }
    return found;
  });
}

result<std::vector<image_record>> catalogue::images() {
  return guarded(*database_, "list its images", [](soci::session& sql) {
    return result<std::vector<image_record>>{tables::all_images(sql)};
  });
}

result<image_record> catalogue::image(std::string_view name, std::string_view version) {
  const std::string image_name{name};
  const std::string image_version{version};
  return guarded(*database_, "find an image", [&](soci::session& sql) -> result<image_record> {
    auto found = tables::find_image(sql, image_name, image_version);
    if (found) return std::move(found->image);
    return {errc::not_found, "there is no image " + image_name + ":" + image_version};
  });
}

result<std::string> catalogue::recipe_bytes(const recipe_id& id) {
  return guarded(*database_, "read a recipe", [&](soci::session& sql) -> result<std::string> {
    const auto row = tables::find_recipe(sql, id);
    if (!row) return {errc::not_found, "there is no recipe " + id.hex()};
    auto bytes = dialect::get_bytes(sql, row->encoded);
    if (recipe_id{sha256(std::as_bytes(std::span{bytes}))} == id) return bytes;
    throw tables::damaged_row("recipe " + id.hex() + " does not match its id any more");
  });
}

result<std::vector<pack_reference>> catalogue::packs_of(const recipe_id& id) {
  using answer = result<std::vector<pack_reference>>;
  return guarded(*database_, "read a recipe's packs", [&](soci::session& sql) -> answer {
    const auto row = tables::find_recipe(sql, id);
    if (!row) return {errc::not_found, "there is no recipe " + id.hex()};
    std::vector<pack_reference> packs;
    for (const auto& pack : tables::packs_of(sql, row->number))
      packs.push_back(pack.reference);
    return packs;
  });
}

result<pack_descriptor> catalogue::pack(const pack_id& id) {
  return guarded(*database_, "read a pack", [&](soci::session& sql) -> result<pack_descriptor> {
    const auto row = tables::find_pack(sql, id);
    if (!row) return {errc::not_found, "there is no pack " + id.hex()};
    auto pack = decode_pack_descriptor(dialect::get_bytes(sql, row->descriptor), &sha256);
    if (pack && pack->id == id) return pack;
    throw tables::damaged_row("pack " + id.hex() + " does not match its id any more");
  });
}

result<pack_reference> catalogue::reference_to(const pack_id& id) {
  return guarded(*database_, "find a pack", [&](soci::session& sql) -> result<pack_reference> {
    const auto row = tables::find_pack(sql, id);
    if (row) return row->reference;
    return {errc::not_found, "there is no pack " + id.hex()};
  });
}

result<pack_fates> catalogue::fates_of(std::span<const pack_id> packs) {
  return guarded(*database_, "look up packs", [&](soci::session& sql) -> result<pack_fates> {
    const auto known = tables::packs_in(sql, "pack", packs);
    const auto removed = tables::packs_in(sql, "removed_pack", packs);
    pack_fates fates;
    for (const auto& pack : packs) {
      if (removed.contains(pack)) fates.removed.push_back(pack);
      else if (!known.contains(pack)) fates.unknown.push_back(pack);
    }
    return fates;
  });
}

result<void> catalogue::upsert_hosts(std::span<const host_record> hosts) {
  for (const auto& host : hosts) {
    if (auto fine = check(host); !fine) return fine;
  }
  return guarded(*database_, "remember hosts", [&](soci::session& sql) -> result<void> {
    dialect::set_durable(sql, false);
    soci::transaction whole{sql};
    for (const auto& host : hosts)
      upsert(sql, host);
    whole.commit();
    return {};
  });
}

result<std::vector<host_record>> catalogue::hosts() {
  using answer = result<std::vector<host_record>>;
  return guarded(*database_, "list its hosts", [](soci::session& sql) -> answer {
    host_record row;
    int link_port = 0;
    int bulk_port = 0;
    soci::statement query =
        (sql.prepare << "select name, place, address, link_port, bulk_port, last_seen from host"
                        " order by name",
         soci::into(row.name), soci::into(row.place), soci::into(row.address),
         soci::into(link_port), soci::into(bulk_port), soci::into(row.last_seen));
    query.execute();
    std::vector<host_record> hosts;
    while (query.fetch()) {
      row.link_port = static_cast<std::uint16_t>(link_port);
      row.bulk_port = static_cast<std::uint16_t>(bulk_port);
      hosts.push_back(row);
    }
    return hosts;
  });
}

result<catalogue_statistics> catalogue::statistics() {
  return guarded(*database_, "count", [](soci::session& sql) -> result<catalogue_statistics> {
    // Chunks are counted from their packs: there may be millions of rows.
    return catalogue_statistics{
        .image_count = number(sql, "select count(*) from image"),
        .recipe_count = number(sql, "select count(*) from recipe"),
        .pack_count = number(sql, "select count(*) from pack"),
        .chunk_count = number(sql, "select coalesce(sum(chunk_count), 0) from pack"),
        .host_count = number(sql, "select count(*) from host"),
        .pack_bytes = number(sql, "select coalesce(sum(length_bytes), 0) from pack")};
  });
}

} // namespace shoal::swarm
