#include "tools/simulator/cern.hpp"

#include "tools/simulator/interval.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace shoal::simulator {
namespace {

cern_setting small() {
  cern_setting setting;
  setting.hosts = 31;
  setting.racks = 4;
  setting.image_bytes = 500'000'000;
  setting.copy_start_s = 0;
  setting.piece_bytes = 1024 * 1024;
  return setting;
}

TEST(CernTest, SequentialCopiesTakeOneCopyEach) {
  const auto setting = small();
  const auto finished = run_cern(setting, cern_scheme::sequential, 1);
  ASSERT_EQ(finished.size(), 31u);
  EXPECT_NEAR(finished.back(), 31 * cern_bound_s(setting), 1e-3);
}

TEST(CernTest, TheWaveDoublesWhoHasIt) {
  const auto setting = small();
  const auto finished = run_cern(setting, cern_scheme::wave, 1);
  ASSERT_EQ(finished.size(), 31u);
  // 32 have it with the server: five doublings.
  EXPECT_NEAR(finished.back(), 5 * cern_bound_s(setting), 1e-2);
  EXPECT_NEAR(finished.front(), cern_bound_s(setting), 1e-2);
}

TEST(CernTest, ASlowDiskHoldsUpEveryCopy) {
  auto setting = small();
  setting.disk_bytes_per_second = 50e6;
  EXPECT_DOUBLE_EQ(cern_bound_s(setting), 10);
  EXPECT_GE(run_cern(setting, cern_scheme::torrent, 1).front(), 10);
}

TEST(CernTest, SwarmsBeatTheWaveAndNobodyBeatsTheBound) {
  const auto setting = small();
  const auto wave = run_cern(setting, cern_scheme::wave, 1).back();
  for (const auto scheme : {cern_scheme::torrent, cern_scheme::shoal}) {
    const auto finished = run_cern(setting, scheme, 1);
    ASSERT_EQ(finished.size(), 31u) << to_string(scheme);
    EXPECT_GE(finished.front(), cern_bound_s(setting)) << to_string(scheme);
    // So few and large pieces are hard for a swarm that picks at random.
    EXPECT_LT(finished.back(), scheme == cern_scheme::shoal ? wave / 2 : wave) << to_string(scheme);
  }
}

TEST(IntervalTest, StudentsIntervalOfFiveValues) {
  const auto told = mean_interval({1, 2, 3, 4, 5});
  EXPECT_DOUBLE_EQ(told.mean, 3);
  EXPECT_NEAR(told.high - told.mean, 2.776 * std::sqrt(2.5 / 5), 1e-9);
  EXPECT_NEAR(told.mean - told.low, told.high - told.mean, 1e-12);
}

TEST(IntervalTest, OneValueIsItsOwnInterval) {
  const auto told = mean_interval({7});
  EXPECT_EQ(told.low, 7);
  EXPECT_EQ(told.high, 7);
}

} // namespace
} // namespace shoal::simulator
