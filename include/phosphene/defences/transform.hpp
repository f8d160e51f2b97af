#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "phosphene/attacks/victim.hpp"
#include "phosphene/context.hpp"
#include "phosphene/tensor.hpp"

namespace phosphene {

/// What is done to an image before a network sees it: a defence, or what the world does to a
/// picture on its way into a camera. Images are nchw fp32 [n, 3, h, w] on the device; each is
/// transformed by itself. The order of images and the batch change nothing.
class Transform {
 public:
  virtual ~Transform() = default;

  virtual std::string name() const = 0;  ///< as parse_transforms() reads it: "jpeg:75"
  /// Drawn anew for every Draw; otherwise draws are ignored.
  virtual bool random() const { return false; }
  /// False: backward() is no gradient, but the identity in its place (below).
  virtual bool differentiable() const = 0;

  /// y = t(x), of the shape of x, which it does not alias.
  virtual void forward(const Tensor& x, std::span<const Draw> draws, Tensor& y) = 0;
  /// d_x = (dt/dx)^T d_y at the images and draws of a forward(), almost everywhere. What has no
  /// useful gradient passes d_y on as it is, as if t were the identity: BPDA (Athalye, Carlini and
  /// Wagner 2018, "Obfuscated gradients give a false sense of security").
  virtual void backward(const Tensor& x, std::span<const Draw> draws, const Tensor& d_y,
                        Tensor& d_x) = 0;
};

using Transforms = std::vector<std::unique_ptr<Transform>>;

/// Transforms by name, joined by '+' and applied from left to right: "jpeg:75+median:3". Warps that
/// follow each other are sampled once. U(a, b) is uniform, drawn once an image and draw.
///
///   jpeg:QUALITY        1..100; through libjpeg-turbo and back, colour at half resolution (4:2:0),
///                       on the host. BPDA
///   bits:N              1..8: round(x (2^N - 1)) / (2^N - 1). BPDA
///   gaussian:SIGMA      smoothing, pixels; cut off at 4 sigma, the picture mirrored at its borders
///   median:SIZE         3, 5 or 7: of the SIZE x SIZE pixels around, mirrored at the borders. The
///                       gradient goes to the pixel that was taken
///   tv:WEIGHT           argmin over u of |u - x|^2 / 2 + WEIGHT TV(u) in each channel, by 50 steps
///                       of Chambolle (2004). BPDA
///   resize-pad:LOW      0.1..1: shrunk by U(LOW, 1), at a random place on black (Xie et al. 2018)
///   noise:SIGMA         + normal noise
///   rotate:DEGREES      by U(-DEGREES, DEGREES) about the middle
///   scale:LOW..HIGH     about the middle by U(LOW, HIGH)
///   viewpoint:STRENGTH  0..0.4: each corner is moved by U(-STRENGTH, STRENGTH) of half the picture
///                       along either axis, and the picture with them (a homography)
///   brightness:RANGE    0..1: clamp(U(1 - RANGE, 1 + RANGE) x, 0, 1)
///   print[:STRENGTH]    0..1, 1 if not said; printed and photographed: colours by a random affine
///                       map, clamp((I + 0.1 S U(-1, 1)) x + 0.1 S U(-1, 1), 0, 1), a blur of
///                       U(0, S) pixels, noise of U(0, 0.05 S)
///
/// Rotate, scale, viewpoint and resize-pad sample bilinearly and see black outside.
/// Throws UsageError that names the part and, where the name is unknown, lists those there are.
/// The context outlives the transforms.
Transforms parse_transforms(const Context& context, const std::string& spec);

/// `transform` with a backward() of zeros: the gradient that rounding, or a stage that hides its
/// gradient, really has. For tests of what an attack says of masked gradients.
std::unique_ptr<Transform> without_gradient(const Context& context,
                                            std::unique_ptr<Transform> transform);

}  // namespace phosphene
