#include "tools/terminal/text.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

namespace shoal::terminal {
namespace {

TEST(TextTest, NothingAPeerNamedSteersTheTerminal) {
  EXPECT_EQ(printable("a\x1b[2J\n\x7f"), "a?[2J??");
  EXPECT_EQ(printable("h\xc3\xb4te"), "h\xc3\xb4te");
}

TEST(TextTest, APipeGetsNoColours) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  EXPECT_EQ(styled("shoal:", "1;31", ends[1]), "shoal:");
  ::close(ends[0]);
  ::close(ends[1]);
}

} // namespace
} // namespace shoal::terminal
