#include "actors/swarm_index.hpp"
#include "tests/unit/actors/wire_fixtures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace shoal::actors {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using test::holders;
using test::holds;
using test::lookup;
using test::pack;
using test::peer;

class SwarmIndexTest : public ::testing::Test {
protected:
  void SetUp() override {
    for (const auto& known : {peer("near"), peer("far", "r2"), peer("abroad", "r1", "t")}) {
      index.learn(known);
    }
  }
  wire::Swarms answer(const std::string& rack = "r1") {
    return index.answer(peer("asker", rack), {pack(1).bytes});
  }
  swarm_index index;
};

TEST_F(SwarmIndexTest, AHolderInTheRackKeepsTheOthersOut) {
  for (const auto* host : {"near", "far", "abroad"}) ASSERT_TRUE(index.announce(holds(host, pack(1))));
  EXPECT_THAT(holders(answer()), ElementsAre("near"));
}

TEST_F(SwarmIndexTest, NoBorderOfASiteIsCrossedWhileTheSiteHasThePack) {
  for (const auto* host : {"far", "abroad"}) ASSERT_TRUE(index.announce(holds(host, pack(1))));
  EXPECT_THAT(holders(answer()), ElementsAre("far"));
}

TEST_F(SwarmIndexTest, APartialHolderIsNamedBesideACompleteOneFurtherAway) {
  ASSERT_TRUE(index.announce(holds("near", pack(1), 1, std::string(1, '\x0f'))));
  ASSERT_TRUE(index.announce(holds("far", pack(1))));
  EXPECT_THAT(holders(answer()), ElementsAre("near", "far"));
}

TEST_F(SwarmIndexTest, WhoFetchesIsNamedAsAFetcherOnly) {
  ASSERT_TRUE(index.announce(holds("near", pack(1), 1, std::string(1, '\x01'))));
  ASSERT_TRUE(index.begin_fetch(lookup(peer("near"), pack(1), true)));
  EXPECT_THAT(holders(answer()), IsEmpty());
  EXPECT_THAT(test::fetchers(answer()), ElementsAre("near"));
}

TEST_F(SwarmIndexTest, WhoFetchedEverythingIsAHolderWhereNobodyElseHasItAll) {
  for (const auto* host : {"near", "far"}) ASSERT_TRUE(index.announce(holds(host, pack(1))));
  ASSERT_TRUE(index.begin_fetch(lookup(peer("near"), pack(1), true)));
  EXPECT_THAT(holders(answer()), ElementsAre("far"));
  static_cast<void>(index.retire("far"));
  EXPECT_THAT(holders(answer()), ElementsAre("near"));
  EXPECT_THAT(test::fetchers(answer()), ElementsAre("near"));
}

TEST_F(SwarmIndexTest, WhoLeftIsNamedNoMore) {
  ASSERT_TRUE(index.announce(holds("near", pack(1))));
  wire::Members members;
  *members.add_members()->mutable_peer() = peer("far", "r2");
  index.follow(members);
  EXPECT_THAT(holders(answer()), IsEmpty());
}

TEST_F(SwarmIndexTest, MalformedIdsAreRefused) {
  auto broken = holds("near", pack(1));
  broken.mutable_holdings(0)->set_pack("short");
  EXPECT_EQ(index.announce(broken).error().code, errc::invalid_argument);
  auto asked = lookup(peer("asker"), pack(1), true);
  asked.add_packs("short");
  EXPECT_EQ(index.begin_fetch(asked).error().code, errc::invalid_argument);
}

TEST_F(SwarmIndexTest, OrdersToServeAreGatheredByHolder) {
  ASSERT_TRUE(index.announce(holds("near", pack(1))));
  ASSERT_TRUE(index.announce(holds("near", pack(2))));
  const auto orders = orders_for(index.answer(peer("asker"), {pack(1).bytes, pack(2).bytes}));
  ASSERT_EQ(orders.size(), 1u);
  EXPECT_EQ(orders.at("near").packs_size(), 2);
}

} // namespace
} // namespace shoal::actors
