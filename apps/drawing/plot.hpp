#pragma once
#include <string>
#include <vector>

#include "canvas.hpp"
#include "phosphene/tensor.hpp"

namespace apps {

/// A curve of a plot: points of rising x, and how sure each is.
struct Series {
  std::string name;
  std::vector<Point> points;
  std::vector<Point> intervals{};  ///< x: low, y: high of the point's y; empty: none are shown
  bool markers = true;             ///< at the points
  bool line = true;                ///< between them; without it intervals are bars, and
                                   ///< several series stand a little beside each other
};

struct Plot {
  std::string title, x_label, y_label;
  double y_low = 0, y_high = 1;
  std::vector<Series> series;
};

/// Some 5 to 10 even, round numbers from 0 to `high` at most.
std::vector<double> ticks(double high);

/// Curves over x >= 0, with axes, a grid and a legend: 1200 x 780 pixels.
phosphene::Tensor draw(const Plot& plot);

}  // namespace apps
