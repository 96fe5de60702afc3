#include "topology/peer_choice.hpp"

#include <gtest/gtest.h>

#include <map>

namespace shoal::topology {
namespace {

const place here{"s", "c", "r"};
const place same_cluster{"s", "c", "r2"};
const place same_site{"s", "c2", "r3"};
const place elsewhere{"s2", "c", "r"};

std::vector<std::string> named(const std::vector<peer_candidate>& candidates, std::size_t limit = 9,
                               const std::string& asker = "asker") {
  std::vector<std::string> names;
  for (const auto& chosen : choose_holders(candidates, asker, here, limit)) {
    names.push_back(chosen.host);
  }
  return names;
}

using names = std::vector<std::string>;

TEST(PeerChoiceTest, NamesNobodyWhenNobodyHoldsAnything) { EXPECT_TRUE(named({}).empty()); }

TEST(PeerChoiceTest, NamesTheNearestFirst) {
  EXPECT_EQ(named({{"far", elsewhere}, {"site", same_site}, {"rack", here}, {"row", same_cluster}}),
            (names{"rack", "row", "site", "far"}));
}

TEST(PeerChoiceTest, StaysInTheRackWhenSomebodyThereHoldsEverything) {
  EXPECT_EQ(named({{"far", elsewhere, true},
                   {"some", here},
                   {"whole", here, true},
                   {"row", same_cluster, true}}),
            (names{"whole", "some"}));
}

TEST(PeerChoiceTest, GoesNoFurtherThanTheNearestThatHoldsEverything) {
  const std::vector<peer_candidate> candidates{
      {"far", elsewhere, true}, {"rack", here}, {"row", same_cluster}, {"site", same_site, true}};
  EXPECT_EQ(named(candidates), (names{"rack", "row", "site"}));
}

TEST(PeerChoiceTest, CrossesEveryBorderWhenNobodyHoldsEverything) {
  EXPECT_EQ(named({{"far", elsewhere}, {"rack", here}}), (names{"rack", "far"}));
  EXPECT_EQ(named({{"far", elsewhere, true}, {"rack", here}}), (names{"rack", "far"}));
}

TEST(PeerChoiceTest, NamesWholeHoldersBeforePartialOnesOfTheSameRack) {
  EXPECT_EQ(named({{"a", elsewhere}, {"b", elsewhere, true}, {"c", elsewhere}}, 1), (names{"b"}));
}

TEST(PeerChoiceTest, KeepsToItsLimit) {
  const std::vector<peer_candidate> candidates{{"a", here}, {"b", here}, {"c", elsewhere}};
  EXPECT_EQ(named(candidates, 2).size(), 2u);
  EXPECT_EQ(named(candidates, 0).size(), 0u);
}

TEST(PeerChoiceTest, AnswersOneAskerTheSameWhateverTheOrder) {
  EXPECT_EQ(named({{"a", here}, {"b", here}, {"c", here}}),
            named({{"c", here}, {"a", here}, {"b", here}}));
}

TEST(PeerChoiceTest, SpreadsABurstOfAskersOverEqualHolders) {
  std::vector<peer_candidate> holders;
  for (int i = 0; i < 8; ++i)
    holders.push_back({"holder" + std::to_string(i), here, true});
  constexpr int askers = 800;
  std::map<std::string, int> first;
  for (int i = 0; i < askers; ++i)
    ++first[named(holders, 1, "asker" + std::to_string(i)).front()];
  EXPECT_EQ(first.size(), holders.size());
  // A fair share is 100. Nobody gets half of it too many.
  for (const auto& [host, count] : first)
    EXPECT_LT(count, 150) << host;
}

} // namespace
} // namespace shoal::topology
