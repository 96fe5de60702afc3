#include "tools/shoal/progress.hpp"
#include "tools/shoal/session.hpp"
#include "tools/shoal/table.hpp"

#include <gtest/gtest.h>

namespace shoal::cli {
namespace {

using namespace std::chrono_literals;

TEST(TableTest, AlignsColumnsAndShowsEmptyCellsAsDashes) {
  table out{{{"NAME"}, {"SIZE", alignment::right}, {"NOTE"}}};
  out.add({"a", "1 B", ""});
  out.add({"longer", "120 MiB", "x"});
  EXPECT_EQ(out.text(), "NAME       SIZE  NOTE\n"
                        "a           1 B  -\n"
                        "longer  120 MiB  x\n");
}

TEST(TableTest, NothingInACellSteersTheTerminal) {
  table out{{{"NAME"}}};
  out.add({"a\x1b[2J\nb"});
  EXPECT_EQ(out.text(), "NAME\na?[2J?b\n");
}

TEST(TableTest, WidthCountsCharactersNotBytes) { EXPECT_EQ(display_width("h\xc3\xb4te"), 4u); }

TEST(ProgressTest, TheLineFitsAnyTerminal) {
  const progress_state state{
      .phase = "fetching", .done_bytes = 120u << 20, .total_bytes = 286u << 20};
  EXPECT_EQ(progress_line("web:2", state, 102.9e6, 200),
            "web:2 fetching  [##########--------------]  41 %  120 MiB of 286 MiB  98.1 MiB/s  "
            "ETA 1.7 s");
  for (std::size_t columns = 0; columns < 120; ++columns) {
    const auto line = progress_line("web:2", state, 102.9e6, columns);
    EXPECT_LE(line.size(), columns == 0 ? 0 : columns - 1);
  }
}

TEST(ProgressTest, AnUnknownTotalShowsNoShare) {
  EXPECT_EQ(progress_line("a", {.phase = "reading", .done_bytes = 2048}, 0, 80),
            "a reading  2.0 KiB");
  EXPECT_EQ(progress_line("a", {.phase = "reading"}, 0, 80), "a reading");
  // More than all of it happens when a total was an estimate.
  EXPECT_NE(
      progress_line("a", {.phase = "p", .done_bytes = 9, .total_bytes = 3}, 0, 80).find("100 %"),
      std::string::npos);
}

TEST(ProgressTest, TheRateForgetsWhatIsLongAgoAndOtherPhases) {
  rate_meter rate;
  const rate_meter::time_point begin{};
  EXPECT_EQ(rate.bytes_per_second(), 0);
  rate.add(begin, 1000);
  EXPECT_EQ(rate.bytes_per_second(), 0);
  rate.add(begin + 1s, 2000);
  EXPECT_DOUBLE_EQ(rate.bytes_per_second(), 1000);
  for (int i = 2; i < 20; ++i)
    rate.add(begin + std::chrono::seconds{i}, 2000);
  EXPECT_DOUBLE_EQ(rate.bytes_per_second(), 0);
  rate.add(begin + 20s, 10);
  rate.add(begin + 21s, 30);
  EXPECT_DOUBLE_EQ(rate.bytes_per_second(), 20);
}

} // namespace
} // namespace shoal::cli
