#include "plot.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace apps {
namespace {

constexpr double kWidth = 1200, kHeight = 780;
constexpr double kLeft = 120, kRight = 1160, kTop = 80, kBottom = 670;
constexpr double kEdge = 20;
constexpr double kTitle = 30, kLabel = 25, kTick = 22;

std::string number_text(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.6g", value);
  return text.data();
}

Marker marker_of(std::size_t i) {
  constexpr std::array<Marker, 4> kMarkers{Marker::disc, Marker::square, Marker::triangle,
                                           Marker::diamond};
  return kMarkers[i % kMarkers.size()];
}

/// Whose intervals are a band; those of others are bars.
bool is_band(const Series& series) { return series.line && series.points.size() > 1; }

/// How series without a line share an x: beside each other around it, and where there are lines,
/// beside those.
struct Beside {
  explicit Beside(const Plot& plot) {
    double bars = 0;
    for (const Series& series : plot.series) {
      lines = lines || is_band(series);
      bars += is_band(series) || series.points.empty() ? 0 : 1;
    }
    if (bars == 0) return;
    apart = std::min(16.0, 120 / bars);
    most = lines ? std::ceil(bars / 2) : (bars - 1) / 2;
  }
  double next(double place) const { return place + (lines && place == -1 ? 2 : 1); }
  double room() const { return apart == 0 ? 0 : (most + 1) * apart; }

  bool lines = false;
  double apart = 0;  ///< pixels from one to the next
  double most = 0;   ///< of them on one side
};

/// The place of values on the canvas, with room for what stands beside the first and the last.
class Axes {
 public:
  Axes(const Plot& plot, double room) : plot_(plot), room_(room) {
    for (const Series& series : plot.series) {
      for (const Point& p : series.points) high_ = std::max(high_, p.x);
    }
    if (high_ <= 0) high_ = 1;
  }
  double high() const { return high_; }
  double x(double value) const {
    return kLeft + room_ + (kRight - kLeft - 2 * room_) * value / high_;
  }
  double y(double value) const {
    const double share = (value - plot_.y_low) / (plot_.y_high - plot_.y_low);
    return kBottom - (kBottom - kTop) * std::clamp(share, 0.0, 1.0);
  }
  Point at(Point p) const { return {x(p.x), y(p.y)}; }

 private:
  const Plot& plot_;
  double room_, high_ = 0;
};

void draw_axes(Canvas& canvas, const Plot& plot, const Axes& axes) {
  for (const double tick : ticks(axes.high())) {
    canvas.fill(axes.x(tick) - 0.75, kTop, 1.5, kBottom - kTop, kFaint);
    canvas.fill(axes.x(tick) - 1, kBottom, 2, 8, kInk);
    canvas.text(number_text(tick), {axes.x(tick), kBottom + 34}, kTick, Align::centre);
  }
  for (const double tick : ticks(plot.y_high - plot.y_low)) {
    const double y = axes.y(plot.y_low + tick);
    canvas.fill(kLeft, y - 0.75, kRight - kLeft, 1.5, kFaint);
    canvas.fill(kLeft - 8, y - 1, 8, 2, kInk);
    canvas.text(number_text(plot.y_low + tick), {kLeft - 15, y + 0.32 * kTick}, kTick,
                Align::right);
  }
  canvas.fill(kLeft - 1, kTop, 2, kBottom - kTop + 1, kInk);
  canvas.fill(kLeft - 1, kBottom - 1, kRight - kLeft + 1, 2, kInk);
  // In the middle of the axes, or where it is too wide for that, of the picture.
  const std::string title = fitted(plot.title, kTitle, kWidth - 2 * kEdge);
  const double half = text_width(title, kTitle) / 2;
  const double middle = std::clamp((kLeft + kRight) / 2, kEdge + half, kWidth - kEdge - half);
  canvas.text(title, {middle, 48}, kTitle, Align::centre);
  canvas.text(plot.x_label, {(kLeft + kRight) / 2, kHeight - 30}, kLabel, Align::centre);
  canvas.text_upwards(plot.y_label, {42, (kTop + kBottom) / 2}, kLabel, Align::centre);
}

/// A series on the canvas.
struct Drawn {
  std::vector<Point> points, upper, lower;
  bool band = false;  ///< between them there is a line; else the intervals are bars
};

std::vector<Drawn> placed(const Plot& plot, const Axes& axes, const Beside& beside) {
  std::vector<Drawn> all;
  double place = -beside.most;
  for (const Series& series : plot.series) {
    Drawn& drawn = all.emplace_back();
    drawn.band = is_band(series);
    for (std::size_t k = 0; k < series.points.size(); ++k) {
      Point at = axes.at(series.points[k]);
      if (!drawn.band) at.x += place * beside.apart;
      drawn.points.push_back(at);
      if (series.intervals.empty()) continue;
      drawn.lower.push_back({at.x, axes.y(series.intervals[k].x)});
      drawn.upper.push_back({at.x, axes.y(series.intervals[k].y)});
    }
    if (!drawn.band && !series.points.empty()) place = beside.next(place);
  }
  return all;
}

/// Of all series first the bands, then lines and bars, then markers, so that none hides another's;
/// the first series lies on top.
void draw_all_series(Canvas& canvas, const Plot& plot, const std::vector<Drawn>& all) {
  for (std::size_t i = all.size(); i-- > 0;) {
    if (all[i].band) canvas.band(all[i].upper, all[i].lower, series_colour(i), 0.18F);
  }
  for (std::size_t i = all.size(); i-- > 0;) {
    const Drawn& own = all[i];
    const Colour colour = series_colour(i);
    if (own.band) {
      canvas.line(own.points, 4, colour);
      continue;
    }
    for (std::size_t k = 0; k < own.upper.size(); ++k) {
      const double x = own.points[k].x, top = own.upper[k].y, bottom = own.lower[k].y;
      canvas.fill(x - 1.5, top, 3, bottom - top, colour);
      canvas.fill(x - 7, top - 1, 14, 2, colour);
      canvas.fill(x - 7, bottom - 1, 14, 2, colour);
    }
  }
  for (std::size_t i = all.size(); i-- > 0;) {
    if (!plot.series[i].markers) continue;
    for (const Point& p : all[i].points) {
      canvas.marker(marker_of(i), p, 10, kWhite);
      canvas.marker(marker_of(i), p, 7.5, series_colour(i));
    }
  }
}

/// In the upper right corner, where curves that fall leave room, unless more of them runs there
/// than in the lower left.
void draw_legend(Canvas& canvas, const Plot& plot, const Axes& axes) {
  constexpr double kLine = 36, kSample = 56, kPad = 16, kMost = 560;
  double width = 0;
  for (const Series& series : plot.series) {
    width = std::max(width, text_width(fitted(series.name, kTick, kMost), kTick));
  }
  const double box = width + kSample + 3 * kPad;
  const double height = kLine * static_cast<double>(plot.series.size()) + kPad;
  const auto covered = [&](double left, double top) {
    int points = 0;
    for (const Series& series : plot.series) {
      for (const Point& p : series.points) {
        const Point at = axes.at(p);
        points += at.x > left && at.x < left + box && at.y > top && at.y < top + height ? 1 : 0;
      }
    }
    return points;
  };
  double left = kRight - box - 12, top = kTop + 12;
  if (covered(left, top) > covered(kLeft + 14, kBottom - height - 14)) {
    left = kLeft + 14;
    top = kBottom - height - 14;
  }
  canvas.fill(left, top, box, height, kFaint);
  canvas.fill(left + 1.5, top + 1.5, box - 3, height - 3, kWhite);
  for (std::size_t i = 0; i < plot.series.size(); ++i) {
    const double y = top + kPad / 2 + kLine * (static_cast<double>(i) + 0.5);
    const std::array<Point, 2> sample{{{left + kPad, y}, {left + kPad + kSample, y}}};
    if (plot.series[i].line) canvas.line(sample, 4, series_colour(i));
    if (plot.series[i].markers) {
      canvas.marker(marker_of(i), {left + kPad + kSample / 2, y}, 7.5, series_colour(i));
    }
    canvas.text(fitted(plot.series[i].name, kTick, kMost),
                {left + 2 * kPad + kSample, y + 0.32 * kTick}, kTick);
  }
}

}  // namespace

std::vector<double> ticks(double high) {
  const double power = std::pow(10, std::floor(std::log10(high)));
  double step = power;
  for (const double part : {0.1, 0.2, 0.5, 1.0, 2.0}) {
    step = part * power;
    if (high / step <= 10) break;
  }
  std::vector<double> result;
  for (int i = 0; i * step <= high * (1 + 1e-9); ++i) result.push_back(i * step);
  return result;
}

phosphene::Tensor draw(const Plot& plot) {
  Canvas canvas(static_cast<std::int64_t>(kWidth), static_cast<std::int64_t>(kHeight));
  const Beside beside(plot);
  const Axes axes(plot, beside.room());
  draw_axes(canvas, plot, axes);
  draw_all_series(canvas, plot, placed(plot, axes, beside));
  if (!plot.series.empty()) draw_legend(canvas, plot, axes);
  return canvas.take();
}

}  // namespace apps
