#include "tools/simulator/data_centre/holder_groups.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace shoal::simulator {
namespace {

TEST(HolderGroupsTest, EveryPieceIsInOneGroupWithExactlyItsHolders) {
  std::mt19937_64 random{1};
  for (int round = 0; round < 50; ++round) {
    std::vector<image_part> wanted;
    for (std::uint32_t part = 0; part < 3; ++part)
      wanted.push_back({part + 7, {random(), random()}});
    std::vector<found_holder> found;
    for (std::uint32_t i = 0; i < 12; ++i) {
      const auto part = static_cast<std::uint32_t>(random() % 3);
      const auto host = static_cast<std::uint32_t>(i * 5 % 12);
      auto pieces = wanted[part].pieces;
      if (random() % 2 == 0) pieces = {pieces[0] & random(), pieces[1] & random()};
      found.push_back({host, part, pieces});
    }
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::vector<std::uint32_t>> holders;
    for (const auto& group : group_by_holders(wanted, found)) {
      EXPECT_TRUE(std::is_sorted(group.hosts.begin(), group.hosts.end()));
      for_each_piece(group.pieces, [&](std::uint32_t piece) {
        EXPECT_TRUE(holders.emplace(std::pair{group.pack, piece}, group.hosts).second);
      });
    }
    for (std::uint32_t part = 0; part < 3; ++part) {
      for_each_piece(wanted[part].pieces, [&](std::uint32_t piece) {
        std::vector<std::uint32_t> expected;
        for (std::uint32_t host = 0; host < 12; ++host) {
          for (const auto& one : found) {
            if (one.host == host && one.part == part && (one.pieces[piece / 64] >> piece % 64 & 1))
              expected.push_back(host);
          }
        }
        EXPECT_EQ(holders.at({part + 7, piece}), expected);
      });
    }
  }
}

} // namespace
} // namespace shoal::simulator
