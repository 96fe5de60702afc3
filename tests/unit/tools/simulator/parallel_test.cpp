#include "tools/simulator/parallel.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>

namespace shoal::simulator {
namespace {

TEST(ParallelTest, GivesTheSameOnOneThreadAndOnMany) {
  const std::function<int(std::size_t)> square = [](std::size_t i) {
    return static_cast<int>(i * i);
  };
  progress silent{"", false};
  const auto one = map_in_parallel<int>(1000, 1, silent, square);
  const auto many = map_in_parallel<int>(1000, 8, silent, square);
  EXPECT_EQ(one, many);
  EXPECT_EQ(many[999], 999 * 999);
}

TEST(ParallelTest, ThrowsAgainWhatAPieceOfWorkThrew) {
  progress silent{"", false};
  std::atomic<int> begun{0};
  EXPECT_THROW(for_each_in_parallel(100, 4, silent,
                                    [&](std::size_t i) {
                                      ++begun;
                                      if (i == 3) throw std::runtime_error{"three"};
                                    }),
               std::runtime_error);
  EXPECT_GE(begun, 4);
}

TEST(ParallelTest, DoesNothingForNothing) {
  progress silent{"", false};
  for_each_in_parallel(0, 4, silent, [](std::size_t) { FAIL(); });
}

TEST(ProgressTest, SaysHowMuchIsDoneAndHowLongTheRestTakes) {
  EXPECT_EQ(progress_line("vdn", 1, 4, 10, 80),
            "vdn [######------------------]  25 %  1 of 4  ETA 30 s");
  EXPECT_EQ(progress_line("vdn", 4, 4, 10, 80).find("ETA"), std::string::npos);
}

TEST(ProgressTest, KeepsWithinTheTerminal) {
  EXPECT_EQ(progress_line("vdn", 1, 4, 10, 20).size(), 19u);
}

} // namespace
} // namespace shoal::simulator
