#include "tests/unit/swarm/catalogue/publications.hpp"

#include <gmock/gmock.h>

namespace shoal::swarm {
namespace {

using ::testing::HasSubstr;

TEST_F(CatalogueTest, TheSameContentAgainIsAlreadyThere) {
  const auto order = fresh_image("web", "1", chunks("web", 10));
  publish(order);
  EXPECT_EQ(known().publish(order).value(), publish_outcome::already_there);

  const auto racing = fresh_image("web", "1", chunks("web", 10), "another publisher's pack");
  ASSERT_NE(racing.recipe, order.recipe);
  EXPECT_EQ(known().publish(racing).value(), publish_outcome::already_there);
  EXPECT_EQ(known().image("web", "1").value().recipe, order.recipe);
  EXPECT_EQ(known().pack(racing.new_pack->id).error().code, errc::not_found);
}

TEST_F(CatalogueTest, OtherContentUnderTheSameNameIsRefusedNamingBoth) {
  const auto order = fresh_image("web", "1", chunks("web", 10));
  auto other = fresh_image("web", "1", chunks("other", 10));
  other.publisher = "host-2";
  publish(order);
  EXPECT_EQ(refusal_of(other), errc::conflict);
  const auto why = known().publish(other).error().message;
  EXPECT_THAT(why, HasSubstr("web:1"));
  EXPECT_THAT(why, HasSubstr(order.recipe.hex()));
  EXPECT_THAT(why, HasSubstr(other.recipe.hex()));
  EXPECT_THAT(why, HasSubstr("host-2"));
}

TEST_F(CatalogueTest, OfTwoRacingPublishersTheFirstIsFoundAndBothAreRight) {
  const auto first = fresh_image("web", "1", chunks("same", 10));
  auto ids = chunks("same", 10);
  ids.push_back(chunk("one more"));
  const auto second = fresh_image("web", "2", ids);
  publish(first);
  publish(second);

  const auto found = known().find_chunks(ids).value();
  EXPECT_EQ(found[0], first.new_chunks[0].second);
  EXPECT_EQ(found[10], second.new_chunks[10].second);
  EXPECT_EQ(known().recipe_bytes(second.recipe).value(), second.recipe_bytes);
  EXPECT_EQ(known().packs_of(second.recipe).value()[0].id, second.new_pack->id);
  EXPECT_EQ(known().statistics().value().chunk_count, 11u);

  EXPECT_EQ(known().remove_image("web", "2").value().size(), 1u);
  EXPECT_EQ(known().find_chunks(ids).value()[0], first.new_chunks[0].second);
}

TEST_F(CatalogueTest, TheSamePackFromTwoPublishersIsKeptOnce) {
  const auto first = fresh_image("web", "1", chunks("same", 10));
  auto second = first;
  second.name = "shop";
  publish(first);
  publish(second);
  EXPECT_EQ(known().statistics().value().pack_count, 1u);
  EXPECT_EQ(known().image("shop", "1").value().recipe, first.recipe);
}

TEST_F(CatalogueTest, EqualContentUnderAnotherNameGetsTheRecipeThatIsThere) {
  const auto first = fresh_image("web", "1", chunks("same", 10));
  const auto again = fresh_image("shop", "1", chunks("same", 10), "another publisher's pack");
  ASSERT_NE(again.recipe, first.recipe);
  publish(first);
  publish(again);

  const auto image = known().image("shop", "1").value();
  EXPECT_EQ(image.recipe, first.recipe);
  EXPECT_EQ(image.pack_bytes, 0u);
  EXPECT_EQ(image.fetch_bytes, known().image("web", "1").value().fetch_bytes);
  EXPECT_EQ(known().pack(again.new_pack->id).error().code, errc::not_found);
  EXPECT_EQ(known().recipe_bytes(again.recipe).error().code, errc::not_found);
  EXPECT_EQ(known().statistics().value().pack_count, 1u);
  EXPECT_EQ(known().statistics().value().chunk_count, 10u);

  EXPECT_TRUE(known().remove_image("web", "1").value().empty());
  EXPECT_EQ(known().recipe_bytes(image.recipe).value(), first.recipe_bytes);
  EXPECT_EQ(known().remove_image("shop", "1").value().size(), 1u);
  EXPECT_EQ(known().statistics().value(), catalogue_statistics{});
}

TEST_F(CatalogueTest, CappedImagesPublishedAgainKeepTheirCostsAndPacks) {
  const auto base = fresh_image("base", "1", chunks("base", 40));
  // Its publisher packed a chunk of the base again; lookups go on naming the base's pack.
  auto ids = chunks("web", 4);
  ids.push_back(base.new_chunks[20].first);
  const auto web = fresh_image("web", "1", ids);
  publish(base);
  publish(web);
  EXPECT_EQ(known().find_chunks(ids).value()[4]->pack, base.new_pack->id);

  // Whoever publishes it again goes by what lookups say.
  auto again = web;
  again.version = "2";
  again.new_pack.reset();
  again.new_chunks.clear();
  auto content = web.new_chunks;
  content.back() = base.new_chunks[20];
  set_recipe(again, content, {*web.new_pack, *base.new_pack});
  publish(again);
  const auto first = known().image("web", "1").value();
  const auto second = known().image("web", "2").value();
  EXPECT_EQ(second.recipe, first.recipe);
  EXPECT_EQ(second.fetch_bytes, first.fetch_bytes);

  // Nor does it matter that packs it was made of are gone by then.
  EXPECT_EQ(known().remove_image("base", "1").value().size(), 1u);
  again.version = "3";
  publish(again);
  EXPECT_EQ(known().image("web", "3").value().recipe, first.recipe);
}

TEST_F(CatalogueTest, AChunkListedTwiceIsKeptOnce) {
  auto order = fresh_image("web", "1", chunks("web", 10));
  order.new_chunks.push_back(order.new_chunks[3]);
  publish(order);
  EXPECT_EQ(known().statistics().value().chunk_count, 10u);
}

TEST_F(CatalogueTest, AnImageOfHolesAloneNeedsNoPack) {
  publication order{.name = "empty",
                    .version = "1",
                    .publisher = "host-1",
                    .published_at = "2026-01-02T03:04:05Z"};
  set_recipe(order, {}, {});
  publish(order);
  EXPECT_EQ(known().image("empty", "1").value().virtual_bytes, 8192u);
  EXPECT_TRUE(known().packs_of(order.recipe).value().empty());
}

TEST_F(CatalogueTest, TheParentMustExistWhenTheChildIsPublished) {
  const auto base = fresh_image("base", "1", chunks("base", 5));
  auto child = fresh_image("web", "1", chunks("web", 5));
  child.parent = "base:1";
  EXPECT_EQ(refusal_of(child), errc::not_found);
  publish(base);
  publish(child);
}

TEST_F(CatalogueTest, APackRemovedMeanwhileMeansPublishAgain) {
  const auto base = fresh_image("base", "1", chunks("base", 5));
  auto web = on_top_of(base, fresh_image("web", "1", chunks("web", 5)));
  web.parent.clear();
  publish(base);
  ASSERT_TRUE(known().remove_image("base", "1").ok());
  EXPECT_EQ(refusal_of(web), errc::conflict);
  EXPECT_THAT(known().publish(web).error().message, HasSubstr("publish again"));
}

TEST_F(CatalogueTest, ARecipeThatSaysOtherwiseOfAKnownPackIsRefused) {
  const auto base = fresh_image("base", "1", chunks("base", 5));
  publish(base);
  auto longer = *base.new_pack;
  longer.length_bytes += 1;
  auto order = base;
  order.version = "2";
  order.new_pack.reset();
  order.new_chunks.pop_back();
  set_recipe(order, order.new_chunks, {longer});
  order.new_chunks.clear();
  EXPECT_EQ(refusal_of(order), errc::conflict);
}

TEST_F(CatalogueTest, RefusesNamesThatAreNone) {
  const auto good = fresh_image("web", "1", chunks("web", 5));
  for (const auto& bad :
       {std::string{}, std::string{"a/b"}, std::string{".."}, std::string{"a:b"},
        std::string{"a\nb"}, std::string{"a\0b", 3}, std::string(300, 'a'), std::string{"a' --"}}) {
    auto order = good;
    order.name = bad;
    EXPECT_EQ(refusal_of(order), errc::invalid_argument) << bad;
    order = good;
    order.version = bad;
    EXPECT_EQ(refusal_of(order), errc::invalid_argument) << bad;
    order = good;
    order.publisher = bad;
    EXPECT_EQ(refusal_of(order), errc::invalid_argument) << bad;
    if (bad.empty()) continue;
    order = good;
    order.parent = bad == "a:b" ? "a:b:c" : bad;
    EXPECT_EQ(refusal_of(order), errc::invalid_argument) << bad;
  }
  auto order = good;
  order.parent = "web:1";
  EXPECT_EQ(refusal_of(order), errc::invalid_argument);
}

TEST_F(CatalogueTest, RefusesPublicationsThatContradictThemselves) {
  const auto good = fresh_image("web", "1", chunks("web", 5));

  auto order = good;
  order.recipe_bytes[order.recipe_bytes.size() / 2] ^= 1;
  EXPECT_EQ(refusal_of(order), errc::corrupt) << "recipe bytes against their id";

  order = good;
  order.recipe_bytes.resize(order.recipe_bytes.size() / 2);
  order.recipe = recipe_id{digest_of(order.recipe_bytes)};
  EXPECT_EQ(refusal_of(order), errc::corrupt) << "half a recipe under its own id";

  order = good;
  auto image = decode_recipe(order.recipe_bytes).value();
  image.content.bytes[0] ^= std::byte{1};
  order.recipe_bytes = encode(image);
  order.recipe = recipe_id{digest_of(order.recipe_bytes)};
  EXPECT_EQ(refusal_of(order), errc::corrupt) << "a content id that claims to be another image";

  order = good;
  order.new_pack->piece_hashes[0][0] ^= std::byte{1};
  EXPECT_EQ(refusal_of(order), errc::corrupt) << "hashes that do not prove the pack's id";

  order = good;
  order.new_pack = made_up_pack("unused", 5);
  EXPECT_EQ(refusal_of(order), errc::invalid_argument) << "a pack the recipe does not use";

  order = good;
  order.new_pack.reset();
  EXPECT_EQ(refusal_of(order), errc::invalid_argument) << "chunks without a pack";

  order = good;
  order.new_chunks[2].second.offset_bytes += 1;
  EXPECT_EQ(refusal_of(order), errc::invalid_argument) << "a chunk somewhere else";

  order = good;
  order.new_chunks[2].first = chunk("stranger");
  EXPECT_EQ(refusal_of(order), errc::invalid_argument) << "a chunk the recipe does not have";

  publish(good);
}

} // namespace
} // namespace shoal::swarm
