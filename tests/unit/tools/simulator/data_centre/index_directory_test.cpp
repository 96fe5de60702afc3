#include "tools/simulator/data_centre/index_directory.hpp"

#include "tests/unit/tools/simulator/data_centre/small_load.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace shoal::simulator {
namespace {

using topology::index_scheme;

using holders_of_piece =
    std::map<std::tuple<std::uint32_t, std::uint32_t>, std::set<std::uint32_t>>;

holders_of_piece by_piece(const std::vector<found_holder>& found) {
  holders_of_piece out;
  for (const auto& one : found) {
    for_each_piece(one.pieces, [&](std::uint32_t piece) {
      out[{one.part, piece}].insert(one.host);
    });
  }
  return out;
}

/// Asks an index and the truth the same, and notes where they differ.
class compared_directory : public directory {
public:
  compared_directory(index_scheme which, const tree_shape& shape, const data_centre_load& load)
      : exact_{which != index_scheme::flat}, truth_{shape, load}, index_{which, shape, load} {}

  void publish(std::uint32_t host, std::span<const holding_change> changes) override {
    truth_.publish(host, changes);
    index_.publish(host, changes);
  }
  void find(std::uint32_t host, std::span<const image_part> wanted, lookup_reach reach,
            std::vector<found_holder>& found) override {
    std::vector<found_holder> told;
    truth_.find(host, wanted, reach, found);
    index_.find(host, wanted, reach, told);
    const auto expected = by_piece(found);
    auto answered = by_piece(told);
    ++lookups;
    if (exact_) {
      wrong += expected != answered;
      return;
    }
    // A ring names every holder, the nearest among them.
    for (const auto& [piece, hosts] : expected) {
      const auto& others = answered[piece];
      wrong += !std::includes(others.begin(), others.end(), hosts.begin(), hosts.end());
    }
  }
  [[nodiscard]] index_overhead overhead() const override { return index_.overhead(); }

  std::uint64_t lookups = 0;
  std::uint64_t wrong = 0;

private:
  bool exact_;
  testing::true_directory truth_;
  index_directory index_;
};

index_overhead run_compared(index_scheme which, const data_centre_config& config) {
  const auto load = testing::small_load(8, 30, 100, 400);
  compared_directory index{which, config.shape, load};
  run_data_centre(config, load, &index);
  EXPECT_GT(index.lookups, 100u);
  EXPECT_EQ(index.wrong, 0u);
  return index.overhead();
}

TEST(IndexDirectoryTest, EachSchemeFindsTheHoldersThereAre) {
  for (const auto which : {index_scheme::naive, index_scheme::flat, index_scheme::topo})
    run_compared(which, {.shape = {2, 3, 4}});
}

TEST(IndexDirectoryTest, TheHierarchyNamesHoldersOfEveryLevelWhenAsked) {
  run_compared(index_scheme::topo,
               {.shape = {2, 3, 4}, .sources = topology::source_policy::earliest_finish});
}

TEST(IndexDirectoryTest, TheHierarchyTakesFewerMessagesThanARingAndBroadcastsPublishNothing) {
  const data_centre_config config;
  const auto messages = [&](index_scheme which) {
    const auto cost = run_compared(which, config);
    return cost.lookup_messages + cost.publish_messages;
  };
  const auto topo = messages(index_scheme::topo);
  const auto flat = messages(index_scheme::flat);
  EXPECT_LT(topo, flat);
  EXPECT_EQ(run_compared(index_scheme::naive, config).publish_messages, 0u);
}

} // namespace
} // namespace shoal::simulator
