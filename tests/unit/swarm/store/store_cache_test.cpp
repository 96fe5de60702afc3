// The store as a cache: what goes next under each policy, and what never does.
#include "store_fixture.hpp"
#include "swarm/store/store_cache.hpp"

#include <fstream>

namespace shoal::swarm::test {
namespace {

/// Packs of ten pieces are one run each.
constexpr std::uint64_t pack_bytes = 640 * kib;

class StoreCacheTest : public StoreTest {
protected:
  std::vector<pack_id> order() {
    std::vector<pack_id> packs;
    for (const auto& run : store_->cache()->next_to_go()) packs.push_back(run.pack);
    return packs;
  }
  static std::uint64_t sum(const eviction& gone) {
    std::uint64_t bytes = 0;
    for (const auto& pack : gone.packs) bytes += pack.bytes;
    return bytes;
  }
  const sample_pack a_{1, pack_bytes};
  const sample_pack b_{2, pack_bytes};
  const sample_pack c_{3, pack_bytes};
};

TEST_F(StoreCacheTest, SaysWhatGoesNextAndDoesIt) {
  open();
  for (const auto* pack : {&a_, &b_, &c_}) add_whole(*pack);
  store_->touch(a_.id());
  EXPECT_EQ(order(), (std::vector{b_.id(), c_.id(), a_.id()}));
  const auto would = store_->cache()->evict(pack_bytes + 1, true);
  ASSERT_TRUE(would.ok());
  ASSERT_EQ(would->packs.size(), 2u);
  EXPECT_EQ(status(b_).piece_count_held, 10u);
  const auto gone = store_->cache()->evict(pack_bytes + 1, false);
  ASSERT_TRUE(gone.ok());
  EXPECT_EQ(gone->bytes, pack_bytes + 64 * kib);
  EXPECT_EQ(sum(*gone), gone->bytes);
  EXPECT_EQ(status(b_).piece_count_held, 0u);
  EXPECT_EQ(status(c_).piece_count_held, 9u);
  EXPECT_EQ(order(), (std::vector{c_.id(), a_.id()})) << "what is left of c keeps its place";
}

TEST_F(StoreCacheTest, FollowsAnotherPolicyAtOnceAndAfterARestart) {
  open();
  for (const auto* pack : {&a_, &b_, &c_}) add_whole(*pack);
  EXPECT_EQ(store_->cache()->report().run_count, 3u);
  EXPECT_OK(store_->cache()->change({.policy = cache_policy_kind::fifo}));
  store_->touch(a_.id());
  EXPECT_EQ(order(), (std::vector{a_.id(), b_.id(), c_.id()}));
  open();
  EXPECT_EQ(store_->cache()->report().settings.policy, cache_policy_kind::fifo);
  EXPECT_EQ(store_->cache()->report().configured.policy, cache_policy_kind::lru);
  EXPECT_OK(store_->cache()->change({}));
  EXPECT_EQ(store_->cache()->report().settings.policy, cache_policy_kind::lru);
  open();
  EXPECT_EQ(store_->cache()->overridden(), cache_override{});
}

TEST_F(StoreCacheTest, ALimitHoldsAtOnceAndAfterARestart) {
  config_.quota_bytes = 8 * pack_bytes;
  open();
  for (const auto* pack : {&a_, &b_, &c_}) add_whole(*pack);
  EXPECT_OK(store_->cache()->change({.quota_bytes = 2 * pack_bytes}));
  EXPECT_EQ(store_->quota_bytes(), 2 * pack_bytes);
  EXPECT_EQ(store_->held_bytes(), 3 * pack_bytes) << "lowering a limit evicts nothing by itself";
  const sample_pack d{4, pack_bytes};
  add(d);
  EXPECT_FAILS(store_->put_piece(d.id(), 0, d.piece(0)), errc::no_space);
  ASSERT_TRUE(store_->cache()->evict_to_quota(false).ok());
  EXPECT_EQ(store_->held_bytes(), 2 * pack_bytes);
  open();
  EXPECT_EQ(store_->quota_bytes(), 2 * pack_bytes);
}

TEST_F(StoreCacheTest, DamagedSettingsAreToldAndTheConfigurationCounts) {
  open();
  EXPECT_OK(store_->cache()->change({.quota_bytes = 5}));
  close();
  std::ofstream{layout_.cache_settings()} << "shoal cache 1\nquota_bytes -5\nend\n";
  open();
  EXPECT_EQ(store_->quota_bytes(), config_.quota_bytes);
  ASSERT_EQ(store_->warnings().size(), 1u);
  EXPECT_NE(store_->warnings().front().find("a quota that is no number"), std::string::npos);
}

TEST_F(StoreCacheTest, NeverEvictsWhatIsPinned) {
  open();
  add_whole(a_);
  add_whole(b_);
  EXPECT_OK(store_->pin(a_.id(), "operator"));
  EXPECT_EQ(order(), std::vector{b_.id()});
  EXPECT_EQ(store_->cache()->report().evictable_bytes, pack_bytes);
  const auto gone = store_->cache()->evict(~0ull, false);
  ASSERT_TRUE(gone.ok());
  EXPECT_EQ(gone->bytes, pack_bytes);
  EXPECT_EQ(status(a_).piece_count_held, 10u);
  EXPECT_FAILS(store_->cache()->evict_pieces(a_.id(), store_->have(a_.id()), false),
               errc::conflict);
  EXPECT_OK(store_->unpin(a_.id(), "operator"));
  EXPECT_EQ(order(), std::vector{a_.id()});
}

TEST_F(StoreCacheTest, NeverEvictsTheLastCopiesInTheSite) {
  config_.copies_floor = 1;
  config_.quota_bytes = 2 * pack_bytes;
  open();
  add_whole(a_);
  add_whole(b_);
  // Nobody has said that there are others.
  EXPECT_FAILS(store_->make_room(1), errc::no_space);
  const cache_copies several{.in_site = 3};
  store_->cache()->set_copies(b_.id(), {&several, 1});
  EXPECT_OK(store_->make_room(pack_bytes));
  EXPECT_EQ(status(a_).piece_count_held, 10u);
  EXPECT_EQ(status(b_).piece_count_held, 0u);
  const auto refused = store_->make_room(pack_bytes + 1);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("last copies in the site"), std::string::npos);
}

TEST_F(StoreCacheTest, RarityKeepsTheLastCopy) {
  config_.policy = cache_policy_kind::rarity;
  open();
  add_whole(a_);
  add_whole(b_);
  (void)order();
  const cache_copies alone{.in_site = 1};
  const cache_copies several{.in_site = 3};
  store_->cache()->set_copies(a_.id(), {&alone, 1});
  store_->cache()->set_copies(b_.id(), {&several, 1});
  EXPECT_EQ(order(), (std::vector{b_.id(), a_.id()}));
}

TEST_F(StoreCacheTest, RanksRunsOfAPackByThemselves) {
  config_.quota_bytes = 200 * 64 * kib;
  open();
  const sample_pack large{9, 200 * 64 * kib};
  add_whole(large);
  piece_set read{200};
  read.insert(199);
  store_->cache()->used(large.id(), read);
  EXPECT_OK(store_->make_room(4 * mib));
  const auto have = store_->have(large.id());
  EXPECT_TRUE(have.contains(199)) << "its run was used last";
  EXPECT_TRUE(have.contains(0)) << "a pack's beginning goes last";
  EXPECT_EQ(have.count(), 136u);
  EXPECT_FALSE(have.contains(191));
}

TEST_F(StoreCacheTest, LiveKeepsOnlyWhatIsPinned) {
  config_.policy = cache_policy_kind::live;
  open();
  add_whole(a_);
  add_whole(b_);
  EXPECT_OK(store_->pin(a_.id(), "vm 1"));
  ASSERT_TRUE(store_->cache()->evict_idle().ok());
  EXPECT_EQ(status(a_).piece_count_held, 10u);
  EXPECT_EQ(status(b_).piece_count_held, 0u);
}

TEST_F(StoreCacheTest, TellsWhoListensWhichPacksLostPieces) {
  open();
  add_whole(a_);
  add_whole(b_);
  std::vector<pack_id> told;
  store_->cache()->on_eviction([&](std::vector<pack_id> packs) { told = std::move(packs); });
  ASSERT_TRUE(store_->cache()->evict(64 * kib, false).ok());
  EXPECT_EQ(told, std::vector{a_.id()});
  store_->cache()->on_eviction(nullptr);
}

TEST_F(StoreCacheTest, APackThatIsForgottenAndComesBackIsNew) {
  open();
  add_whole(a_);
  add_whole(b_);
  EXPECT_EQ(order().front(), a_.id());
  EXPECT_OK(store_->forget(a_.id()));
  EXPECT_EQ(order(), std::vector{b_.id()});
  add_whole(a_);
  EXPECT_EQ(order(), (std::vector{b_.id(), a_.id()}));
}

TEST(CacheOverrideTest, IsReadBackAsWritten) {
  for (const auto& set :
       {cache_override{}, cache_override{.policy = cache_policy_kind::s3_fifo},
        cache_override{.quota_bytes = 0},
        cache_override{.policy = cache_policy_kind::rarity, .quota_bytes = 1ull << 50}}) {
    const auto read = decode_cache_override(encode_cache_override(set));
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(*read, set);
  }
}

TEST(CacheOverrideTest, RefusesWhatIsCutShortOrUnknown) {
  const auto text = encode_cache_override({.policy = cache_policy_kind::lru, .quota_bytes = 77});
  for (std::size_t length = 0; length < text.size(); ++length) {
    EXPECT_FALSE(decode_cache_override(text.substr(0, length)).ok()) << length;
  }
  EXPECT_FALSE(decode_cache_override(text + "x\n").ok());
  EXPECT_FALSE(decode_cache_override("shoal cache 1\npolicy best\nend\n").ok());
  EXPECT_FALSE(decode_cache_override("shoal cache 2\nend\n").ok());
}

} // namespace
} // namespace shoal::swarm::test
