#include "tools/simulator/scale.hpp"

#include <gtest/gtest.h>

namespace shoal::simulator {
namespace {

scale_setting small(std::uint32_t hosts) {
  scale_setting setting;
  setting.hosts = hosts;
  setting.hosts_per_rack = 10;
  setting.racks_per_cluster = 5;
  setting.clusters_per_site = 2;
  setting.image_bytes = 50'000'000;
  setting.burst_s = 1;
  setting.mix_images = 20;
  setting.mix_s = 5;
  return setting;
}

constexpr auto rack = static_cast<std::size_t>(topology::network_level::rack);
constexpr auto world = static_cast<std::size_t>(topology::network_level::world);

TEST(ScaleTest, EveryLookupIsAnsweredAndNamesSomebody) {
  const auto told = run_scale(small(300));
  EXPECT_EQ(told.racks, 30u);
  EXPECT_EQ(told.clusters, 6u);
  EXPECT_EQ(told.sites, 3u);
  EXPECT_EQ(told.popular.lookups, 299u);
  EXPECT_EQ(told.popular.unanswered, 0u);
  EXPECT_GT(told.mix.lookups, 100u);
  EXPECT_EQ(told.mix.unanswered, 0u);
}

TEST(ScaleTest, ThePopularImageCrossesEachBorderOnce) {
  const auto told = run_scale(small(300));
  EXPECT_EQ(told.popular.images_per_rack, 1);
  EXPECT_EQ(told.popular.images_per_cluster, 1);
  EXPECT_EQ(told.popular.images_per_site, 1);
  EXPECT_GE(told.popular.last_s, told.popular.bound_s);
  EXPECT_LT(told.popular.last_s, told.popular.bound_s + 1 + 0.5);
}

TEST(ScaleTest, NobodyIsDoneBeforeTheTightestLinkAllows) {
  auto setting = small(200);
  setting.rates.rack = setting.rates.host / 2;
  const auto told = run_scale(setting);
  EXPECT_GE(told.popular.last_s, told.popular.bound_s);
  EXPECT_GE(told.mix.last_s, told.mix.bound_s);
}

TEST(ScaleTest, MessagesOfAHostAndOfARackIndexDoNotGrowWithTheNetwork) {
  const auto few = run_scale(small(100));
  const auto many = run_scale(small(1000));
  const auto per_host = [](const scale_outcome& told, double hosts) {
    return static_cast<double>(told.popular.load[0].messages) / hosts;
  };
  EXPECT_LT(per_host(many, 1000), 1.3 * per_host(few, 100));
  EXPECT_LT(many.popular.load[rack].peak_per_second,
            1.3 * static_cast<double>(few.popular.load[rack].peak_per_second));
  EXPECT_LT(many.popular.load[world].peak_per_second, 1000u);
}

// What 100,000 hosts cost follows from this; counted, since times depend on the machine.
TEST(ScaleTest, TheWorkOfOneHostDoesNotGrowWithTheNetwork) {
  const auto few = run_scale(small(500));
  const auto many = run_scale(small(2000));
  EXPECT_NEAR(static_cast<double>(many.events) / 2000, static_cast<double>(few.events) / 500,
              0.2 * static_cast<double>(few.events) / 500);
  EXPECT_NEAR(static_cast<double>(many.mix.messages) / 2000,
              static_cast<double>(few.mix.messages) / 500,
              0.2 * static_cast<double>(few.mix.messages) / 500);
}

TEST(ScaleTest, AFullBorderHoldsUpOnlyWhatMustCrossIt) {
  const auto open = run_scale(small(300));
  auto setting = small(300);
  setting.rates.site = setting.rates.host / 20;
  const auto full = run_scale(setting);
  EXPECT_GE(full.mix.last_s, full.mix.bound_s);
  EXPECT_GT(full.mix.last_s, 2 * open.mix.last_s);
  EXPECT_LT(full.mix.median_s, 1.1 * open.mix.median_s);
}

TEST(ScaleTest, EveryHostIsReportedDoneOnceAWorkload) {
  std::size_t done = 0;
  run_scale(small(200), [&](std::size_t hosts) { done += hosts; });
  EXPECT_EQ(done, 2 * 200u);
}

TEST(ScaleTest, EqualSeedsGiveEqualCounts) {
  const auto one = run_scale(small(200));
  const auto two = run_scale(small(200));
  EXPECT_EQ(one.popular.messages, two.popular.messages);
  EXPECT_EQ(one.mix.message_bytes, two.mix.message_bytes);
  EXPECT_EQ(one.events, two.events);
}

} // namespace
} // namespace shoal::simulator
