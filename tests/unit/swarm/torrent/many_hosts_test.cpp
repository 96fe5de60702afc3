// Several hosts at once: who brings what to whom, and what happens when one dies, comes late or
// lies.
#include "tests/unit/swarm/torrent/swarm_fixture.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace shoal::test {
namespace {

using swarm::default_piece_bytes;

constexpr std::uint64_t one_mib = 1024 * 1024;

std::uint64_t received_from(const test_host& who, const std::vector<test_host*>& from) {
  std::uint64_t sum = 0;
  for (const auto& transfer : who.session->transfers()) {
    for (const auto& [host, bytes] : transfer.received_from) {
      for (const auto* one : from)
        sum += one->name == host ? bytes : 0;
    }
  }
  return sum;
}

class SwarmTest : public SwarmFixture {
protected:
  /// A holder and fetchers in two racks, `left` and `right` of them; all told of all.
  void two_racks(std::size_t left, std::size_t right) {
    holder = &host("r0");
    for (std::size_t i = 0; i < left; ++i)
      rack1.push_back(&host("r1"));
    for (std::size_t i = 0; i < right; ++i)
      rack2.push_back(&host("r2"));
    everybody = rack1;
    everybody.insert(everybody.end(), rack2.begin(), rack2.end());
  }
  void publish(std::uint64_t length, std::uint32_t piece_bytes = default_piece_bytes) {
    bytes = random_bytes(length, 11);
    pack = holder->store.hold(bytes, piece_bytes);
    ASSERT_TRUE(holder->session->serve(pack.id).ok());
  }
  void everybody_fetches() {
    for (auto* one : everybody)
      fetch_all(*one, pack, view({holder}, everybody));
  }
  void expect_complete(const std::vector<test_host*>& hosts) {
    for (auto* one : hosts) {
      ASSERT_TRUE(one->events.wait_fetched()) << one->name;
      EXPECT_EQ(one->store.bytes(pack.id), bytes) << one->name;
    }
  }

  test_host* holder = nullptr;
  std::vector<test_host*> rack1, rack2, everybody;
  std::vector<std::byte> bytes;
  swarm::pack_descriptor pack;
};

TEST_F(SwarmTest, EachPieceLeavesTheHolderOnceAndCrossesEachRackBorderOnce) {
  two_racks(3, 2);
  publish(16 * one_mib);
  everybody_fetches();
  expect_complete(everybody);
  EXPECT_LE(holder->sent_bytes(), 16 * one_mib * 115 / 100);
  for (const auto* rack : {&rack1, &rack2}) {
    std::vector<test_host*> outside{holder};
    for (auto* one : everybody) {
      if (one->where != rack->front()->where) outside.push_back(one);
    }
    const auto crossed =
        std::accumulate(rack->begin(), rack->end(), std::uint64_t{0},
                        [&](auto sum, auto* one) { return sum + received_from(*one, outside); });
    EXPECT_GE(crossed, 16 * one_mib);
    EXPECT_LE(crossed, 16 * one_mib * 115 / 100);
  }
}

TEST_F(SwarmTest, AFetcherThatDiesDoesNotHoldUpTheOthers) {
  two_racks(3, 2);
  publish(32 * one_mib, 64 * 1024);
  everybody_fetches();
  auto* victim = rack1[1];
  ASSERT_TRUE(victim->events.wait([&] { return victim->events.piece_count > 20; }));
  victim->session.reset();
  const auto died = std::chrono::steady_clock::now();
  std::erase(everybody, victim);
  expect_complete(everybody);
  for (auto* one : everybody) {
    EXPECT_LT(one->events.finished_at - died, std::chrono::seconds{10}) << one->name;
  }
}

TEST_F(SwarmTest, AFetcherNobodyReachesDoesNotHoldUpTheOthers) {
  two_racks(2, 2);
  publish(8 * one_mib);
  // Listed by the index, but it never comes.
  auto& ghost = host("r1");
  auto listed = everybody;
  listed.push_back(&ghost);
  for (auto* one : everybody)
    fetch_all(*one, pack, view({holder}, listed));
  expect_complete(everybody);
}

TEST_F(SwarmTest, ALateComerGetsWhatTheOthersHaveFromThem) {
  two_racks(2, 0);
  publish(16 * one_mib);
  auto& late = host("r1");
  everybody_fetches();
  expect_complete(everybody);
  // The index lists those who finished as holders.
  fetch_all(late, pack, view({holder, rack1[0], rack1[1]}, {&late}));
  expect_complete({&late});
  EXPECT_EQ(received_from(late, {holder}), 0u);
}

TEST_F(SwarmTest, AFetcherThatJoinsInTheMiddleSharesWithThoseWhoDoNotKnowItYet) {
  two_racks(2, 0);
  publish(32 * one_mib, 64 * 1024);
  auto& late = host("r1");
  everybody_fetches();
  ASSERT_TRUE(rack1[0]->events.wait([&] { return rack1[0]->events.piece_count > 20; }));
  auto all = everybody;
  all.push_back(&late);
  fetch_all(late, pack, view({holder}, all));
  expect_complete(all);
  EXPECT_GT(received_from(late, rack1), 0u);
}

TEST_F(SwarmTest, AFetcherGoesOnServingTheOthersAfterItFinished) {
  two_racks(2, 0);
  publish(4 * one_mib);
  swarm::piece_set half{pack.piece_count()};
  for (std::uint32_t piece = 0; piece < pack.piece_count() / 2; ++piece)
    half.insert(piece);
  ASSERT_TRUE(rack1[0]->store.add(pack).ok());
  ASSERT_TRUE(rack1[0]->session->fetch(pack.id, half, view({holder}, {rack1[0]})).ok());
  ASSERT_TRUE(rack1[0]->events.wait_fetched());
  fetch_all(*rack1[1], pack, view({holder, rack1[0]}, {rack1[1]}));
  expect_complete({rack1[1]});
  EXPECT_EQ(received_from(*rack1[1], {rack1[0]}), 2 * one_mib);
}

TEST_F(SwarmTest, APieceTheStoreGotFromElsewhereReachesTheOthers) {
  two_racks(2, 0);
  bytes = random_bytes(4 * one_mib, 12);
  pack = describe(bytes, default_piece_bytes);
  // Nobody holds anything when the fetch begins.
  for (auto* one : everybody)
    fetch_all(*one, pack, view({}, everybody));
  for (std::uint32_t piece = 0; piece < pack.piece_count(); ++piece) {
    const auto from =
        std::span{bytes}.subspan(std::size_t{piece} * pack.piece_bytes, pack.piece_length(piece));
    ASSERT_TRUE(everybody[piece % 2]->store.put_piece(pack.id, piece, from).ok());
  }
  expect_complete(everybody);
}

TEST_F(SwarmTest, UnloadedPacksAreNotServed) {
  two_racks(1, 0);
  publish(one_mib);
  holder->session->unload(pack.id);
  everybody_fetches();
  EXPECT_FALSE(rack1[0]->events.wait_fetched(1, std::chrono::seconds{1}));
  EXPECT_TRUE(holder->session->transfers().empty());
}

} // namespace
} // namespace shoal::test
