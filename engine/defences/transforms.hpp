// The transforms by themselves: parse.cpp gives them their names and checks their numbers.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/ops/tensor_ops.hpp"
#include "engine/ops/transform_ops.hpp"
#include "phosphene/defences/transform.hpp"

namespace phosphene::defences {

std::unique_ptr<Transform> jpeg(const Context& context, std::string name, int quality);
std::unique_ptr<Transform> bits(const Context& context, std::string name, int bits);
std::unique_ptr<Transform> gaussian(const Context& context, std::string name, double sigma);
std::unique_ptr<Transform> median(const Context& context, std::string name, int size);
std::unique_ptr<Transform> denoise(const Context& context, std::string name, double weight);

/// sigma is drawn from U(low, high) an image.
std::unique_ptr<Transform> noise(const Context& context, std::string name, double low, double high);
std::unique_ptr<Transform> random_blur(const Context& context, std::string name, double largest);
std::unique_ptr<Transform> brightness(const Context& context, std::string name, double range);
std::unique_ptr<Transform> print_colours(const Context& context, std::string name, double strength);

/// From places in the result to places in an image of this size, both in pixels.
using DrawWarp =
    std::function<ops::Matrix3(ops::DrawnNumbers&, std::int64_t height, std::int64_t width)>;
DrawWarp rotation(double degrees);
DrawWarp scaling(double low, double high);
DrawWarp viewpoint(double strength);
DrawWarp shrinking(double low);
/// One after the other, sampled once.
std::unique_ptr<Transform> warp(const Context& context, std::string name,
                                std::vector<DrawWarp> warps);

/// What every transform has.
class NamedTransform : public Transform {
 public:
  NamedTransform(const Context& context, std::string name)
      : context_(context), name_(std::move(name)) {}
  std::string name() const override { return name_; }

 protected:
  const Context& context() const { return context_; }

 private:
  const Context& context_;
  std::string name_;
};

/// One of those that a gradient passes as if they were not there.
class StraightThrough : public NamedTransform {
 public:
  using NamedTransform::NamedTransform;
  bool differentiable() const override { return false; }
  void backward(const Tensor&, std::span<const Draw>, const Tensor& d_y, Tensor& d_x) override {
    ops::copy(context(), d_y, d_x);
  }
};

/// A tensor on the device that is made again where another shape is asked for.
inline Tensor& scratch(const Context& context, Tensor& tensor, const Shape& shape,
                       DType dtype = DType::f32) {
  if (tensor.shape() != shape) tensor = context.empty(shape, dtype);
  return tensor;
}

/// Numbers that follow from the draws, on the device.
class DrawnTensor {
 public:
  /// draw_image fills the `count` floats of one image.
  template <class DrawImage>
  const Tensor& of(const Context& context, std::span<const Draw> draws, std::int64_t count,
                   DrawImage draw_image) {
    const auto n = static_cast<std::int64_t>(draws.size());
    Tensor host = Tensor::host({n, 1, 1, count});
    for (std::int64_t i = 0; i < n; ++i) {
      ops::DrawnNumbers numbers(context, draws[static_cast<std::size_t>(i)]);
      draw_image(numbers, host.data() + i * count);
    }
    ops::copy(context, host, scratch(context, device_, host.shape()));
    return device_;
  }

 private:
  Tensor device_;
};

}  // namespace phosphene::defences
