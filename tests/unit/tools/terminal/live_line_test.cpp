#include "tools/terminal/live_line.hpp"

#include <gtest/gtest.h>

namespace shoal::terminal {
namespace {

TEST(LiveLineTest, EveryShareTakesAsManyColumns) {
  EXPECT_EQ(bar(0.25), "[######------------------]  25 %");
  for (int percent = -10; percent <= 120; ++percent) {
    EXPECT_EQ(bar(percent / 100.0).size(), bar(0).size()) << percent;
  }
}

TEST(LiveLineTest, MoreThanAllIsShownAsAll) {
  EXPECT_EQ(bar(3), bar(1));
  EXPECT_EQ(bar(1), "[########################] 100 %");
}

TEST(LiveLineTest, TheLastColumnStaysFree) {
  EXPECT_EQ(room_of(80), 79u);
  EXPECT_EQ(room_of(0), 0u);
}

TEST(LiveLineTest, WhatWasShownIsErasedOnceAndNothingElse) {
  ::testing::internal::CaptureStderr();
  { live_line never_shown; }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  ::testing::internal::CaptureStderr();
  {
    live_line line;
    line.show("half");
    line.erase();
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "\rhalf\x1b[K\r\x1b[K");
}

} // namespace
} // namespace shoal::terminal
