// A process that uses a store is killed 200 times at random moments. Each time the store opens,
// holds everything that was acknowledged, and every piece it reports verifies.
#include "tests/chaos/store/store_workload.hpp"

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

namespace shoal::swarm::test {
namespace {

class KillStoreTest : public testing::TestWithParam<const char*> {};

/// Lets a child use the store and kills it after `life_microseconds`. @returns its exit status.
int kill_a_child(const pack_store_config& config, std::uint64_t seed, unsigned life_microseconds,
                 expectation& expected) {
  int ends[2] = {};
  if (::pipe(ends) != 0) std::abort();
  const auto pid = ::fork();
  if (pid == 0) {
    ::close(ends[0]);
    auto opened = pack_store::open(config);
    if (!opened) ::_exit(2);
    store_workload workload{**opened, seed, [&](const message& text) {
                              if (::write(ends[1], &text, sizeof text) != sizeof text) ::_exit(3);
                            }};
    while (true) workload.act();
  }
  ::close(ends[1]);
  // Not to wait for anything: the moment of death is what is tried.
  ::usleep(life_microseconds);
  ::kill(pid, SIGKILL);
  message text{};
  while (::read(ends[0], &text, sizeof text) == sizeof text) expected.learn(text);
  ::close(ends[0]);
  int status = 0;
  ::waitpid(pid, &status, 0);
  return status;
}

TEST_P(KillStoreTest, NothingAcknowledgedIsLostAndNothingUnverifiedIsReported) {
  constexpr int kills = 200;
  constexpr unsigned life_microseconds_max = 40'000;
  std::error_code unknown;
  if (*GetParam() != '\0' && !std::filesystem::is_directory(GetParam(), unknown)) {
    GTEST_SKIP() << "there is no " << GetParam();
  }
  (void)workload_packs();
  const scratch_directory scratch{GetParam()};
  pack_store_config config{.directory = scratch.path() / "store",
                           .quota_bytes = 40 * workload_piece_bytes,
                           .reserve_bytes = 0};
  expectation expected;
  std::mt19937_64 random{42};
  std::size_t most_expected = 0;
  for (int round = 0; round < kills; ++round) {
    SCOPED_TRACE(round);
    // Each child may evict by another policy than the one before.
    const auto policies = cache_policy_kinds();
    config.policy = policies[static_cast<std::size_t>(round) % policies.size()];
    const auto life = static_cast<unsigned>(random() % life_microseconds_max);
    const auto status = kill_a_child(config, random(), life, expected);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        << "the child gave up by itself: " << status;
    most_expected = std::max(most_expected, expected.piece_count());
    auto store = pack_store::open(config);
    ASSERT_TRUE(store.ok()) << why(store);
    expected.check(**store);
    EXPECT_TRUE((*store)->warnings().empty()) << (*store)->warnings().front();
    if (HasFailure()) return;
  }
  EXPECT_GT(most_expected, 10u) << "the children achieved too little to prove anything";
}

INSTANTIATE_TEST_SUITE_P(Places, KillStoreTest, testing::Values("", "/dev/shm/"),
                         [](const auto& place) {
                           return *place.param == '\0' ? "OnDisk" : "InMemory";
                         });

} // namespace
} // namespace shoal::swarm::test
