#include "topology/hash_ring.hpp"

#include "tests/unit/topology/index_stage.hpp"

#include <gtest/gtest.h>

namespace shoal::topology {
namespace {

std::vector<host_number> owners(const hash_ring& ring) {
  std::vector<host_number> found;
  for (std::uint32_t run = 0; run < 20'000; ++run)
    found.push_back(ring.owner(hash_ring::key_of(numbered_key(run % 50), run / 50)));
  return found;
}

TEST(HashRingTest, AnEmptyRingHasNoOwnerAndOneHostOwnsAll) {
  hash_ring ring;
  EXPECT_EQ(ring.owner(5), nobody);
  ring.join(3);
  EXPECT_EQ(ring.owner(0), 3u);
  EXPECT_EQ(ring.owner(~std::uint64_t{0}), 3u);
  ring.join(3);
  EXPECT_EQ(ring.size(), 1u);
  ring.leave(3);
  EXPECT_EQ(ring.owner(5), nobody);
}

TEST(HashRingTest, SharesAreAboutEqual) {
  hash_ring ring{256};
  std::vector<host_number> hosts(16);
  for (host_number host = 0; host < 16; ++host)
    hosts[host] = host;
  ring.join(hosts);
  std::vector<int> shares(16);
  for (const auto owner : owners(ring))
    ++shares[owner];
  for (const auto share : shares) {
    EXPECT_GT(share, 20'000 / 16 * 3 / 4);
    EXPECT_LT(share, 20'000 / 16 * 5 / 4);
  }
}

TEST(HashRingTest, JoiningAndLeavingMoveOnlyTheirOwnShare) {
  hash_ring ring;
  for (host_number host = 0; host < 32; ++host)
    ring.join(host);
  const auto before = owners(ring);
  ring.join(99);
  const auto joined = owners(ring);
  int moved = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i] == joined[i]) continue;
    EXPECT_EQ(joined[i], 99u);
    ++moved;
  }
  EXPECT_LT(moved, 20'000 / 33 * 3 / 2);
  EXPECT_GT(moved, 20'000 / 33 / 2);
  ring.leave(99);
  EXPECT_EQ(owners(ring), before);
}

TEST(HashRingTest, AChangedRingRepublishesOnlyWhatMoved) {
  index_stage stage{index_scheme::flat, network::regular({1, 1, 2, 8})};
  stage.hold(0, all_pieces(numbered_key(1), 640));
  const auto told = stage.counters.of(publish_kinds).messages;
  const auto before = stage.ring;
  // Host 5 dies: its share is lost until the holder has told the new owners.
  stage.ring.leave(5);
  stage.nodes.erase({network_level::host, 5});
  for (auto& [host, client] : stage.clients)
    client->ring_changed(before, stage.now, stage.out);
  stage.run();
  EXPECT_GT(stage.counters.of(publish_kinds).messages, told);
  EXPECT_LE(stage.counters.of(publish_kinds).messages, told + 15);
  const auto result = stage.ask(9, {all_pieces(numbered_key(1), 640)}, {.fetching = false});
  piece_words found(10);
  for (const auto& holder : result.answers.at(0).holders) {
    for (std::size_t i = 0; i < 10; ++i)
      found[i] |= holder.all ? ~std::uint64_t{0} : holder.words[i];
  }
  EXPECT_EQ(found, piece_words(10, ~std::uint64_t{0}));
}

} // namespace
} // namespace shoal::topology
