#include "pictures.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

#include "checks.hpp"
#include "drawing/canvas.hpp"
#include "drawing/plot.hpp"
#include "phosphene/statistics.hpp"

namespace apps {
namespace {

using phosphene::Norm;
using phosphene::Shape;
using phosphene::Tensor;

constexpr Colour kFooled{0.78F, 0.25F, 0};

/// k of "perturbation x k": 0.5 / its largest value, rounded down to what is easily read.
int amplification(double largest) {
  if (!(largest > 0)) return 1;
  double k = std::floor(0.5 / largest + 1e-6);
  if (k >= 1000) {
    const double power = std::pow(10, std::floor(std::log10(k)) - 1);
    k = std::floor(k / power) * power;
  }
  return static_cast<int>(std::clamp(k, 1.0, 1e9));
}

Tensor perturbation(const Pair& pair, int k) {
  Tensor result = Tensor::host(pair.image.shape());
  for (std::int64_t i = 0; i < result.count(); ++i) {
    const float d = pair.attacked.data()[i] - pair.image.data()[i];
    result.data()[i] = std::clamp(0.5F + static_cast<float>(k) * d, 0.0F, 1.0F);
  }
  return result;
}

std::string norms_text(const Distances& d) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "L∞ %.3g/255   L2 %.3g", d.linf * 255, d.l2);
  return text.data();
}

/// Where things of a grid are.
struct Layout {
  std::int64_t cell_w = 0, cell_h = 0, columns = 1, rows = 1, block = 0, line = 0, edge = 0;
};

constexpr std::int64_t kGap = 14, kBetween = 46, kHead = 96, kWords = 64, kMargin = 34;
constexpr double kTitle = 26, kHeading = 21, kText = 19;

Layout layout_of(const Shape& s, std::size_t count) {
  constexpr double kSide = 224, kMost = 448;
  const double longest = static_cast<double>(std::max(s.h, s.w));
  const double scale =
      longest > kMost ? kMost / longest : std::max(1.0, std::floor(kSide / longest));
  Layout l;
  l.cell_w = std::llround(scale * static_cast<double>(s.w));
  l.cell_h = std::llround(scale * static_cast<double>(s.h));
  // Words need some room, however small the picture.
  l.block = 3 * std::max<std::int64_t>(l.cell_w, 200) + 2 * kGap;
  l.columns = count > 4 ? 2 : 1;
  l.rows = (static_cast<std::int64_t>(count) + l.columns - 1) / l.columns;
  l.line = l.cell_h + kWords;
  return l;
}

void draw_pair(Canvas& canvas, const Pair& pair, const Layout& l, std::int64_t left,
               std::int64_t top) {
  const Distances d = distances(pair.image, pair.attacked);
  const int k = amplification(d.linf);
  const std::int64_t step = (l.block - 2 * kGap) / 3 + kGap, inset = (step - kGap - l.cell_w) / 2;
  const Tensor middle = perturbation(pair, k);
  const std::array<const Tensor*, 3> images{&pair.image, &middle, &pair.attacked};
  const std::array<std::string, 3> first{pair.clean, "× " + std::to_string(k), pair.shown_as};
  const std::string wanted =
      pair.target.empty() ? "" : "target " + pair.target + (pair.fooled ? "" : ": not shown");
  const std::array<std::string, 3> second{pair.name, norms_text(d), wanted};
  for (std::size_t i = 0; i < 3; ++i) {
    const std::int64_t x = left + static_cast<std::int64_t>(i) * step;
    canvas.image(*images[i], x + inset, top, l.cell_w, l.cell_h);
    const auto width = static_cast<double>(step - kGap);
    const double centre = static_cast<double>(x) + width / 2;
    const auto base = static_cast<double>(top + l.cell_h);
    const bool wrong = i == 2 && pair.fooled;
    canvas.text(fitted(first[i], kText, width), {centre, base + 22}, kText, Align::centre,
                wrong ? kFooled : kInk);
    canvas.text(fitted(second[i], kText - 4, width), {centre, base + 42}, kText - 4, Align::centre,
                {0.45F, 0.45F, 0.45F});
  }
}

}  // namespace

std::string caption(const std::string& name, double share) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), " %.1f %%", 100 * share);
  const bool number = !name.empty() && name.back() >= '0' && name.back() <= '9';
  return name + (number ? ":" : "") + text.data();
}

Tensor curves_picture(const std::string& title, Norm norm, const std::vector<NamedCurve>& curves) {
  const bool linf = norm == Norm::linf;
  Plot plot{title,
            linf ? "ε (L∞), in units of 1/255" : "ε (L2), of pixels in [0, 1]",
            "robust accuracy, %",
            0,
            100,
            {}};
  for (const NamedCurve& curve : curves) {
    // Of one radius, beside the clean accuracy, nothing is known between.
    Series& series = plot.series.emplace_back(
        Series{curve.name, {}, {}, curve.points.size() <= 40, curve.points.size() > 2});
    for (const CurvePoint& point : curve.points) {
      const phosphene::Interval interval = phosphene::wilson(point.robust.count, point.robust.of);
      series.points.push_back({point.epsilon * (linf ? 255 : 1), 100 * point.robust.value()});
      series.intervals.push_back({100 * interval.low, 100 * interval.high});
    }
  }
  return draw(plot);
}

Tensor grid_picture(const std::string& title, const std::vector<Pair>& pairs) {
  const Layout l = layout_of(pairs.front().image.shape(), pairs.size());
  Canvas canvas(2 * kMargin + l.columns * l.block + (l.columns - 1) * kBetween,
                kHead + l.rows * l.line + kMargin / 2);
  const double middle =
      static_cast<double>(2 * kMargin + l.columns * l.block + (l.columns - 1) * kBetween) / 2;
  canvas.text(fitted(title, kTitle, 2 * middle - 2 * kMargin), {middle, 40}, kTitle, Align::centre);
  for (std::int64_t column = 0; column < l.columns; ++column) {
    const std::int64_t left = kMargin + column * (l.block + kBetween);
    const std::int64_t step = (l.block - 2 * kGap) / 3 + kGap;
    for (std::int64_t i = 0; i < 3; ++i) {
      constexpr std::array<const char*, 3> kNames{"original", "perturbation", "adversarial"};
      canvas.text(kNames[static_cast<std::size_t>(i)],
                  {static_cast<double>(left + i * step) + static_cast<double>(step - kGap) / 2,
                   static_cast<double>(kHead) - 14},
                  kHeading, Align::centre);
    }
    for (std::int64_t row = 0; row < l.rows; ++row) {
      const auto i = static_cast<std::size_t>(row * l.columns + column);
      if (i < pairs.size()) draw_pair(canvas, pairs[i], l, left, kHead + row * l.line);
    }
  }
  return canvas.take();
}

}  // namespace apps
