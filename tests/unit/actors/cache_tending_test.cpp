// What the HOST CACHE does for evictions.
#include "actors/host_cache.hpp"
#include "tests/support/deterministic_system.hpp"
#include "tests/support/memory_pack_store.hpp"
#include "tests/unit/actors/fake_gis.hpp"
#include "tests/unit/actors/fake_session.hpp"

#include <gmock/gmock.h>

namespace shoal::actors {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::IsEmpty;

/// A cache that would give up one pack next, and writes down what it is told.
class fake_pack_cache final : public swarm::pack_cache {
public:
  swarm::pack_id next;
  std::vector<swarm::cache_copies> told;
  swarm::eviction_listener listener;
  int idle_rounds = 0;
  std::uint32_t copies_floor = 0;

  swarm::cache_report report() const override {
    swarm::cache_report made;
    made.settings.copies_floor = copies_floor;
    return made;
  }
  result<void> change(const swarm::cache_override&) override { return {}; }
  swarm::cache_override overridden() const override { return {}; }
  std::vector<swarm::cache_run> next_to_go() const override { return {{next, 0, 4, 4, {}}}; }
  result<swarm::eviction> evict(std::uint64_t, bool) override { return swarm::eviction{}; }
  result<swarm::eviction> evict_to_quota(bool) override { return swarm::eviction{}; }
  result<swarm::eviction> evict_pieces(swarm::pack_id, const swarm::piece_set&, bool) override {
    return swarm::eviction{};
  }
  result<swarm::eviction> evict_idle() override {
    ++idle_rounds;
    return swarm::eviction{};
  }
  void used(swarm::pack_id, const swarm::piece_set&) override {}
  void set_copies(swarm::pack_id, std::span<const swarm::cache_copies> runs) override {
    told.assign(runs.begin(), runs.end());
  }
  void on_eviction(swarm::eviction_listener wanted) override { listener = std::move(wanted); }
};

class CacheTendingTest : public test::deterministic_system<> {
protected:
  void SetUp() override {
    pack = store.hold(test::random_bytes(4 * 16384, 1), 16384).id;
    evictions.next = pack;
    store.evictions = &evictions;
    answers.count = [this](const wire::CountCopies& question) -> caf::result<wire::Copies> {
      questions.push_back(question);
      if (away) return to_caf({errc::unreachable, "away"});
      wire::Copies copies;
      auto& told = *copies.add_packs();
      told.set_pack(question.packs(0));
      told.add_in_site(3);
      told.add_nearest(1);
      return copies;
    };
    gis = system.spawn(test::fake_gis, &answers);
    cache = system.spawn(host_cache, host_cache_config{"a", 3}, &store, &session);
    caf::anon_send(cache, announce_to{rack_index_actor{}, gis});
    run();
  }
  void TearDown() override {
    kill(cache);
    kill(gis);
  }

  test::memory_pack_store store;
  fake_pack_cache evictions;
  test::fake_session session;
  test::gis_answers answers;
  std::vector<wire::CountCopies> questions;
  bool away = false;
  swarm::pack_id pack;
  test::fake_gis_actor gis;
  host_cache_actor cache;
};

TEST_F(CacheTendingTest, AnEvictedPackIsUnloaded) {
  evictions.listener({pack});
  run();
  EXPECT_THAT(session.unloaded, Contains(pack));
}

TEST_F(CacheTendingTest, CopiesAreCountedBeforeAnEviction) {
  ASSERT_TRUE(ask<wire::Ack>(cache, refresh_copies{}));
  ASSERT_EQ(questions.size(), 1u);
  EXPECT_EQ(questions[0].host(), "a");
  EXPECT_EQ(questions[0].packs(0), pack.raw());
  EXPECT_EQ(questions[0].run_pieces(0), swarm::run_piece_count(16384));
  ASSERT_EQ(evictions.told.size(), 1u);
  EXPECT_EQ(evictions.told[0], (swarm::cache_copies{3, topology::distance::same_cluster}));
}

TEST_F(CacheTendingTest, AnIndexThatIsAwayLeavesTheCountsAsTheyWere) {
  away = true;
  EXPECT_TRUE(ask<wire::Ack>(cache, refresh_copies{}));
  EXPECT_THAT(evictions.told, IsEmpty());
}

TEST_F(CacheTendingTest, WhatIsIdleIsLookedAtNowAndThen) {
  advance(30s, 250ms);
  EXPECT_GE(evictions.idle_rounds, 2);
  EXPECT_THAT(questions, IsEmpty()) << "a cache without a quota is never nearly full";
}

TEST_F(CacheTendingTest, ANearlyFullCacheHasCopiesCountedNowAndThen) {
  store.quota = 1000;
  store.held = 790;
  advance(90s, 250ms);
  EXPECT_THAT(questions, IsEmpty()) << "less than four fifths";
  store.held = 800;
  advance(150s, 250ms);
  EXPECT_GE(questions.size(), 2u);
  EXPECT_LE(questions.size(), 3u) << "once a minute";
}

TEST_F(CacheTendingTest, WhatTheFloorKeepsIsAskedAboutToo) {
  const auto kept = store.hold(test::random_bytes(16384, 2), 16384).id;
  const auto pinned = store.hold(test::random_bytes(16384, 3), 16384).id;
  ASSERT_TRUE(store.pin(pinned, "mount"));
  ASSERT_TRUE(ask<wire::Ack>(cache, refresh_copies{}));
  EXPECT_EQ(questions.back().packs_size(), 1) << "without a floor only what goes next";
  evictions.copies_floor = 1;
  ASSERT_TRUE(ask<wire::Ack>(cache, refresh_copies{}));
  ASSERT_EQ(questions.back().packs_size(), 2) << "what is pinned does not go anyway";
  EXPECT_EQ(questions.back().packs(0), pack.raw());
  EXPECT_EQ(questions.back().packs(1), kept.raw());
}

} // namespace
} // namespace shoal::actors
