#include "actors/document_cache.hpp"

#include <gtest/gtest.h>

namespace shoal::actors {
namespace {

wire::Download order(const std::string& id, std::uint64_t offset_bytes = 0) {
  wire::Download made;
  made.set_kind(wire::RECIPE);
  made.set_id(id);
  made.set_offset_bytes(offset_bytes);
  return made;
}

wire::DocumentPart part(std::size_t bytes) {
  wire::DocumentPart made;
  made.set_total_bytes(bytes);
  made.set_part(std::string(bytes, 'x'));
  return made;
}

TEST(DocumentCacheTest, PartsOfDifferentKindsPlacesAndDocumentsAreDifferent) {
  auto descriptor = order("a");
  descriptor.set_kind(wire::PACK_DESCRIPTOR);
  EXPECT_NE(document_cache::key_of(order("a")), document_cache::key_of(descriptor));
  EXPECT_NE(document_cache::key_of(order("a")), document_cache::key_of(order("a", 5)));
  EXPECT_NE(document_cache::key_of(order("a")), document_cache::key_of(order("b")));
}

TEST(DocumentCacheTest, ThePartUsedLongestAgoGoesFirst) {
  document_cache cache{100};
  cache.keep("a", part(40));
  cache.keep("b", part(40));
  ASSERT_NE(cache.find("a"), nullptr);
  cache.keep("c", part(40));
  EXPECT_NE(cache.find("a"), nullptr);
  EXPECT_EQ(cache.find("b"), nullptr);
  EXPECT_NE(cache.find("c"), nullptr);
  EXPECT_EQ(cache.bytes(), 80u);
}

TEST(DocumentCacheTest, APartLargerThanAllOfItIsNotKept) {
  document_cache cache{100};
  cache.keep("a", part(40));
  cache.keep("big", part(101));
  EXPECT_EQ(cache.find("big"), nullptr);
  EXPECT_NE(cache.find("a"), nullptr);
}

} // namespace
} // namespace shoal::actors
