// Made-up publications and a directory for a catalogue, for the tests of this folder.
#pragma once

#include "swarm/catalogue/catalogue.hpp"
#include "swarm/crypto/sha256.hpp"

#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

namespace shoal::swarm {

/// A directory of its own that vanishes with it.
class scratch_directory {
public:
  scratch_directory() {
    std::string pattern = ::testing::TempDir() + "catalogue-XXXXXX";
    SHOAL_ASSERT(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~scratch_directory() { std::filesystem::remove_all(path_); }
  scratch_directory(const scratch_directory&) = delete;
  scratch_directory& operator=(const scratch_directory&) = delete;

  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ / name; }

private:
  std::filesystem::path path_;
};

inline digest digest_of(const std::string& text) { return sha256(std::as_bytes(std::span{text})); }

/// The id of a chunk that is called `word`.
inline chunk_id chunk(const std::string& word) { return chunk_id{digest_of(word)}; }

inline constexpr std::uint32_t made_up_chunk_bytes = 4096;

/// `count` chunks called `prefix` and a number.
inline std::vector<chunk_id> chunks(const std::string& prefix, std::size_t count) {
  std::vector<chunk_id> made;
  for (std::size_t i = 0; i < count; ++i)
    made.push_back(chunk(prefix + std::to_string(i)));
  return made;
}

/// A pack of `count` chunks; `salt` makes packs of equal length different.
inline pack_descriptor made_up_pack(const std::string& salt, std::size_t count) {
  pack_descriptor pack;
  pack.length_bytes = count * made_up_chunk_bytes;
  for (std::uint32_t i = 0; i < pack.piece_count(); ++i) {
    pack.piece_hashes.push_back(digest_of(salt + " piece " + std::to_string(i)));
  }
  pack.id = pack_root(pack.piece_hashes, pack.piece_bytes, &sha256);
  return pack;
}

/// Fills in the recipe of `order` from chunks that lie where it is said.
inline void set_recipe(publication& order,
                       const std::vector<std::pair<chunk_id, chunk_location>>& content,
                       const std::vector<pack_descriptor>& packs) {
  recipe image;
  for (const auto& pack : packs) {
    image.packs.push_back({pack.id, pack.length_bytes, pack.piece_bytes});
  }
  image.entries.push_back({.length_bytes = 8192, .hole = true});
  for (const auto& [id, where] : content) {
    std::uint32_t pack = 0;
    while (image.packs[pack].id != where.pack)
      ++pack;
    image.entries.push_back({.length_bytes = where.expanded_bytes,
                             .chunk = id,
                             .pack = pack,
                             .offset_bytes = where.offset_bytes,
                             .stored_bytes = where.stored_bytes,
                             .how = where.how});
  }
  for (const auto& entry : image.entries)
    image.virtual_bytes += entry.length_bytes;
  image.content = content_of(image, &sha256);
  order.recipe_bytes = encode(image);
  order.recipe = recipe_id{digest_of(order.recipe_bytes)};
}

/// An image whose chunks are all new, in a pack of its own. `salt` tells the packs of two
/// publishers of the same chunks apart.
inline publication fresh_image(const std::string& name, const std::string& version,
                               const std::vector<chunk_id>& ids, const std::string& salt = "") {
  publication order{.name = name,
                    .version = version,
                    .publisher = "host-1",
                    .published_at = "2026-01-02T03:04:05Z"};
  order.new_pack = made_up_pack(name + ":" + version + salt, ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    order.new_chunks.emplace_back(ids[i], chunk_location{.pack = order.new_pack->id,
                                                         .offset_bytes = i * made_up_chunk_bytes,
                                                         .stored_bytes = made_up_chunk_bytes,
                                                         .expanded_bytes = made_up_chunk_bytes});
  }
  set_recipe(order, order.new_chunks, {*order.new_pack});
  return order;
}

/// `order`, whose image also begins with all the chunks of `base`.
inline publication on_top_of(const publication& base, publication order) {
  auto content = base.new_chunks;
  content.insert(content.end(), order.new_chunks.begin(), order.new_chunks.end());
  set_recipe(order, content, {*base.new_pack, *order.new_pack});
  order.parent = base.name + ":" + base.version;
  return order;
}

/// A catalogue in a directory of its own.
class CatalogueTest : public ::testing::Test {
protected:
  void SetUp() override { reopen(); }

  void reopen() {
    opened_.reset();
    auto opened = catalogue::open(path());
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    opened_ = std::move(*opened);
  }

  [[nodiscard]] std::string path() const { return directory_ / "catalogue.db"; }
  catalogue& known() { return *opened_; }

  void publish(const publication& order) {
    const auto outcome = known().publish(order);
    ASSERT_TRUE(outcome.ok()) << outcome.error().message;
    ASSERT_EQ(*outcome, publish_outcome::created);
  }

  errc refusal_of(const publication& order) {
    const auto before = known().statistics().value();
    const auto outcome = known().publish(order);
    EXPECT_FALSE(outcome.ok());
    EXPECT_EQ(known().statistics().value(), before) << "a refused publication left something";
    return outcome.ok() ? errc::failed : outcome.error().code;
  }

  scratch_directory directory_;
  std::unique_ptr<catalogue> opened_;
};

} // namespace shoal::swarm
