#include "tools/simulator/svg_plot.hpp"

#include "tools/simulator/svg_canvas.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace shoal::simulator {
namespace {

std::size_t occurrences(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

TEST(AxisScaleTest, LinearAxesBeginAtZeroAndEndAtARoundNumber) {
  const axis_scale scale{{}, 3, 17};
  EXPECT_DOUBLE_EQ(scale.share(0), 0);
  EXPECT_DOUBLE_EQ(scale.share(20), 1);
  EXPECT_DOUBLE_EQ(scale.share(10), 0.5);
  EXPECT_EQ(scale.ticks(), (std::vector<double>{0, 5, 10, 15, 20}));
}

TEST(AxisScaleTest, LogarithmicAxesCoverWholeDecades) {
  const axis_scale scale{{.logarithmic = true}, 0.26, 3620};
  EXPECT_DOUBLE_EQ(scale.share(0.1), 0);
  EXPECT_DOUBLE_EQ(scale.share(10'000), 1);
  EXPECT_EQ(scale.ticks().size(), 6u);
  EXPECT_FALSE(scale.shows(0));
}

TEST(AxisScaleTest, AsksForNothingItCannotShow) {
  EXPECT_EQ((axis_scale{{.logarithmic = true}, 0, 0}).ticks().empty(), false);
  EXPECT_EQ((axis_scale{{}, 5, 5}).share(2.5), 0.5);
}

TEST(SvgPlotTest, DrawsOneCurveASeriesAndNamesIt) {
  const auto text = svg(line_plot{.title = "Time & load",
                                  .x = {.label = "load"},
                                  .y = {.label = "time (s)", .logarithmic = true},
                                  .series = {{.name = "VDN", .points = {{1, 2}, {2, 20}}},
                                             {.name = "local", .points = {{1, 0}, {2, 9}}}}});
  EXPECT_EQ(occurrences(text, "<polyline"), 2u);
  EXPECT_NE(text.find("Time &amp; load"), std::string::npos);
  EXPECT_NE(text.find(">VDN<"), std::string::npos);
  EXPECT_EQ(text.find("nan"), std::string::npos);
  EXPECT_EQ(text.find("inf"), std::string::npos);
}

TEST(SvgPlotTest, StepsGoAcrossBeforeTheyGoUp) {
  plot_series series{.name = "cdf", .points = {{0, 0}, {1, 1}}, .steps = true};
  const auto stepped = svg(line_plot{.series = {series}});
  series.steps = false;
  const auto straight = svg(line_plot{.series = {series}});
  EXPECT_EQ(occurrences(stepped, ",") - occurrences(straight, ","), 1u);
}

TEST(SvgPlotTest, DrawsABarACategoryAndSeriesWithItsMark) {
  const bar_plot plot{.title = "S1",
                      .categories = {"128 MB", "4 GB"},
                      .y = {.label = "s"},
                      .series = {{.name = "baseline", .values = {2, 66}, .marks = {3, 185}},
                                 {.name = "VDN", .values = {0.1, 2.4}, .marks = {1, 33}}},
                      .mark_name = "90th"};
  const auto text = svg(plot);
  // The paper, four bars, two legend entries.
  EXPECT_EQ(occurrences(text, "<rect"), 7u);
  EXPECT_NE(text.find(">4 GB<"), std::string::npos);
  EXPECT_NE(text.find(">90th<"), std::string::npos);
}

TEST(SvgPlotTest, EmptyPlotsAreStillDocuments) {
  EXPECT_NE(svg(line_plot{}).find("</svg>"), std::string::npos);
  EXPECT_NE(svg(bar_plot{}).find("</svg>"), std::string::npos);
}

} // namespace
} // namespace shoal::simulator
