// Ops of the transforms before a network, on batches of images whose numbers each has for itself,
// and what is drawn for one image.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "phosphene/attacks/victim.hpp"
#include "phosphene/context.hpp"
#include "phosphene/tensor.hpp"

namespace phosphene::ops {

/// The draw of one stage of several that share a draw: what one of them draws says nothing of what
/// another does, nor of noise that is drawn with the draw itself.
Draw stage_draw(const Context& context, Draw draw, std::uint32_t stage);
std::vector<Draw> stage_draws(const Context& context, std::span<const Draw> draws,
                              std::uint32_t stage);

/// Numbers drawn one after the other for an image, on the host (kernels/philox.hpp).
class DrawnNumbers {
 public:
  DrawnNumbers(const Context& context, Draw draw) : seed_(context.seed()), draw_(draw) {}
  double uniform(double low, double high);  ///< in [low, high)

 private:
  std::uint64_t seed_;
  Draw draw_;
  std::int64_t next_ = 0;
};

/// A 3x3 matrix, rows first, of homogeneous places (x, y, 1).
using Matrix3 = std::array<double, 9>;
Matrix3 product(const Matrix3& a, const Matrix3& b);
Matrix3 inverse(const Matrix3& m);  ///< not singular

/// The 18 numbers that warp() reads of an image (kernels/warp.hpp), from the matrix that takes
/// places in y to places in x, both in pixels; its third row is above 0 at whatever is to be seen.
constexpr int kWarpNumbers = 18;
void write_warp_numbers(const Matrix3& from_result, float* numbers);
void warp(const Context& context, const Tensor& x, const Tensor& numbers, Tensor& y);
void warp_backward(const Context& context, const Tensor& d_y, const Tensor& numbers, Tensor& d_x);

/// numbers: A and b of each image, on the device (kernels/colour_map.hpp).
constexpr int kColourNumbers = 12;
void colour_map(const Context& context, const Tensor& x, const Tensor& numbers, Tensor& y);
void colour_map_backward(const Context& context, const Tensor& x, const Tensor& numbers,
                         const Tensor& d_y, Tensor& d_x);

/// One side of a Gaussian that is cut off at 4 sigma and sums to 1, radius + 1 floats, 0 past its
/// own end; sigma 0 is the identity.
int gaussian_radius(double sigma);
void write_gaussian_weights(double sigma, int radius, float* weights);
/// weights [n, 1, 1, radius + 1] on the device. Its gradient is the same call on d_y
/// (kernels/blur.hpp). scratch is of the shape of x.
void blur(const Context& context, const Tensor& x, const Tensor& weights, Tensor& scratch,
          Tensor& y);

/// choice: i32, of the shape of x.
void median(const Context& context, const Tensor& x, int size, Tensor& choice, Tensor& y);
void median_backward(const Context& context, const Tensor& choice, const Tensor& d_y, int size,
                     Tensor& d_x);

/// `steps` of Chambolle's from nothing. The fields are [n, 2 c, h, w].
void denoise(const Context& context, const Tensor& x, float weight, int steps, Tensor& field,
             Tensor& next_field, Tensor& y);

/// Rounds to levels + 1 values in [0,1].
void quantise(const Context& context, const Tensor& x, float levels, Tensor& y);

}  // namespace phosphene::ops
