#include "tools/simulator/data_centre/data_centre.hpp"

#include "tests/unit/tools/simulator/data_centre/small_load.hpp"

#include <gtest/gtest.h>

namespace shoal::simulator {
namespace {

using testing::small_load;
using testing::true_directory;

constexpr double piece_from_server_s = 0.064;

run_outcome run(const data_centre_config& config, const data_centre_load& load) {
  true_directory index{config.shape, load};
  return run_data_centre(config, load, &index);
}

/// One image of `pieces` pieces, asked for at these moments.
data_centre_load one_image(std::uint32_t pieces, std::vector<double> moments) {
  data_centre_load load{.packs = 1, .pieces_per_pack = pieces};
  image_layout image{{{0, piece_words((pieces + 63) / 64)}}};
  for (std::uint32_t i = 0; i < pieces; ++i)
    image.parts[0].pieces[i / 64] |= std::uint64_t{1} << i % 64;
  load.images.push_back(image);
  for (const double moment : moments)
    load.requests.push_back({moment, 0, 1e6});
  return load;
}

TEST(DataCentreTest, ABaselineServerIsAFifoQueueWithItsClosedForm) {
  const auto load = one_image(128, {0, 1, 2, 100});
  const auto times = run({.scheme = scheme::baseline}, load).times_s();
  ASSERT_EQ(times.size(), 4u);
  // 512 MB at 2 S / 1 Gbit/s: 8.192 s each, one after the other; the last finds it idle.
  EXPECT_NEAR(times[0], 8.192, 1e-9);
  EXPECT_NEAR(times[1], 2 * 8.192 - 1, 1e-9);
  EXPECT_NEAR(times[2], 3 * 8.192 - 2, 1e-9);
  EXPECT_NEAR(times[3], 8.192, 1e-9);
}

TEST(DataCentreTest, ASecondInstanceOnAHostThatHasTheImageTakesNoTime) {
  auto load = one_image(128, {0, 1000});
  const auto times = run({.shape = {1, 1, 1}, .scheme = scheme::local}, load).times_s();
  EXPECT_NEAR(times[0], 8.192, 1e-9);
  EXPECT_EQ(times[1], 0);
}

TEST(DataCentreTest, ASecondInstanceWaitsForWhatItsHostAwaitsAlready) {
  auto load = one_image(128, {0, 3});
  const auto outcome = run({.shape = {1, 1, 1}, .scheme = scheme::local}, load);
  EXPECT_NEAR(outcome.provisions[1].time_s, 8.192 - 3, 1e-9);
  EXPECT_EQ(outcome.bytes().server, 512'000'000u);
}

TEST(DataCentreTest, ARackPeerSendsAtTheRackRateAndOnlyWhatHasArrivedWhole) {
  auto load = one_image(128, {0, 1000});
  const auto outcome = run({.shape = {1, 1, 2}, .slots_per_host = 1, .scheme = scheme::topo}, load);
  EXPECT_NEAR(outcome.provisions[1].time_s, 512e6 * 8 / 2e9, 1e-9);
  EXPECT_EQ(outcome.provisions[1].bytes.peers[0], 512'000'000u);

  load = one_image(128, {0, 10.5 * piece_from_server_s});
  const auto early = run({.shape = {1, 1, 2}, .slots_per_host = 1, .scheme = scheme::topo}, load);
  EXPECT_EQ(early.provisions[1].bytes.peers[0], 10 * 4'000'000u);
  EXPECT_EQ(early.provisions[1].bytes.server, 118 * 4'000'000u);
}

TEST(DataCentreTest, ImagesThatAreSharedWholeAreNoSourceBefore) {
  const auto load = one_image(128, {0, 10.5 * piece_from_server_s});
  const auto outcome = run({.shape = {1, 1, 2},
                            .slots_per_host = 1,
                            .scheme = scheme::topo,
                            .shares = sharing::image_arrived},
                           load);
  EXPECT_EQ(outcome.provisions[1].bytes.server, 512'000'000u);
}

TEST(DataCentreTest, SharingInFlightSendsEachPieceFromTheServerOnce) {
  const auto load = one_image(128, {0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7});
  const auto outcome = run({.shape = {1, 1, 8},
                            .slots_per_host = 1,
                            .scheme = scheme::topo,
                            .shares = sharing::in_flight,
                            .sources = topology::source_policy::earliest_finish},
                           load);
  EXPECT_EQ(outcome.bytes().server, 512'000'000u);
  for (const auto& one : outcome.provisions)
    EXPECT_LT(one.time_s, 8.192 + 1);
}

TEST(DataCentreTest, ARequestWithoutAFreeSlotIsSkippedAndCounted) {
  const auto load = one_image(8, {0, 1, 2, 3});
  const auto outcome = run({.shape = {1, 1, 1}, .slots_per_host = 3}, load);
  EXPECT_EQ(outcome.provisions.size(), 3u);
  EXPECT_EQ(outcome.skipped, 1u);
}

TEST(DataCentreTest, SlotsAreFreeAgainAfterTheLifetime) {
  auto load = one_image(8, {0, 10, 20});
  for (auto& request : load.requests)
    request.lifetime_s = 10;
  EXPECT_EQ(run({.shape = {1, 1, 1}, .slots_per_host = 1}, load).skipped, 0u);
}

/// Every scheme and cache on the same load.
class DataCentreRunTest : public ::testing::TestWithParam<std::tuple<scheme, sharing>> {
protected:
  static data_centre_config config_of(std::tuple<scheme, sharing> which) {
    data_centre_config config{.scheme = std::get<0>(which), .shares = std::get<1>(which)};
    if (config.shares == sharing::in_flight)
      config.sources = topology::source_policy::earliest_finish;
    return config;
  }
};

TEST_P(DataCentreRunTest, EveryByteOfEveryInstanceComesFromSomewhereOnce) {
  const auto load = small_load(3, 30, 100, 500);
  const auto outcome = run(config_of(GetParam()), load);
  EXPECT_EQ(outcome.provisions.size() + outcome.skipped, load.requests.size());
  for (const auto& one : outcome.provisions) {
    EXPECT_EQ(one.bytes.total(), 400'000'000u);
    EXPECT_GE(one.time_s, 0);
    EXPECT_TRUE(one.time_s > 0 || one.bytes.own_host == one.bytes.total());
  }
}

TEST_P(DataCentreRunTest, TheSameSeedGivesTheSameTimes) {
  const auto load = small_load(4, 30, 100, 400);
  const auto config = config_of(GetParam());
  EXPECT_EQ(run(config, load).times_s(), run(config, load).times_s());
}

INSTANTIATE_TEST_SUITE_P(
    Schemes, DataCentreRunTest,
    ::testing::Combine(::testing::Values(scheme::baseline, scheme::local, scheme::topo),
                       ::testing::Values(sharing::piece_arrived, sharing::image_arrived,
                                         sharing::in_flight)));

TEST(DataCentreTest, TheMeanNumberOfInstancesIsRateTimesLifetime) {
  // Little's law, seen through the slots: with as many as the load needs none is skipped, with
  // clearly fewer many are.
  auto load = one_image(8, {});
  for (int i = 0; i < 4000; ++i)
    load.requests.push_back({i * 10.0, 0, 1000});
  // 100 instances live at any time.
  EXPECT_EQ(run({.shape = {1, 1, 20}, .slots_per_host = 5}, load).skipped, 0u);
  const auto half = run({.shape = {1, 1, 10}, .slots_per_host = 5}, load);
  EXPECT_NEAR(half.skipped / 4000.0, 0.5, 0.02);
}

TEST(DataCentreTest, TheLastCopyStaysWithAFloor) {
  const auto load = small_load(5, 40, 64, 1500);
  data_centre_config config{.shape = {2, 2, 4},
                            .scheme = scheme::topo,
                            .cache = swarm::cache_policy_kind::rarity,
                            .copies_floor = 1};
  const auto with = run(config, load);
  config.copies_floor = 0;
  config.cache = swarm::cache_policy_kind::fifo;
  const auto without = run(config, load);
  EXPECT_LT(with.bytes().server, without.bytes().server);
}

TEST(DataCentreTest, ALiveCacheKeepsWhatRunsAndNothingElse) {
  auto load = one_image(64, {0, 100, 5000});
  load.requests[0].lifetime_s = 1000;
  load.requests[1].lifetime_s = 1000;
  const auto outcome = run({.shape = {1, 1, 1},
                            .scheme = scheme::local,
                            .cache = swarm::cache_policy_kind::live,
                            .cache_images = 0},
                           load);
  EXPECT_EQ(outcome.provisions[1].time_s, 0);
  EXPECT_NEAR(outcome.provisions[2].time_s, 64 * piece_from_server_s, 1e-9);
}

TEST(DataCentreTest, PrestagingInIdleTimeMakesAFirstUseFast) {
  const auto load = one_image(128, {3600});
  data_centre_config config{.scheme = scheme::topo,
                            .sources = topology::source_policy::earliest_finish};
  EXPECT_NEAR(run(config, load).times_s()[0], 8.192, 1e-9);
  config.prestage = true;
  const auto staged = run(config, load);
  EXPECT_LT(staged.times_s()[0], 0.5);
  EXPECT_EQ(staged.prestaged_bytes, 512'000'000u);
}

TEST(DataCentreTest, FriendlyPlacementGoesWhereTheImageIs) {
  const auto load = one_image(128, {0, 100, 200});
  const auto outcome = run(
      {.scheme = scheme::topo, .placement = topology::placement_strategy::shoal_friendly}, load);
  EXPECT_EQ(outcome.provisions[1].host, outcome.provisions[0].host);
  EXPECT_EQ(outcome.provisions[2].time_s, 0);
}

TEST(DataCentreConfigTest, NamesTheFieldThatIsWrong) {
  data_centre_config config;
  EXPECT_TRUE(validate(config).ok());
  config.slots_per_host = 0;
  EXPECT_EQ(validate(config).error().message, "slots_per_host: expected at least 1");
  config = {};
  config.links.rack_bits_per_second = 0;
  EXPECT_FALSE(validate(config).ok());
}

} // namespace
} // namespace shoal::simulator
