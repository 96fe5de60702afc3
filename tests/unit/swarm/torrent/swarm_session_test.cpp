#include "tests/unit/swarm/torrent/swarm_fixture.hpp"

#include <gtest/gtest.h>

namespace shoal::test {
namespace {

using swarm::default_piece_bytes;

constexpr std::uint64_t one_mib = 1024 * 1024;

class SwarmSessionTest : public SwarmFixture {};

struct pack_shape {
  std::uint64_t length_bytes;
  std::uint32_t piece_bytes;
};

class EveryShape : public SwarmFixture, public ::testing::WithParamInterface<pack_shape> {};

TEST_P(EveryShape, ArrivesWhole) {
  auto& holder = host("r1");
  auto& fetcher = host("r1");
  const auto bytes = random_bytes(GetParam().length_bytes, 1);
  const auto pack = holder.store.hold(bytes, GetParam().piece_bytes);
  ASSERT_TRUE(holder.session->serve(pack.id).ok());
  fetch_all(fetcher, pack, view({&holder}, {&fetcher}));
  ASSERT_TRUE(fetcher.events.wait_fetched());
  EXPECT_EQ(fetcher.store.bytes(pack.id), bytes);
  EXPECT_EQ(fetcher.events.piece_count, pack.piece_count());
  EXPECT_TRUE(fetcher.events.corruptions.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Packs, EveryShape,
    ::testing::Values(pack_shape{1, 256 * 1024}, pack_shape{100, 64 * 1024},
                      pack_shape{16 * 1024 - 1, 256 * 1024}, pack_shape{16 * 1024, 256 * 1024},
                      pack_shape{16 * 1024 + 1, 256 * 1024}, pack_shape{100'000, 128 * 1024},
                      pack_shape{256 * 1024, 256 * 1024}, pack_shape{256 * 1024 + 1, 256 * 1024},
                      pack_shape{128 * 1024 + 1, 128 * 1024}, pack_shape{64 * 1024 + 1, 64 * 1024},
                      pack_shape{3 * one_mib + 12'345, 64 * 1024},
                      pack_shape{16 * one_mib, 128 * 1024}, pack_shape{16 * one_mib, 256 * 1024},
                      pack_shape{16 * one_mib - 1, 256 * 1024}));

TEST_F(SwarmSessionTest, StartsAFetchWithinATenthOfASecond) {
  auto& holder = host("r1");
  auto& fetcher = host("r1");
  const auto pack = holder.store.hold(random_bytes(one_mib, 2), default_piece_bytes);
  ASSERT_TRUE(holder.session->serve(pack.id).ok());
  const auto begun = std::chrono::steady_clock::now();
  fetch_all(fetcher, pack, view({&holder}, {&fetcher}));
  ASSERT_TRUE(fetcher.events.wait_fetched());
  // Dialling at libtorrent's own one-second tick would take half a second on average.
  EXPECT_LT(fetcher.events.finished_at - begun, std::chrono::milliseconds{300});
}

TEST_F(SwarmSessionTest, FetchesOnlyTheWantedPieces) {
  auto& holder = host("r1");
  auto& fetcher = host("r1");
  const auto pack = holder.store.hold(random_bytes(8 * one_mib, 3), default_piece_bytes);
  ASSERT_TRUE(holder.session->serve(pack.id).ok());
  ASSERT_TRUE(fetcher.store.add(pack).ok());
  swarm::piece_set wanted{pack.piece_count()};
  wanted.insert(3);
  wanted.insert(17);
  wanted.insert(31);
  ASSERT_TRUE(fetcher.session->fetch(pack.id, wanted, view({&holder}, {&fetcher})).ok());
  ASSERT_TRUE(fetcher.events.wait_fetched());
  EXPECT_EQ(fetcher.store.have(pack.id), wanted);
  EXPECT_EQ(holder.sent_bytes_after(3 * default_piece_bytes), 3 * default_piece_bytes);
}

TEST_F(SwarmSessionTest, GathersAPackFromHoldersOfParts) {
  auto& first = host("r1");
  auto& second = host("r2");
  auto& fetcher = host("r1");
  const auto bytes = random_bytes(4 * one_mib, 4);
  const auto pack = first.store.hold(bytes, default_piece_bytes);
  second.store.hold(bytes, default_piece_bytes);
  for (std::uint32_t piece = 0; piece < pack.piece_count(); ++piece) {
    (piece % 2 == 0 ? first : second).store.lose(pack.id, piece);
  }
  ASSERT_TRUE(first.session->serve(pack.id).ok());
  ASSERT_TRUE(second.session->serve(pack.id).ok());
  fetch_all(fetcher, pack, view({&first, &second}, {&fetcher}));
  ASSERT_TRUE(fetcher.events.wait_fetched());
  EXPECT_EQ(fetcher.store.bytes(pack.id), bytes);
}

TEST_F(SwarmSessionTest, PrefersTheHolderInItsOwnRack) {
  auto& near = host("r1");
  auto& far = host("r2");
  auto& fetcher = host("r1");
  const auto bytes = random_bytes(4 * one_mib, 5);
  const auto pack = near.store.hold(bytes, default_piece_bytes);
  far.store.hold(bytes, default_piece_bytes);
  ASSERT_TRUE(near.session->serve(pack.id).ok());
  ASSERT_TRUE(far.session->serve(pack.id).ok());
  fetch_all(fetcher, pack, view({&far, &near}, {&fetcher}));
  ASSERT_TRUE(fetcher.events.wait_fetched());
  EXPECT_EQ(far.sent_bytes(), 0u);
}

class SlowNearHolder : public SwarmFixture {
protected:
  /// @returns what the farther holder sent of a pack of 48 MiB while the near one sent 6 MiB a second.
  std::uint64_t far_sent_under(topology::source_policy policy) {
    swarm::swarm_session_config slow, chooses;
    slow.upload_bytes_per_second_max = 6 * one_mib;
    chooses.source_policy = policy;
    auto& near = host(topology::place{"site", "cluster", "r1"}, slow);
    auto& far = host("r2");
    auto& fetcher = host(topology::place{"site", "cluster", "r1"}, chooses);
    const auto bytes = random_bytes(48 * one_mib, 5);
    const auto pack = near.store.hold(bytes, default_piece_bytes);
    far.store.hold(bytes, default_piece_bytes);
    EXPECT_TRUE(near.session->serve(pack.id).ok());
    EXPECT_TRUE(far.session->serve(pack.id).ok());
    fetch_all(fetcher, pack, view({&far, &near}, {&fetcher}));
    EXPECT_TRUE(fetcher.events.wait_fetched());
    EXPECT_EQ(fetcher.store.bytes(pack.id), bytes);
    return far.sent_bytes();
  }
};

TEST_F(SlowNearHolder, IsHelpedByAFartherOneWhereTheEarliestFinishCounts) {
  EXPECT_GT(far_sent_under(topology::source_policy::earliest_finish), 16 * one_mib);
}

TEST_F(SlowNearHolder, IsLeftAloneWhereTheNearestComesFirst) {
  EXPECT_EQ(far_sent_under(topology::source_policy::nearest_first), 0u);
}

TEST_F(SwarmSessionTest, WhoFinishedAloneIsMetByThoseToWhomItCountsAsAFetcher) {
  auto& holder = host("r1");
  auto& first = host("r1");
  auto& second = host("r1");
  auto& elsewhere = host("r2");
  const auto bytes = random_bytes(4 * one_mib, 7);
  const auto pack = holder.store.hold(bytes, default_piece_bytes);
  ASSERT_TRUE(holder.session->serve(pack.id).ok());
  fetch_all(first, pack, view({&holder}, {&first}));
  ASSERT_TRUE(first.events.wait_fetched());
  holder.session.reset();
  const auto latecomers = view({}, {&first, &second, &elsewhere});
  fetch_all(second, pack, latecomers);
  fetch_all(elsewhere, pack, latecomers);
  ASSERT_TRUE(second.events.wait_fetched());
  ASSERT_TRUE(elsewhere.events.wait_fetched());
  EXPECT_EQ(second.store.bytes(pack.id), bytes);
  EXPECT_EQ(elsewhere.store.bytes(pack.id), bytes);
}

TEST_F(SwarmSessionTest, ResumesWithWhatTheStoreHoldsAfterARestart) {
  auto& holder = host("r1");
  auto& fetcher = host("r1");
  const auto pack = holder.store.hold(random_bytes(4 * one_mib, 6), default_piece_bytes);
  ASSERT_TRUE(holder.session->serve(pack.id).ok());
  ASSERT_TRUE(fetcher.store.add(pack).ok());
  swarm::piece_set half{pack.piece_count()};
  for (std::uint32_t piece = 0; piece < 8; ++piece)
    half.insert(piece);
  ASSERT_TRUE(fetcher.session->fetch(pack.id, half, view({&holder}, {&fetcher})).ok());
  ASSERT_TRUE(fetcher.events.wait_fetched());

  fetcher.session.reset();
  fetcher.start();
  tell_members();
  fetch_all(fetcher, pack, view({&holder}, {&fetcher}));
  ASSERT_TRUE(fetcher.events.wait_fetched(2));
  EXPECT_TRUE(fetcher.store.have(pack.id).full());
  EXPECT_EQ(holder.sent_bytes_after(4 * one_mib), 4 * one_mib);
}

TEST_F(SwarmSessionTest, TellsWhenTheStoreIsFullAndStopsAsking) {
  auto& holder = host("r1");
  auto& fetcher = host("r1");
  const auto pack = holder.store.hold(random_bytes(8 * one_mib, 7), default_piece_bytes);
  ASSERT_TRUE(holder.session->serve(pack.id).ok());
  fetcher.store.pieces_until_full = 5;
  fetch_all(fetcher, pack, view({&holder}, {&fetcher}));
  ASSERT_TRUE(fetcher.events.wait([&] { return !fetcher.events.failures.empty(); }));
  EXPECT_EQ(fetcher.events.failures.at(0).code, errc::no_space);
  EXPECT_EQ(fetcher.events.fetched, 0u);
  EXPECT_EQ(fetcher.store.have(pack.id).count(), 5u);
  // With room again, the same fetch goes on.
  fetcher.store.pieces_until_full = 1000;
  fetch_all(fetcher, pack, view({&holder}, {&fetcher}));
  ASSERT_TRUE(fetcher.events.wait_fetched());
  EXPECT_TRUE(fetcher.store.have(pack.id).full());
}

TEST_F(SwarmSessionTest, WaitsForAHolderThatLoadsThePackLater) {
  auto& holder = host("r1");
  auto& fetcher = host("r1");
  const auto pack = holder.store.hold(random_bytes(one_mib, 8), default_piece_bytes);
  fetch_all(fetcher, pack, view({&holder}, {&fetcher}));
  EXPECT_FALSE(fetcher.events.wait_fetched(1, std::chrono::seconds{1}));
  const auto served = std::chrono::steady_clock::now();
  ASSERT_TRUE(holder.session->serve(pack.id).ok());
  ASSERT_TRUE(fetcher.events.wait_fetched());
  EXPECT_LT(fetcher.events.finished_at - served, std::chrono::milliseconds{700});
}

TEST_F(SwarmSessionTest, RefusesAPackTheStoreDoesNotKnow) {
  auto& lonely = host("r1");
  EXPECT_EQ(lonely.session->serve(swarm::pack_id{}).error().code, errc::not_found);
}

TEST_F(SwarmSessionTest, ReportsATakenPort) {
  auto& first = host("r1");
  swarm::swarm_session_config config;
  config.self = {"second", {"site", "cluster", "r1"}};
  config.listen_address = first.address;
  config.listen_port = first.session->port();
  const auto second = swarm::swarm_session::start(config, first.store, first.events);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, errc::conflict);
}

} // namespace
} // namespace shoal::test
