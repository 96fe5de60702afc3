#include "tools/simulator/svg_plot.hpp"

#include "tools/simulator/svg_canvas.hpp"

#include <algorithm>
#include <limits>

namespace shoal::simulator {

namespace {

/// The least and greatest of the values an axis can show.
struct extent {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void add(double value, const plot_axis& axis) {
    if (axis.logarithmic && value <= 0) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  [[nodiscard]] axis_scale scale(const plot_axis& axis) const {
    return low <= high ? axis_scale{axis, low, high} : axis_scale{axis, 0, 1};
  }
};

std::string stroke(std::string_view colour, bool dashed) {
  return "stroke=\"" + std::string{colour} + "\"" + (dashed ? " stroke-dasharray=\"6 4\"" : "");
}

void draw(svg_canvas& canvas, const plot_series& series, std::string_view colour,
          const axis_scale& x, const axis_scale& y) {
  std::vector<std::pair<double, double>> points;
  for (const auto& point : series.points) {
    if (!x.shows(point.x) || !y.shows(point.y)) continue;
    const double at_x = svg_canvas::x_of(x.share(point.x));
    const double at_y = svg_canvas::y_of(y.share(point.y));
    if (series.steps && !points.empty()) points.emplace_back(at_x, points.back().second);
    points.emplace_back(at_x, at_y);
  }
  canvas.polyline(points, stroke(colour, series.dashed));
}

/// The bars of one category beside one another, with their marks.
void draw_category(svg_canvas& canvas, const bar_plot& plot, std::size_t category,
                   const axis_scale& y) {
  const double room = 1.0 / static_cast<double>(plot.categories.size());
  const double bar = room * 0.8 / static_cast<double>(plot.series.size());
  const double begin = static_cast<double>(category) * room + room * 0.1;
  for (std::size_t i = 0; i < plot.series.size(); ++i) {
    const auto& series = plot.series[i];
    const double left = svg_canvas::x_of(begin + static_cast<double>(i) * bar);
    const double right = svg_canvas::x_of(begin + static_cast<double>(i + 1) * bar) - 1;
    if (category < series.values.size() && y.shows(series.values[category])) {
      const double head = svg_canvas::y_of(y.share(series.values[category]));
      canvas.rectangle(left, head, right - left, svg_canvas::y_of(0) - head, colour_of(i));
    }
    if (category < series.marks.size() && y.shows(series.marks[category])) {
      const double mark = svg_canvas::y_of(y.share(series.marks[category]));
      const double middle = (left + right) / 2;
      canvas.line(left, mark, right, mark, "stroke=\"black\" stroke-width=\"2\"");
      canvas.line(middle, mark, middle, svg_canvas::y_of(0), "stroke=\"black\"");
    }
  }
  canvas.text(svg_canvas::x_of(begin + room * 0.4), svg_canvas::y_of(0) + 18,
              plot.categories[category], "middle");
}

} // namespace

std::string svg(const line_plot& plot) {
  extent x_extent;
  extent y_extent;
  for (const auto& series : plot.series) {
    for (const auto& point : series.points) {
      x_extent.add(point.x, plot.x);
      y_extent.add(point.y, plot.y);
    }
  }
  const auto x = x_extent.scale(plot.x);
  const auto y = y_extent.scale(plot.y);
  svg_canvas canvas{plot.title};
  canvas.y_axis(plot.y, y);
  canvas.x_axis(plot.x, x);
  for (std::size_t i = 0; i < plot.series.size(); ++i) {
    draw(canvas, plot.series[i], colour_of(i), x, y);
    canvas.legend_entry(plot.series[i].name, colour_of(i), false, plot.series[i].dashed);
  }
  return canvas.finish();
}

std::string svg(const bar_plot& plot) {
  extent y_extent;
  if (!plot.y.logarithmic) y_extent.add(0, plot.y);
  for (const auto& series : plot.series) {
    for (const double value : series.values)
      y_extent.add(value, plot.y);
    for (const double value : series.marks)
      y_extent.add(value, plot.y);
  }
  const auto y = y_extent.scale(plot.y);
  svg_canvas canvas{plot.title};
  canvas.y_axis(plot.y, y);
  for (std::size_t i = 0; i < plot.categories.size(); ++i)
    draw_category(canvas, plot, i, y);
  canvas.line(svg_canvas::x_of(0), svg_canvas::y_of(0), svg_canvas::x_of(1), svg_canvas::y_of(0),
              "stroke=\"black\"");
  for (std::size_t i = 0; i < plot.series.size(); ++i)
    canvas.legend_entry(plot.series[i].name, colour_of(i), true, false);
  if (!plot.mark_name.empty()) canvas.legend_entry(plot.mark_name, "black", false, false);
  return canvas.finish();
}

} // namespace shoal::simulator
