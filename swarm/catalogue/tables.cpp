#include "swarm/catalogue/tables.hpp"

#include <algorithm>
#include <array>

namespace shoal::swarm::tables {

namespace {

/// Ids looked up by one statement: each statement costs a round trip on a database server, and
/// longer ones gained nothing (README.md, Decisions).
constexpr std::size_t batch_size = 1024;

/// A chunk id as four signed numbers, which every database keeps in 8 bytes each.
using id_words = std::array<long long, 4>;

id_words words_of(const chunk_id& id) {
  id_words words{};
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    const auto word = static_cast<unsigned long long>(words[i / 8]);
    words[i / 8] = static_cast<long long>(word << 8 | std::to_integer<unsigned>(id.bytes[i]));
  }
  return words;
}

chunk_id id_of(const id_words& words) {
  chunk_id id;
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    const auto word = static_cast<unsigned long long>(words[i / 8]);
    id.bytes[i] = static_cast<std::byte>(word >> (56 - 8 * (i % 8)) & 0xff);
  }
  return id;
}

template <class Id>
Id parsed(const std::string& hex) {
  const auto id = Id::parse(hex);
  if (!id) throw damaged_row("'" + hex + "' is no id");
  return *id;
}

/// Columns of table chunk, one vector each, as SOCI moves many rows at once.
struct chunk_columns {
  std::array<std::vector<long long>, 4> id;
  std::vector<long long> number, pack, offset_bytes, stored_bytes, expanded_bytes, compression;

  explicit chunk_columns(std::size_t rows) { resize(rows); }

  void resize(std::size_t rows) {
    for (auto& word : id)
      word.resize(rows);
    for (auto* column :
         {&number, &pack, &offset_bytes, &stored_bytes, &expanded_bytes, &compression}) {
      column->resize(rows);
    }
  }
};

std::string lookup_text(std::span<const chunk_id> batch) {
  std::string text = "select id_0, id_1, id_2, id_3, pack, offset_bytes, stored_bytes,"
                     " expanded_bytes, compression from chunk where id_0 in (";
  text.reserve(text.size() + 21 * batch.size());
  for (const auto& id : batch) {
    if (text.back() != '(') text += ',';
    text += std::to_string(words_of(id)[0]);
  }
  text += ')';
  return text;
}

/// Ids of packs by row number, read once each.
class pack_names {
public:
  explicit pack_names(soci::session& sql) : sql_{sql} {}

  const pack_id& of(long long number) {
    const auto [place, is_new] = known_.try_emplace(number);
    if (is_new) {
      std::string hex;
      sql_ << "select id from pack where no = :no", soci::use(number), soci::into(hex);
      place->second = parsed<pack_id>(hex);
    }
    return place->second;
  }

private:
  soci::session& sql_;
  std::unordered_map<long long, pack_id> known_;
};

void find_batch(soci::session& sql, std::span<const chunk_id> batch, pack_names& packs,
                known_chunks& known) {
  chunk_columns rows{batch_size};
  soci::statement query =
      (sql.prepare << lookup_text(batch), soci::into(rows.id[0]), soci::into(rows.id[1]),
       soci::into(rows.id[2]), soci::into(rows.id[3]), soci::into(rows.pack),
       soci::into(rows.offset_bytes), soci::into(rows.stored_bytes),
       soci::into(rows.expanded_bytes), soci::into(rows.compression));
  query.execute();
  while (query.fetch()) {
    for (std::size_t i = 0; i < rows.pack.size(); ++i) {
      // Chunks that only share the indexed eight bytes come along; their names differ.
      known.try_emplace(
          id_of({rows.id[0][i], rows.id[1][i], rows.id[2][i], rows.id[3][i]}),
          chunk_location{.pack = packs.of(rows.pack[i]),
                         .offset_bytes = static_cast<std::uint64_t>(rows.offset_bytes[i]),
                         .stored_bytes = static_cast<std::uint32_t>(rows.stored_bytes[i]),
                         .expanded_bytes = static_cast<std::uint32_t>(rows.expanded_bytes[i]),
                         .how = static_cast<compression>(rows.compression[i])});
    }
    rows.resize(batch_size);
  }
}

constexpr auto pack_columns = "p.no, p.id, p.length_bytes, p.piece_bytes, p.descriptor,"
                              " p.first_chunk, p.chunk_count";

/// Where a statement over `pack_columns` puts a row.
struct pack_fields {
  pack_row row;
  std::string id;
  long long length_bytes = 0;
  long long piece_bytes = 0;

  [[nodiscard]] pack_row finished() const {
    auto made = row;
    made.reference = {.id = parsed<pack_id>(id),
                      .length_bytes = static_cast<std::uint64_t>(length_bytes),
                      .piece_bytes = static_cast<std::uint32_t>(piece_bytes)};
    // `piece_count` divides by it.
    if (!valid_piece_bytes(made.reference.piece_bytes)) throw damaged_row("pack " + id);
    return made;
  }
};

constexpr auto image_columns =
    "i.name, i.version, i.parent, i.virtual_bytes, i.data_bytes, i.referred_bytes, i.fetch_bytes,"
    " i.pack_bytes, i.chunk_count, i.publisher, i.published_at, i.recipe, r.id";

/// Where a statement over `image_columns` puts a row.
struct image_fields {
  image_record image;
  long long virtual_bytes = 0, data_bytes = 0, referred_bytes = 0, fetch_bytes = 0, pack_bytes = 0;
  long long chunk_count = 0, recipe = 0;
  std::string recipe_hex;

  [[nodiscard]] image_row finished() const {
    image_row made{.image = image, .recipe = recipe};
    made.image.virtual_bytes = static_cast<std::uint64_t>(virtual_bytes);
    made.image.data_bytes = static_cast<std::uint64_t>(data_bytes);
    made.image.referred_bytes = static_cast<std::uint64_t>(referred_bytes);
    made.image.fetch_bytes = static_cast<std::uint64_t>(fetch_bytes);
    made.image.pack_bytes = static_cast<std::uint64_t>(pack_bytes);
    made.image.chunk_count = static_cast<std::uint32_t>(chunk_count);
    made.image.recipe = parsed<recipe_id>(recipe_hex);
    return made;
  }
};

/// Lets `statement` (anything SOCI takes `,` for) put its rows into `row`.
template <class Statement>
auto into_fields(Statement statement, pack_fields& row) {
  return (statement, soci::into(row.row.number), soci::into(row.id), soci::into(row.length_bytes),
          soci::into(row.piece_bytes), soci::into(row.row.descriptor),
          soci::into(row.row.first_chunk), soci::into(row.row.chunk_count));
}

template <class Statement>
auto into_fields(Statement statement, image_fields& row) {
  auto& image = row.image;
  return (statement, soci::into(image.name), soci::into(image.version), soci::into(image.parent),
          soci::into(row.virtual_bytes), soci::into(row.data_bytes), soci::into(row.referred_bytes),
          soci::into(row.fetch_bytes), soci::into(row.pack_bytes), soci::into(row.chunk_count),
          soci::into(image.publisher), soci::into(image.published_at), soci::into(row.recipe),
          soci::into(row.recipe_hex));
}

} // namespace

long long next_number(soci::session& sql, const std::string& table) {
  long long newest = 0;
  sql << "select coalesce(max(no), 0) from " + table, soci::into(newest);
  return newest + 1;
}

long long keep_bytes(soci::session& sql, std::string_view bytes) {
  const auto number = next_number(sql, "stored_bytes");
  dialect::put_bytes(sql, number, bytes);
  return number;
}

void forget_bytes(soci::session& sql, long long number) {
  sql << "delete from stored_bytes where no = :no", soci::use(number);
}

std::optional<pack_row> find_pack(soci::session& sql, const pack_id& id) {
  pack_fields row;
  const auto hex = id.hex();
  soci::statement query{into_fields(
      (sql.prepare << std::string{"select "} + pack_columns + " from pack p where p.id = :id",
       soci::use(hex)),
      row)};
  if (!query.execute(true)) return std::nullopt;
  return row.finished();
}

std::unordered_set<pack_id> packs_in(soci::session& sql, const std::string& table,
                                     std::span<const pack_id> packs) {
  std::unordered_set<pack_id> found;
  for (std::size_t done = 0; done < packs.size(); done += batch_size) {
    std::string text = "select id from " + table + " where id in (";
    for (const auto& id : packs.subspan(done, std::min(batch_size, packs.size() - done))) {
      if (text.back() != '(') text += ',';
      text += '\'' + id.hex() + '\'';
    }
    std::string hex;
    soci::statement query = (sql.prepare << text + ')', soci::into(hex));
    query.execute();
    while (query.fetch())
      found.insert(parsed<pack_id>(hex));
  }
  return found;
}

std::vector<pack_row> packs_of(soci::session& sql, long long recipe_number) {
  std::vector<pack_row> packs;
  pack_fields row;
  soci::statement query{
      into_fields((sql.prepare << std::string{"select "} + pack_columns +
                                      " from recipe_pack rp join pack p on p.no = rp.pack"
                                      " where rp.recipe = :recipe order by rp.entry",
                   soci::use(recipe_number)),
                  row)};
  query.execute();
  while (query.fetch())
    packs.push_back(row.finished());
  return packs;
}

std::optional<recipe_row> find_recipe(soci::session& sql, const recipe_id& id) {
  recipe_row row;
  std::string content;
  const auto hex = id.hex();
  sql << "select no, content, encoded from recipe where id = :id", soci::use(hex),
      soci::into(row.number), soci::into(content), soci::into(row.encoded);
  if (!sql.got_data()) return std::nullopt;
  row.content = parsed<content_id>(content);
  return row;
}

std::optional<recipe_row> find_recipe(soci::session& sql, const content_id& content) {
  recipe_row row{.content = content};
  const auto hex = content.hex();
  sql << "select no, encoded from recipe where content = :content order by no limit 1",
      soci::use(hex), soci::into(row.number), soci::into(row.encoded);
  if (!sql.got_data()) return std::nullopt;
  return row;
}

std::optional<image_row> find_image(soci::session& sql, const std::string& name,
                                    const std::string& version) {
  image_fields row;
  soci::statement query{
      into_fields((sql.prepare << std::string{"select "} + image_columns +
                                      " from image i join recipe r on r.no = i.recipe"
                                      " where i.name = :name and i.version = :version",
                   soci::use(name), soci::use(version)),
                  row)};
  if (!query.execute(true)) return std::nullopt;
  return row.finished();
}

std::vector<image_record> all_images(soci::session& sql) {
  std::vector<image_record> images;
  image_fields row;
  soci::statement query{
      into_fields((sql.prepare << std::string{"select "} + image_columns +
                                      " from image i join recipe r on r.no = i.recipe"
                                      " order by i.name, i.version"),
                  row)};
  query.execute();
  while (query.fetch())
    images.push_back(row.finished().image);
  return images;
}

known_chunks find_chunks(soci::session& sql, std::span<const chunk_id> chunks) {
  known_chunks known;
  known.reserve(chunks.size());
  pack_names packs{sql};
  for (std::size_t done = 0; done < chunks.size(); done += batch_size) {
    find_batch(sql, chunks.subspan(done, std::min(batch_size, chunks.size() - done)), packs, known);
  }
  return known;
}

void insert_chunks(soci::session& sql, long long first_number, long long pack,
                   std::span<const std::pair<chunk_id, chunk_location>> chunks) {
  for (std::size_t done = 0; done < chunks.size(); done += batch_size) {
    const auto batch = chunks.subspan(done, std::min(batch_size, chunks.size() - done));
    chunk_columns rows{batch.size()};
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const auto& [id, location] = batch[i];
      const auto words = words_of(id);
      for (std::size_t word = 0; word < words.size(); ++word)
        rows.id[word][i] = words[word];
      rows.number[i] = first_number + static_cast<long long>(done + i);
      rows.pack[i] = pack;
      rows.offset_bytes[i] = static_cast<long long>(location.offset_bytes);
      rows.stored_bytes[i] = location.stored_bytes;
      rows.expanded_bytes[i] = location.expanded_bytes;
      rows.compression[i] = static_cast<long long>(location.how);
    }
    sql << "insert into chunk (no, id_0, id_1, id_2, id_3, pack, offset_bytes, stored_bytes,"
           " expanded_bytes, compression) values"
           " (:no, :id_0, :id_1, :id_2, :id_3, :pack, :offset, :stored, :expanded, :compression)",
        soci::use(rows.number), soci::use(rows.id[0]), soci::use(rows.id[1]), soci::use(rows.id[2]),
        soci::use(rows.id[3]), soci::use(rows.pack), soci::use(rows.offset_bytes),
        soci::use(rows.stored_bytes), soci::use(rows.expanded_bytes), soci::use(rows.compression);
  }
}

} // namespace shoal::swarm::tables
