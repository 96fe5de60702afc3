#include "actors/host_cache.hpp"
#include "tests/support/deterministic_system.hpp"
#include "tests/support/memory_pack_store.hpp"
#include "tests/unit/actors/fake_gis.hpp"
#include "tests/unit/actors/fake_session.hpp"
#include "tests/unit/actors/wire_fixtures.hpp"

#include <functional>
#include <gmock/gmock.h>
#include <set>

namespace shoal::actors {
namespace {

using namespace std::chrono_literals;
using test::fake_session;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct index_log {
  std::vector<wire::Announce> announced;
  bool away = false;
};

rack_index_actor::behavior_type fake_index(rack_index_actor::pointer, index_log* log) {
  return {[log](const wire::Announce& news) -> caf::result<wire::Ack> {
            if (log->away) return to_caf({errc::unreachable, "away"});
            log->announced.push_back(news);
            return wire::Ack{};
          },
          [](const wire::Lookup&) { return wire::Swarms{}; },
          [](const wire::EndFetch&) { return wire::Ack{}; },
          [](const wire::Download&) { return wire::DocumentPart{}; }};
}

/// A GIS that says of some packs that they were removed. While `slow`, answers wait for a tick.
struct checking_gis {
  std::set<swarm::pack_id> removed;
  std::set<swarm::pack_id> unknown;
  std::vector<wire::CheckPacks> asked;
  bool slow = false;
  bool away = false;
  std::vector<std::function<void()>> waiting;
  test::gis_answers answers{
      .check = [this](test::fake_gis_actor::pointer self,
                      const wire::CheckPacks& check) { return answer(self, check); },
      .on_tick =
          [this] {
            for (const auto& deliver : std::exchange(waiting, {})) deliver();
          }};

private:
  caf::result<wire::CheckedPacks> answer(test::fake_gis_actor::pointer self,
                                         const wire::CheckPacks& check) {
    asked.push_back(check);
    if (away) return to_caf({errc::unreachable, "away"});
    wire::CheckedPacks told;
    for (const auto& pack : check.packs()) {
      if (removed.contains(*swarm::pack_id::from_raw(pack))) told.add_removed(pack);
      if (unknown.contains(*swarm::pack_id::from_raw(pack))) told.add_unknown(pack);
    }
    if (!slow) return told;
    auto promise = self->make_response_promise<wire::CheckedPacks>();
    waiting.emplace_back([promise, told]() mutable { promise.deliver(told); });
    return promise;
  }
};

class HostCacheTest : public test::deterministic_system<> {
protected:
  void SetUp() override {
    pack = store.hold(test::random_bytes(4 * 16384, 1), 16384).id;
    caf::anon_send(cache, announce_to{index, gis_actor{}});
    run();
  }
  void TearDown() override {
    kill(cache);
    kill(index);
    kill(gis);
  }
  /// This host joins.
  void join() {
    caf::anon_send(cache, announce_to{index, gis});
    run();
  }
  /// The GIS answers what it was asked while it was slow.
  void answer() {
    caf::anon_send(gis, tick{});
    run();
  }
  [[nodiscard]] bool held() const { return store.descriptor(pack).has_value(); }
  swarm::piece_set pieces(std::initializer_list<std::uint32_t> numbers) {
    swarm::piece_set set{4};
    for (const auto number : numbers) set.insert(number);
    return set;
  }
  /// An actor that wants to be told.
  caf::actor subscriber() {
    return system.spawn([]() -> caf::behavior { return {[](const pieces_came&) {}}; });
  }

  test::memory_pack_store store;
  fake_session session;
  index_log log;
  checking_gis gis_says;
  swarm::pack_id pack;
  test::fake_gis_actor gis = system.spawn(test::fake_gis, &gis_says.answers);
  rack_index_actor index = system.spawn(fake_index, &log);
  host_cache_actor cache = system.spawn(host_cache, host_cache_config{"a", 3}, &store, &session);
};

TEST_F(HostCacheTest, HoldersFoundBesidesLeaveTheFetchersOfTheLatestView) {
  const auto peer = [](const std::string& host) {
    return swarm::swarm_peer{host, {"s", "c", "r"}, "127.0.0.1", 1, 0};
  };
  begin_fetch order{pack, swarm::piece_set{4, true}, {}, caf::actor_cast<caf::actor>(cache)};
  order.news.view.fetchers = {peer("a")};
  caf::anon_send(cache, order);
  const auto everybody = [&](swarm::swarm_view view) {
    swarm_news news;
    news.view = std::move(view);
    return new_view{pack, news};
  };
  caf::anon_send(cache, everybody({{peer("h")}, {peer("a"), peer("b")}, {}}));
  caf::anon_send(cache, more_holders{pack, {peer("b"), peer("x")}});
  run();
  EXPECT_EQ(session.seen.fetchers, (std::vector{peer("a"), peer("b")}));
  EXPECT_EQ(session.seen.holders, (std::vector{peer("h"), peer("x")}));
  caf::anon_send(cache, everybody({{peer("i")}, {peer("a")}, {}}));
  run();
  EXPECT_EQ(session.seen.holders, (std::vector{peer("i"), peer("b"), peer("x")}));
}

TEST_F(HostCacheTest, NewsThatOvertakeTheAnswerTheyFollowAreNotLost) {
  const auto peer = [](const std::string& host) {
    return swarm::swarm_peer{host, {"s", "c", "r"}, "127.0.0.1", 1, 0};
  };
  swarm_news later{.stamp = {7, 12}, .base = 10, .view = {{}, {peer("b")}, {}}, .same_holders = true};
  caf::anon_send(cache, new_view{pack, later});
  begin_fetch order{pack, swarm::piece_set{4, true}, {}, caf::actor_cast<caf::actor>(cache)};
  order.news = {.stamp = {7, 11}, .view = {{peer("h")}, {peer("a")}, {}}};
  caf::anon_send(cache, order);
  const auto stamps = ask<stamp_list>(cache, ask_stamps{{pack}});
  ASSERT_TRUE(stamps);
  EXPECT_EQ(stamps->stamps.at(0), (swarm_stamp{7, 12}));
  caf::anon_send(cache, more_holders{pack, {peer("x")}});
  run();
  EXPECT_EQ(session.seen.fetchers, (std::vector{peer("a"), peer("b")}));
  EXPECT_EQ(session.seen.holders, (std::vector{peer("h"), peer("x")}));
}

TEST_F(HostCacheTest, AnnouncesAllItHoldsToANewIndex) {
  ASSERT_EQ(log.announced.size(), 1u);
  EXPECT_TRUE(log.announced[0].complete());
  EXPECT_EQ(log.announced[0].session(), 3u);
  ASSERT_EQ(log.announced[0].holdings_size(), 1);
  EXPECT_TRUE(log.announced[0].holdings(0).all());
}

TEST_F(HostCacheTest, PiecesThatComeInABurstAreAnnouncedOnce) {
  for (std::uint32_t piece = 0; piece < 4; ++piece) caf::anon_send(cache, pieces_came{pack, {piece}});
  run();
  EXPECT_EQ(log.announced.size(), 1u);
  advance(300ms, 50ms);
  EXPECT_EQ(log.announced.size(), 2u);
}

TEST_F(HostCacheTest, WhatTheIndexDidNotTakeIsAnnouncedAgain) {
  log.away = true;
  caf::anon_send(cache, holdings_changed{{pack}});
  advance(600ms, 50ms);
  EXPECT_EQ(log.announced.size(), 1u);
  log.away = false;
  advance(300ms, 50ms);
  EXPECT_EQ(log.announced.size(), 2u);
}

TEST_F(HostCacheTest, TwoImagesThatNeedOnePackFetchWhatEitherNeeds) {
  const auto one = subscriber();
  const auto two = subscriber();
  ASSERT_TRUE(ask<wire::Ack>(cache, begin_fetch{pack, pieces({0, 1}), {}, one}));
  ASSERT_TRUE(ask<wire::Ack>(cache, begin_fetch{pack, pieces({1, 3}), {}, two}));
  EXPECT_EQ(session.fetching.at(pack), pieces({0, 1, 3}));
  caf::anon_send(cache, cease_fetch{pack, one});
  run();
  EXPECT_TRUE(session.fetching.contains(pack));
  caf::anon_send(cache, cease_fetch{pack, two});
  run();
  EXPECT_FALSE(session.fetching.contains(pack));
  kill(one);
  kill(two);
}

TEST_F(HostCacheTest, AFetchEndsWithWhoWantedIt) {
  const auto who = subscriber();
  ASSERT_TRUE(ask<wire::Ack>(cache, begin_fetch{pack, pieces({0}), {}, who}));
  kill(who);
  EXPECT_TRUE(session.fetching.empty());
}

TEST_F(HostCacheTest, AFetchInTheBackgroundIsLimitedUntilSomebodyWaitsForAnother) {
  const auto behind = subscriber();
  const auto waiting = subscriber();
  ASSERT_TRUE(ask<wire::Ack>(cache, begin_fetch{pack, pieces({0}), {}, behind, 1000}));
  EXPECT_THAT(session.limits, ElementsAre(1000u));
  ASSERT_TRUE(ask<wire::Ack>(cache, begin_fetch{pack, pieces({1}), {}, waiting}));
  EXPECT_THAT(session.limits, ElementsAre(1000u, 0u));
  kill(waiting);
  EXPECT_THAT(session.limits, ElementsAre(1000u, 0u, 1000u));
  caf::anon_send(cache, cease_fetch{pack, behind});
  run();
  EXPECT_THAT(session.limits, ElementsAre(1000u, 0u, 1000u, 0u));
  kill(behind);
}

TEST_F(HostCacheTest, ServingLoadsThePack) {
  EXPECT_TRUE(ask<wire::Ack>(cache, serve_packs{{pack}}));
  EXPECT_THAT(session.served, ElementsAre(pack));
}

TEST_F(HostCacheTest, AnIdlePackIsUnloadedAndABusyOneIsNot) {
  session.loaded = {{.pack = pack, .sent_bytes = 5}};
  advance(120s, 250ms);
  EXPECT_FALSE(session.unloaded.empty());
  session.unloaded.clear();
  for (int i = 0; i < 20; ++i) {
    session.loaded[0].sent_bytes += 10;
    advance(10s, 250ms);
  }
  EXPECT_THAT(session.unloaded, IsEmpty());
}

TEST_F(HostCacheTest, MembersMayConnectAndNobodyElse) {
  wire::Members members;
  *members.add_members()->mutable_peer() = test::peer("b");
  caf::anon_send(cache, members);
  run();
  ASSERT_EQ(session.members.size(), 1u);
  EXPECT_EQ(session.members[0].host, "b");
}

TEST_F(HostCacheTest, APackThatWasRemovedWhileThisHostWasAwayIsForgottenAndAnnouncedAsGone) {
  const auto other = store.hold(test::random_bytes(16384, 2), 16384).id;
  ASSERT_TRUE(store.pin(pack, swarm::publisher_pin));
  ASSERT_TRUE(store.pin(pack, swarm::publisher_pin));
  gis_says.removed = {pack};
  join();
  EXPECT_FALSE(held());
  EXPECT_TRUE(store.descriptor(other));
  EXPECT_THAT(session.unloaded, ElementsAre(pack));
  advance(300ms, 50ms);
  EXPECT_EQ(log.announced.back().dropped_packs_size(), 1);
  join();
  EXPECT_EQ(gis_says.asked.size(), 1u) << "the same GIS is not asked twice";
}

TEST_F(HostCacheTest, APackRemovedWhileThisHostIsHereGoesIfTheGisConfirms) {
  join();
  caf::anon_send(cache, forget_packs{{pack}});
  run();
  EXPECT_TRUE(held()) << "published again before the order came";
  gis_says.removed = {pack};
  caf::anon_send(cache, forget_packs{{pack}});
  run();
  EXPECT_FALSE(held());
}

TEST_F(HostCacheTest, AnOrderToForgetThatComesWithoutAGisWaitsForOne) {
  gis_says.removed = {pack};
  caf::anon_send(cache, forget_packs{{pack}});
  advance(20s, 250ms);
  EXPECT_TRUE(held());
  gis_says.away = true;
  join();
  EXPECT_TRUE(held());
  gis_says.away = false;
  advance(11s, 250ms);
  EXPECT_FALSE(held());
}

TEST_F(HostCacheTest, ARemovedPackInUseGoesWhenItIsNotAnyMore) {
  const auto who = subscriber();
  ASSERT_TRUE(ask<wire::Ack>(cache, begin_fetch{pack, pieces({0}), {}, who}));
  ASSERT_TRUE(store.pin(pack, swarm::publisher_pin));
  ASSERT_TRUE(store.pin(pack, "operator"));
  gis_says.removed = {pack};
  join();
  EXPECT_TRUE(held());
  EXPECT_THAT(session.unloaded, IsEmpty());
  kill(who);
  advance(11s, 250ms);
  EXPECT_TRUE(held());
  EXPECT_EQ(store.pins(pack).size(), 2u);
  ASSERT_TRUE(store.unpin(pack, "operator"));
  advance(11s, 250ms);
  EXPECT_FALSE(held());
}

TEST_F(HostCacheTest, ThePackOfAPublicationUnderWayIsKeptThoughItWasRemovedBefore) {
  ASSERT_TRUE(store.pin(pack, swarm::publisher_pin));
  ASSERT_TRUE(ask<wire::Ack>(cache, publication_begun{pack}));
  gis_says.removed = {pack};
  join();
  caf::anon_send(cache, forget_packs{{pack}});
  advance(30s, 250ms);
  EXPECT_TRUE(held());
  EXPECT_EQ(store.pins(pack).size(), 1u);
  gis_says.removed.clear();
  caf::anon_send(cache, publication_ended{pack});
  advance(30s, 250ms);
  EXPECT_TRUE(held());
}

TEST_F(HostCacheTest, AnAnswerOlderThanAPublicationDoesNotCount) {
  gis_says.removed = {pack};
  gis_says.slow = true;
  join();
  ASSERT_TRUE(ask<wire::Ack>(cache, publication_begun{pack}));
  gis_says.removed.clear();
  caf::anon_send(cache, publication_ended{pack});
  answer();
  advance(30s, 250ms);
  answer();
  EXPECT_TRUE(held());
}

TEST_F(HostCacheTest, AnAnswerOlderThanAFetchDoesNotCount) {
  gis_says.removed = {pack};
  gis_says.slow = true;
  join();
  const auto who = subscriber();
  ASSERT_TRUE(ask<wire::Ack>(cache, begin_fetch{pack, pieces({0}), {}, who}));
  kill(who);
  answer();
  EXPECT_TRUE(held());
}

TEST_F(HostCacheTest, ThePackOfAPublicationCutShortGoesWhenTheGisDoesNotKnowItTwice) {
  ASSERT_TRUE(store.pin(pack, swarm::unregistered_pin));
  gis_says.unknown = {pack};
  join();
  EXPECT_TRUE(held()) << "its registration may be on the way still";
  advance(11s, 250ms);
  EXPECT_FALSE(held());
}

TEST_F(HostCacheTest, ARegistrationWhoseAnswerWasLostCounts) {
  ASSERT_TRUE(store.pin(pack, swarm::unregistered_pin));
  gis_says.unknown = {pack};
  join();
  gis_says.unknown.clear();
  advance(30s, 250ms);
  EXPECT_TRUE(held());
  EXPECT_THAT(store.pins(pack), ElementsAre(swarm::publisher_pin));
}

TEST_F(HostCacheTest, AnUnknownPackThatWasRegisteredOnceIsKept) {
  ASSERT_TRUE(store.pin(pack, swarm::publisher_pin));
  gis_says.unknown = {pack};
  join();
  advance(30s, 250ms);
  EXPECT_TRUE(held()) << "it belongs to another catalogue";
}

TEST_F(HostCacheTest, AnUnknownPackIsKeptWhileItIsPublished) {
  ASSERT_TRUE(store.pin(pack, swarm::unregistered_pin));
  gis_says.unknown = {pack};
  ASSERT_TRUE(ask<wire::Ack>(cache, publication_begun{pack}));
  join();
  advance(60s, 250ms);
  EXPECT_TRUE(held());
  EXPECT_THAT(store.pins(pack), ElementsAre(swarm::unregistered_pin));
}

} // namespace
} // namespace shoal::actors
