#include "tools/simulator/svg_canvas.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace shoal::simulator {

namespace {

constexpr double width = 720;
constexpr double height = 420;
constexpr double left = 78;
constexpr double right = 190;
constexpr double top = 40;
constexpr double bottom = 58;

std::string pixels(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

std::string escaped(const std::string& words) {
  std::string out;
  for (const char c : words) {
    switch (c) {
    case '&': out += "&amp;"; break;
    case '<': out += "&lt;"; break;
    case '>': out += "&gt;"; break;
    default: out += c;
    }
  }
  return out;
}

/// 1, 2 or 5 times a power of ten: about six steps over the range.
double step_of(double range) {
  const double raw = range / 6;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (power * factor >= raw) return power * factor;
  }
  return power * 10;
}

} // namespace

axis_scale::axis_scale(const plot_axis& axis, double low, double high)
    : logarithmic_{axis.logarithmic}, from_{axis.from.value_or(low)}, to_{axis.to.value_or(high)} {
  if (logarithmic_) {
    if (!(from_ > 0)) from_ = to_ > 0 ? to_ / 1000 : 0.1;
    if (!(to_ > from_)) to_ = from_ * 10;
    const double first = std::floor(std::log10(from_));
    const double last = std::ceil(std::log10(to_));
    if (!axis.from) from_ = std::pow(10, first);
    if (!axis.to) to_ = std::pow(10, last);
    for (double power = first; power <= last; ++power) {
      const double tick = std::pow(10, power);
      if (tick >= from_ * 0.999 && tick <= to_ * 1.001) ticks_.push_back(tick);
    }
    return;
  }
  if (!axis.from) from_ = std::min(0.0, from_);
  if (!(to_ > from_)) to_ = from_ + 1;
  const double step = step_of(to_ - from_);
  if (!axis.to) to_ = std::ceil(to_ / step - 1e-9) * step;
  const auto first = static_cast<long>(std::ceil(from_ / step - 1e-9));
  for (auto i = first; static_cast<double>(i) * step <= to_ + step * 1e-9; ++i)
    ticks_.push_back(static_cast<double>(i) * step);
}

double axis_scale::share(double value) const {
  const double share = logarithmic_ ? std::log(value / from_) / std::log(to_ / from_)
                                    : (value - from_) / (to_ - from_);
  return std::clamp(share, 0.0, 1.0);
}

svg_canvas::svg_canvas(const std::string& title) {
  out_ = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + pixels(width) + "\" height=\"" +
         pixels(height) + "\" viewBox=\"0 0 " + pixels(width) + " " + pixels(height) +
         "\" font-family=\"sans-serif\" font-size=\"13\">\n";
  rectangle(0, 0, width, height, "white");
  text(left + (width - left - right) / 2, 24, title, "middle");
}

double svg_canvas::x_of(double share) { return left + share * (width - left - right); }

double svg_canvas::y_of(double share) { return height - bottom - share * (height - top - bottom); }

void svg_canvas::line(double x1, double y1, double x2, double y2, std::string_view style) {
  out_ += "<line x1=\"" + pixels(x1) + "\" y1=\"" + pixels(y1) + "\" x2=\"" + pixels(x2) +
          "\" y2=\"" + pixels(y2) + "\" " + std::string{style} + "/>\n";
}

void svg_canvas::rectangle(double x, double y, double wide, double high, std::string_view fill) {
  out_ += "<rect x=\"" + pixels(x) + "\" y=\"" + pixels(y) + "\" width=\"" + pixels(wide) +
          "\" height=\"" + pixels(high) + "\" fill=\"" + std::string{fill} + "\"/>\n";
}

void svg_canvas::polyline(const std::vector<std::pair<double, double>>& points,
                          std::string_view style) {
  if (points.empty()) return;
  out_ += "<polyline fill=\"none\" stroke-width=\"2\" " + std::string{style} + " points=\"";
  for (const auto& [x, y] : points)
    out_ += pixels(x) + "," + pixels(y) + " ";
  out_.back() = '"';
  out_ += "/>\n";
}

void svg_canvas::text(double x, double y, const std::string& words, std::string_view anchor,
                      bool upright) {
  out_ += "<text x=\"" + pixels(x) + "\" y=\"" + pixels(y) + "\" text-anchor=\"" +
          std::string{anchor} + "\"";
  if (upright) out_ += " transform=\"rotate(-90 " + pixels(x) + " " + pixels(y) + ")\"";
  out_ += ">" + escaped(words) + "</text>\n";
}

void svg_canvas::y_axis(const plot_axis& axis, const axis_scale& scale) {
  for (const double tick : scale.ticks()) {
    const double y = y_of(scale.share(tick));
    line(x_of(0), y, x_of(1), y, "stroke=\"#ddd\"");
    text(x_of(0) - 6, y + 4, short_number(tick), "end");
  }
  line(x_of(0), y_of(0), x_of(0), y_of(1), "stroke=\"black\"");
  text(18, y_of(0.5), axis.label, "middle", true);
}

void svg_canvas::x_axis(const plot_axis& axis, const axis_scale& scale) {
  for (const double tick : scale.ticks()) {
    const double x = x_of(scale.share(tick));
    line(x, y_of(0), x, y_of(1), "stroke=\"#eee\"");
    text(x, y_of(0) + 18, short_number(tick), "middle");
  }
  line(x_of(0), y_of(0), x_of(1), y_of(0), "stroke=\"black\"");
  text(x_of(0.5), height - 14, axis.label, "middle");
}

void svg_canvas::legend_entry(const std::string& name, std::string_view colour, bool bar,
                              bool dashed) {
  const double x = width - right + 14;
  const double y = top + 10 + 20 * static_cast<double>(legend_entries_++);
  if (bar) {
    rectangle(x, y - 9, 22, 11, colour);
  } else {
    line(x, y - 4, x + 22, y - 4,
         "stroke-width=\"2\" stroke=\"" + std::string{colour} + "\"" +
             (dashed ? " stroke-dasharray=\"6 4\"" : ""));
  }
  text(x + 28, y, name, "start");
}

std::string svg_canvas::finish() {
  out_ += "</svg>\n";
  return std::move(out_);
}

std::string_view colour_of(std::size_t series) {
  static constexpr std::array colours{"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                      "#e69f00", "#56b4e9", "#000000", "#999933"};
  return colours[series % colours.size()];
}

std::string short_number(double value) {
  char text[32];
  // Hosts, messages and seconds are read more easily in full.
  if (value >= 1e3 && value < 1e7) {
    const auto whole = static_cast<long>(std::lround(value));
    std::string digits = std::to_string(whole);
    for (std::size_t at = digits.size(); at > 3; at -= 3)
      digits.insert(at - 3, ",");
    return digits;
  }
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

} // namespace shoal::simulator
