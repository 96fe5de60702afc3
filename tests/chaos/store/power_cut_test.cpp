// The machine loses power again and again, also while the store recovers from the last time. Each
// time, whatever of what was not synced happens to be left, the store opens, holds everything that
// was acknowledged, and every piece it reports verifies.
#include "tests/chaos/store/simulated_disk.hpp"
#include "tests/chaos/store/store_workload.hpp"

#include <deque>

namespace shoal::swarm::test {
namespace {

class PowerCutTest : public testing::TestWithParam<std::uint64_t> {
protected:
  struct cut {
    disk_image image;
    expectation expected;
  };

  static pack_store_config config(const std::filesystem::path& directory) {
    return {.directory = directory,
            .quota_bytes = 40 * workload_piece_bytes,
            .reserve_bytes = 0};
  }

  /// Another machine starts from what is left.
  void check(const cut& left) {
    const scratch_directory scratch{memory_directory()};
    simulated_disk::materialise(left.image, scratch.path());
    const auto store = pack_store::open(config(scratch.path()));
    ASSERT_TRUE(store.ok()) << why(store);
    left.expected.check(**store);
    ++checked_;
  }

  void check_cuts(simulated_disk& disk) {
    while (!HasFailure()) {
      std::optional<cut> next;
      disk.standing_still([&] {
        if (cuts_.empty()) return;
        next = std::move(cuts_.front());
        cuts_.pop_front();
      });
      if (!next) return;
      check(*next);
    }
  }

  /// Starts from `begin`, works a while and ends with another power cut.
  cut live(const cut& begin, std::uint64_t seed) {
    constexpr int acts = 120;
    constexpr unsigned calls_a_cut = 12;
    const scratch_directory scratch{memory_directory()};
    auto expected = begin.expected;
    simulated_disk disk{begin.image, scratch.path(), seed};
    disk.on_cut([&](disk_image image) { cuts_.push_back({std::move(image), expected}); });
    disk.cut_power_once_in(calls_a_cut);
    cut end;
    {
      auto store = pack_store::open(config(scratch.path()));
      EXPECT_TRUE(store.ok()) << why(store);
      if (!store) return end;
      check_cuts(disk);
      store_workload workload{**store, seed, [&](const message& text) {
                                disk.standing_still([&] { expected.learn(text); });
                              }};
      for (int act = 0; act < acts && !HasFailure(); ++act) {
        workload.act();
        check_cuts(disk);
      }
      disk.standing_still([&] { end = {disk.some_image(), expected}; });
    }
    check_cuts(disk);
    return end;
  }

  std::deque<cut> cuts_;
  int checked_ = 0;
};

TEST_P(PowerCutTest, NothingAcknowledgedIsLostAndNothingUnverifiedIsReported) {
  constexpr int lives = 6;
  std::mt19937_64 random{GetParam()};
  cut last;
  for (int life = 0; life < lives && !HasFailure(); ++life) last = live(last, random());
  EXPECT_GT(checked_, 100) << "too few power cuts to prove anything";
}

INSTANTIATE_TEST_SUITE_P(Seeds, PowerCutTest, testing::Range<std::uint64_t>(1, 9));

} // namespace
} // namespace shoal::swarm::test
