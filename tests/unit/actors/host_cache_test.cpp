#include "actors/host_cache.hpp"
#include "tests/support/deterministic_system.hpp"
#include "tests/support/memory_pack_store.hpp"
#include "tests/unit/actors/wire_fixtures.hpp"

#include <gmock/gmock.h>

namespace shoal::actors {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A transfer engine that writes down its orders.
class fake_session final : public swarm::swarm_session {
public:
  [[nodiscard]] std::uint16_t port() const override { return 1; }
  [[nodiscard]] std::uint16_t tls_port() const override { return 0; }
  std::vector<std::string> set_members(std::vector<swarm::swarm_peer> all) override {
    members = std::move(all);
    return {};
  }
  result<void> serve(swarm::pack_id pack) override {
    served.push_back(pack);
    return {};
  }
  result<void> fetch(swarm::pack_id pack, swarm::piece_set wanted, swarm::swarm_view) override {
    fetching[pack] = std::move(wanted);
    return {};
  }
  void update(swarm::pack_id, swarm::swarm_view) override { ++updates; }
  void stop_fetching(swarm::pack_id pack) override { fetching.erase(pack); }
  void unload(swarm::pack_id pack) override { unloaded.push_back(pack); }
  [[nodiscard]] std::vector<swarm::transfer_status> transfers() const override { return loaded; }

  std::vector<swarm::swarm_peer> members;
  std::vector<swarm::pack_id> served;
  std::map<swarm::pack_id, swarm::piece_set> fetching;
  std::vector<swarm::pack_id> unloaded;
  std::vector<swarm::transfer_status> loaded;
  int updates = 0;
};

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
  }
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
  swarm::pack_id pack;
  rack_index_actor index = system.spawn(fake_index, &log);
  host_cache_actor cache = system.spawn(host_cache, host_cache_config{"a", 3}, &store, &session);
};

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

TEST_F(HostCacheTest, ADroppedPackIsAnnouncedAsGone) {
  caf::anon_send(cache, forget_packs{{pack}});
  advance(300ms, 50ms);
  ASSERT_EQ(log.announced.size(), 2u);
  EXPECT_EQ(log.announced[1].dropped_packs_size(), 1);
}

} // namespace
} // namespace shoal::actors
