#include "swarm/publish/window_plan.hpp"

#include "image_fixture.hpp"

namespace shoal::swarm {
namespace {

constexpr std::uint64_t one_gib = 1ull << 30;

TEST(WindowPlanTest, LeavesOutWindowsWithoutData) {
  const std::vector<image_extent> extents{
      {0, one_gib, true}, {one_gib, 10, false}, {one_gib + 10, one_gib - 10, true}};
  const auto plan = plan_windows(extents, 2 * one_gib);
  ASSERT_EQ(plan.windows.size(), 1u);
  EXPECT_EQ(plan.windows[0].offset_bytes, one_gib);
  EXPECT_EQ(plan.windows[0].length_bytes, window_bytes);
  EXPECT_EQ(plan.data_bytes, 10u);
}

TEST(WindowPlanTest, ListsAShortWindowAtTheEndEvenWithoutData) {
  const std::vector<image_extent> extents{{0, window_bytes + 5, true}};
  const auto plan = plan_windows(extents, window_bytes + 5);
  ASSERT_EQ(plan.windows.size(), 1u);
  EXPECT_EQ(plan.windows[0].length_bytes, 5u);
  EXPECT_EQ(plan_windows({}, 0).windows.size(), 0u);
}

TEST(WindowPlanTest, ReadsExactlyTheImage) {
  for (std::uint64_t seed = 1; seed < 6; ++seed) {
    const auto bytes = random_image(seed, 7'000'000 + seed * 999);
    memory_image image{bytes};
    const auto extents = image.extents();
    const auto plan = plan_windows(*extents, bytes.size());
    image_bytes read(bytes.size());
    for (const auto& each : plan.windows) {
      image_bytes part(each.length_bytes, std::byte{0xee});
      ASSERT_TRUE(read_window(image, plan, each, part).ok());
      std::copy(part.begin(), part.end(),
                read.begin() + static_cast<std::ptrdiff_t>(each.offset_bytes));
    }
    EXPECT_TRUE(read == bytes) << seed;
  }
}

} // namespace
} // namespace shoal::swarm
