// Changes of place. A warp is the matrix from places in its result back to places in the image;
// the first of several is the last that a place goes through on its way back.
#include <cmath>
#include <numbers>
#include <vector>

#include "engine/defences/transforms.hpp"

namespace phosphene::defences {
namespace {

using ops::Matrix3;

/// m about the middle of the picture, whose unit is `unit_x` and `unit_y` pixels.
Matrix3 about_middle(const Matrix3& m, std::int64_t h, std::int64_t w, double unit_x,
                     double unit_y) {
  const double x = 0.5 * static_cast<double>(w - 1), y = 0.5 * static_cast<double>(h - 1);
  const Matrix3 to_units = {1 / unit_x, 0, -x / unit_x, 0, 1 / unit_y, -y / unit_y, 0, 0, 1};
  const Matrix3 to_pixels = {unit_x, 0, x, 0, unit_y, y, 0, 0, 1};
  return ops::product(to_pixels, ops::product(m, to_units));
}

/// The homography that sends the corners (-1,-1), (1,-1), (1,1), (-1,1) of a square to four others
/// (Heckbert 1989, "Fundamentals of texture mapping and image warping", 2.2.3): of the unit square,
/// after the square has been taken there.
Matrix3 corners_to(const double x[4], const double y[4]) {
  const double sum_x = x[0] - x[1] + x[2] - x[3], sum_y = y[0] - y[1] + y[2] - y[3];
  const double x1 = x[1] - x[2], x2 = x[3] - x[2], y1 = y[1] - y[2], y2 = y[3] - y[2];
  const double determinant = x1 * y2 - x2 * y1;
  const double g = (sum_x * y2 - x2 * sum_y) / determinant;
  const double h = (x1 * sum_y - sum_x * y1) / determinant;
  const Matrix3 of_unit_square = {x[1] - x[0] + g * x[1],
                                  x[3] - x[0] + h * x[3],
                                  x[0],
                                  y[1] - y[0] + g * y[1],
                                  y[3] - y[0] + h * y[3],
                                  y[0],
                                  g,
                                  h,
                                  1};
  return ops::product(of_unit_square, {0.5, 0, 0.5, 0, 0.5, 0.5, 0, 0, 1});
}

class Warp : public NamedTransform {
 public:
  Warp(const Context& context, std::string name, std::vector<DrawWarp> warps)
      : NamedTransform(context, std::move(name)), warps_(std::move(warps)) {}
  bool random() const override { return true; }
  bool differentiable() const override { return true; }

  void forward(const Tensor& x, std::span<const Draw> draws, Tensor& y) override {
    ops::warp(context(), x, numbers(x.shape(), draws), y);
  }
  void backward(const Tensor& x, std::span<const Draw> draws, const Tensor& d_y,
                Tensor& d_x) override {
    ops::warp_backward(context(), d_y, numbers(x.shape(), draws), d_x);
  }

 private:
  const Tensor& numbers(const Shape& s, std::span<const Draw> draws) {
    return drawn_.of(context(), draws, ops::kWarpNumbers,
                     [&](ops::DrawnNumbers& drawn, float* numbers) {
                       Matrix3 back = {1, 0, 0, 0, 1, 0, 0, 0, 1};
                       for (const DrawWarp& warp : warps_) {
                         back = ops::product(back, warp(drawn, s.h, s.w));
                       }
                       ops::write_warp_numbers(back, numbers);
                     });
  }

  std::vector<DrawWarp> warps_;
  DrawnTensor drawn_;
};

}  // namespace

DrawWarp rotation(double degrees) {
  return [degrees](ops::DrawnNumbers& drawn, std::int64_t h, std::int64_t w) {
    const double angle = drawn.uniform(-degrees, degrees) * std::numbers::pi / 180;
    const double c = std::cos(angle), s = std::sin(angle);
    return about_middle({c, -s, 0, s, c, 0, 0, 0, 1}, h, w, 1, 1);
  };
}

DrawWarp scaling(double low, double high) {
  return [low, high](ops::DrawnNumbers& drawn, std::int64_t h, std::int64_t w) {
    const double back = 1 / drawn.uniform(low, high);
    return about_middle({back, 0, 0, 0, back, 0, 0, 0, 1}, h, w, 1, 1);
  };
}

DrawWarp viewpoint(double strength) {
  return [strength](ops::DrawnNumbers& drawn, std::int64_t h, std::int64_t w) {
    double x[4] = {-1, 1, 1, -1}, y[4] = {-1, -1, 1, 1};
    for (int corner = 0; corner < 4; ++corner) {
      x[corner] += drawn.uniform(-strength, strength);
      y[corner] += drawn.uniform(-strength, strength);
    }
    return about_middle(ops::inverse(corners_to(x, y)), h, w, 0.5 * static_cast<double>(w),
                        0.5 * static_cast<double>(h));
  };
}

DrawWarp shrinking(double low) {
  return [low](ops::DrawnNumbers& drawn, std::int64_t h, std::int64_t w) {
    const double scale = drawn.uniform(low, 1), back = 1 / scale;
    const double left = drawn.uniform(0, (1 - scale) * static_cast<double>(w));
    const double top = drawn.uniform(0, (1 - scale) * static_cast<double>(h));
    return Matrix3{back, 0, (0.5 - left) * back - 0.5, 0, back, (0.5 - top) * back - 0.5, 0, 0, 1};
  };
}

std::unique_ptr<Transform> warp(const Context& context, std::string name,
                                std::vector<DrawWarp> warps) {
  return std::make_unique<Warp>(context, std::move(name), std::move(warps));
}

}  // namespace phosphene::defences
