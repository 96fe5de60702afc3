// The frame of a plot: axes, ticks, legend, and where a value lands on the paper.
//
// Threads: one at a time. Errors: none.
#pragma once

#include "tools/simulator/svg_plot.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace shoal::simulator {

/// An axis whose range is decided.
class axis_scale {
public:
  /// Covers `low` to `high` and what the axis asks for.
  axis_scale(const plot_axis& axis, double low, double high);

  /// Whether it can be shown: a logarithmic axis shows nothing at or below 0.
  [[nodiscard]] bool shows(double value) const { return !logarithmic_ || value > 0; }
  /// 0 at the axis' start to 1 at its end.
  [[nodiscard]] double share(double value) const;
  [[nodiscard]] const std::vector<double>& ticks() const { return ticks_; }
  [[nodiscard]] double from() const { return from_; }

private:
  bool logarithmic_;
  double from_;
  double to_;
  std::vector<double> ticks_;
};

/// Text under construction, in pixels.
class svg_canvas {
public:
  explicit svg_canvas(const std::string& title);

  /// Pixels of a place in the plot's area, given as shares of its width and height from the lower
  /// left corner.
  [[nodiscard]] static double x_of(double share);
  [[nodiscard]] static double y_of(double share);

  void line(double x1, double y1, double x2, double y2, std::string_view style);
  void rectangle(double x, double y, double width, double height, std::string_view fill);
  void polyline(const std::vector<std::pair<double, double>>& points, std::string_view style);
  /// `anchor`: start, middle or end.
  void text(double x, double y, const std::string& words, std::string_view anchor,
            bool upright = false);

  void y_axis(const plot_axis& axis, const axis_scale& scale);
  void x_axis(const plot_axis& axis, const axis_scale& scale);
  /// One line a name, in the series' colours, at the right of the area.
  void legend_entry(const std::string& name, std::string_view colour, bool bar, bool dashed);

  /// The whole document; nothing may be drawn afterwards.
  [[nodiscard]] std::string finish();

private:
  std::string out_;
  std::size_t legend_entries_ = 0;
};

/// Distinct colours, also for the colour-blind (Okabe and Ito).
std::string_view colour_of(std::size_t series);

/// At most four significant digits, without trailing zeros; from 1,000 to 10 million in full.
std::string short_number(double value);

} // namespace shoal::simulator
