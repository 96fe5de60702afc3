// Small plots as SVG text: lines, steps (CDFs) and grouped bars, on linear or logarithmic axes.
//
// Threads: pure functions over values. Errors: none; values a logarithmic axis cannot show are left
// out. Equal input gives equal bytes.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace shoal::simulator {

/// One axis of a plot.
struct plot_axis {
  std::string label;
  bool logarithmic = false;
  /// Chosen from the values where absent.
  std::optional<double> from;
  std::optional<double> to;
};

/// One curve.
struct plot_series {
  struct point {
    double x = 0;
    double y = 0;
  };

  std::string name;
  std::vector<point> points;
  /// Horizontal, then vertical: a distribution or a state that changes at moments.
  bool steps = false;
  bool dashed = false;
};

struct line_plot {
  std::string title;
  plot_axis x;
  plot_axis y;
  std::vector<plot_series> series;
};

/// The values of one kind of bar, one a category.
struct bar_series {
  std::string name;
  std::vector<double> values;
  /// A second value drawn as a black line over the bar (the papers' 90th percentiles); one a
  /// category, or none.
  std::vector<double> marks;
};

struct bar_plot {
  std::string title;
  std::vector<std::string> categories;
  plot_axis y;
  std::vector<bar_series> series;
  /// What the black lines are; nothing without marks.
  std::string mark_name;
};

/// The SVG document.
std::string svg(const line_plot& plot);
std::string svg(const bar_plot& plot);

} // namespace shoal::simulator
