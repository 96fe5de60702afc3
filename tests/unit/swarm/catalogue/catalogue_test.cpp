#include "tests/unit/swarm/catalogue/publications.hpp"

namespace shoal::swarm {
namespace {

TEST_F(CatalogueTest, AnEmptyOneKnowsNothing) {
  EXPECT_TRUE(known().images().value().empty());
  EXPECT_TRUE(known().hosts().value().empty());
  EXPECT_EQ(known().statistics().value(), catalogue_statistics{});
  EXPECT_EQ(known().image("web", "1").error().code, errc::not_found);
  EXPECT_EQ(known().recipe_bytes({}).error().code, errc::not_found);
  EXPECT_EQ(known().packs_of({}).error().code, errc::not_found);
  EXPECT_EQ(known().pack({}).error().code, errc::not_found);
  EXPECT_EQ(known().reference_to({}).error().code, errc::not_found);
  EXPECT_EQ(known().remove_image("web", "1").error().code, errc::not_found);
  EXPECT_TRUE(known().find_chunks({}).value().empty());
}

TEST_F(CatalogueTest, AnswersAllItWasToldAlsoAfterReopening) {
  const auto base = fresh_image("base", "1", chunks("base", 100));
  const auto web = on_top_of(base, fresh_image("web", "1", chunks("web", 10)));
  publish(base);
  publish(web);
  reopen();

  const auto images = known().images().value();
  ASSERT_EQ(images.size(), 2u);
  EXPECT_EQ(images[0].name, "base");
  const auto& record = images[1];
  EXPECT_EQ(record, known().image("web", "1").value());
  EXPECT_EQ(record.name, "web");
  EXPECT_EQ(record.version, "1");
  EXPECT_EQ(record.parent, "base:1");
  EXPECT_EQ(record.virtual_bytes, 8192u + 110 * 4096);
  EXPECT_EQ(record.data_bytes, 110u * 4096);
  EXPECT_EQ(record.referred_bytes, 110u * 4096);
  EXPECT_EQ(record.fetch_bytes, 110u * 4096);
  EXPECT_EQ(record.pack_bytes, 10u * 4096);
  EXPECT_EQ(record.chunk_count, 110u);
  EXPECT_EQ(record.recipe, web.recipe);
  EXPECT_EQ(record.publisher, "host-1");
  EXPECT_EQ(record.published_at, "2026-01-02T03:04:05Z");

  EXPECT_EQ(known().recipe_bytes(web.recipe).value(), web.recipe_bytes);
  EXPECT_EQ(known().pack(base.new_pack->id).value(), *base.new_pack);
  const auto packs = known().packs_of(web.recipe).value();
  ASSERT_EQ(packs.size(), 2u);
  EXPECT_EQ(packs[0], known().reference_to(base.new_pack->id).value());
  EXPECT_EQ(packs[1].id, web.new_pack->id);
  EXPECT_EQ(packs[1].length_bytes, 10u * 4096);
  EXPECT_EQ(known().statistics().value(), (catalogue_statistics{.image_count = 2,
                                                                .recipe_count = 2,
                                                                .pack_count = 2,
                                                                .chunk_count = 110,
                                                                .pack_bytes = 110 * 4096}));
}

TEST_F(CatalogueTest, FindsChunksInTheOrderAskedAcrossBatches) {
  const auto base = fresh_image("base", "1", chunks("base", 3000));
  publish(base);
  std::vector<chunk_id> asked;
  for (const auto& [id, where] : base.new_chunks) {
    asked.push_back(id);
    asked.push_back(chunk("unknown" + id.hex()));
  }
  asked.push_back(base.new_chunks[5].first);

  const auto found = known().find_chunks(asked).value();
  ASSERT_EQ(found.size(), asked.size());
  for (std::size_t i = 0; i < base.new_chunks.size(); ++i) {
    ASSERT_EQ(found[2 * i], base.new_chunks[i].second);
    ASSERT_EQ(found[2 * i + 1], std::nullopt);
  }
  EXPECT_EQ(found.back(), base.new_chunks[5].second);
}

TEST_F(CatalogueTest, TellsChunksApartThatShareTheIndexedBytes) {
  auto ids = chunks("alike", 1100);
  for (auto& id : ids)
    std::copy_n(ids[0].bytes.begin(), 8, id.bytes.begin());
  const auto base = fresh_image("base", "1", {ids.begin(), ids.end() - 1});
  publish(base);
  const auto found = known().find_chunks(ids).value();
  for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
    ASSERT_EQ(found[i], base.new_chunks[i].second);
  }
  EXPECT_EQ(found.back(), std::nullopt);
}

TEST_F(CatalogueTest, KeepsIdsWithExtremeBytes) {
  std::vector<chunk_id> ids(4);
  ids[1].bytes.fill(std::byte{0xff});
  ids[2].bytes[0] = std::byte{0x80};
  ids[3].bytes.fill(std::byte{0x7f});
  const auto base = fresh_image("base", "1", ids);
  publish(base);
  const auto found = known().find_chunks(ids).value();
  for (std::size_t i = 0; i < ids.size(); ++i)
    EXPECT_EQ(found[i], base.new_chunks[i].second);
}

TEST_F(CatalogueTest, KeepsLocationsPastFourGibibytes) {
  auto order = fresh_image("big", "1", chunks("big", 1));
  auto& pack = *order.new_pack;
  pack.length_bytes = 6ull << 30;
  pack.piece_hashes.assign(pack.piece_count(), digest_of("piece"));
  pack.id = pack_root(pack.piece_hashes, pack.piece_bytes, &sha256);
  order.new_chunks[0].second = {.pack = pack.id,
                                .offset_bytes = (5ull << 30) + 7,
                                .stored_bytes = 200'000,
                                .expanded_bytes = 262'144,
                                .how = compression::zstd};
  set_recipe(order, order.new_chunks, {pack});
  publish(order);
  EXPECT_EQ(known().find_chunks(chunks("big", 1)).value()[0], order.new_chunks[0].second);
  EXPECT_EQ(known().pack(pack.id).value(), pack);
}

TEST_F(CatalogueTest, RemovingAnImageForgetsOnlyWhatNobodyElseNeeds) {
  const auto base = fresh_image("base", "1", chunks("base", 2000));
  const auto web = on_top_of(base, fresh_image("web", "1", chunks("web", 10)));
  publish(base);
  publish(web);

  EXPECT_TRUE(known().remove_image("base", "1").value().empty());
  EXPECT_EQ(known().recipe_bytes(base.recipe).error().code, errc::not_found);
  EXPECT_EQ(known().image("web", "1").value().parent, "base:1");
  EXPECT_TRUE(known().find_chunks(chunks("base", 1)).value()[0].has_value());

  const auto removed = known().remove_image("web", "1").value();
  ASSERT_EQ(removed.size(), 2u);
  EXPECT_EQ(removed[0].id, base.new_pack->id);
  EXPECT_EQ(removed[0].length_bytes, 2000u * 4096);
  EXPECT_EQ(removed[1].id, web.new_pack->id);
  const auto all = known().find_chunks(chunks("base", 2000)).value();
  for (const auto& found : all) {
    ASSERT_EQ(found, std::nullopt);
  }
  EXPECT_EQ(known().statistics().value(), catalogue_statistics{});
}

TEST_F(CatalogueTest, RemembersWhatWasRemovedUntilItIsPublishedAgain) {
  const auto base = fresh_image("base", "1", chunks("base", 20));
  const auto web = on_top_of(base, fresh_image("web", "1", chunks("web", 10)));
  const auto stranger = made_up_pack("of another catalogue", 3).id;
  const std::vector packs{base.new_pack->id, stranger, web.new_pack->id};
  EXPECT_EQ(known().fates_of(packs).value(), (pack_fates{{}, packs}));
  publish(base);
  publish(web);
  EXPECT_EQ(known().fates_of(packs).value(), (pack_fates{{}, {stranger}}));
  ASSERT_TRUE(known().remove_image("base", "1").ok());
  EXPECT_EQ(known().fates_of(packs).value(), (pack_fates{{}, {stranger}})) << "web needs it";
  ASSERT_TRUE(known().remove_image("web", "1").ok());
  reopen();
  EXPECT_EQ(known().fates_of(packs).value(),
            (pack_fates{{base.new_pack->id, web.new_pack->id}, {stranger}}));

  publish(base);
  EXPECT_EQ(known().fates_of(packs).value(), (pack_fates{{web.new_pack->id}, {stranger}}));
  ASSERT_TRUE(known().remove_image("base", "1").ok());
  EXPECT_EQ(known().fates_of(packs).value().removed.size(), 2u);
}

TEST_F(CatalogueTest, TellsTheFatesOfManyPacks) {
  const auto base = fresh_image("base", "1", chunks("base", 2));
  publish(base);
  ASSERT_TRUE(known().remove_image("base", "1").ok());
  std::vector<pack_id> packs;
  for (const auto& id : chunks("pack", 2500))
    packs.push_back(pack_id{id.bytes});
  packs.push_back(base.new_pack->id);
  const auto fates = known().fates_of(packs).value();
  EXPECT_EQ(fates.removed, std::vector{base.new_pack->id});
  EXPECT_EQ(fates.unknown.size(), 2500u);
  EXPECT_EQ(known().fates_of({}).value(), pack_fates{});
}

TEST_F(CatalogueTest, RemovingAnImageLeavesTheChunksOfPacksBeforeAndAfter) {
  for (const std::string name : {"a", "b", "c"})
    publish(fresh_image(name, "1", chunks(name, 50)));
  ASSERT_TRUE(known().remove_image("b", "1").ok());
  publish(fresh_image("d", "1", chunks("d", 50)));
  for (const std::string name : {"a", "c", "d"}) {
    const auto all = known().find_chunks(chunks(name, 50)).value();
    for (const auto& found : all) {
      ASSERT_TRUE(found.has_value()) << name;
    }
  }
  EXPECT_EQ(known().find_chunks(chunks("b", 50)).value()[0], std::nullopt);
  EXPECT_EQ(known().statistics().value().chunk_count, 150u);
}

TEST_F(CatalogueTest, ARecipeThatTwoImagesShareGoesWithTheLast) {
  const auto first = fresh_image("web", "1", chunks("web", 10));
  auto second = first;
  second.version = "1-again";
  second.new_pack.reset();
  second.new_chunks.clear();
  publish(first);
  publish(second);
  EXPECT_EQ(known().statistics().value().recipe_count, 1u);
  EXPECT_EQ(known().image("web", "1-again").value().pack_bytes, 0u);

  EXPECT_TRUE(known().remove_image("web", "1").value().empty());
  EXPECT_EQ(known().recipe_bytes(first.recipe).value(), first.recipe_bytes);
  EXPECT_EQ(known().remove_image("web", "1-again").value().size(), 1u);
}

TEST_F(CatalogueTest, KeepsARecipeOfTenMegabytes) {
  const auto order = fresh_image("large", "1", chunks("large", 300'000));
  ASSERT_GT(order.recipe_bytes.size(), 10u << 20);
  publish(order);
  reopen();
  EXPECT_TRUE(known().recipe_bytes(order.recipe).value() == order.recipe_bytes);
  EXPECT_EQ(known().remove_image("large", "1").value().size(), 1u);
  EXPECT_EQ(known().statistics().value(), catalogue_statistics{});
}

} // namespace
} // namespace shoal::swarm
