// The transforms that are the same for every draw, and run on the device.
#include <vector>

#include "engine/defences/transforms.hpp"

namespace phosphene::defences {
namespace {

class Bits : public StraightThrough {
 public:
  Bits(const Context& context, std::string name, int bits)
      : StraightThrough(context, std::move(name)), levels_(static_cast<float>((1 << bits) - 1)) {}

  void forward(const Tensor& x, std::span<const Draw>, Tensor& y) override {
    ops::quantise(context(), x, levels_, y);
  }

 private:
  float levels_;
};

class Gaussian : public NamedTransform {
 public:
  Gaussian(const Context& context, std::string name, double sigma)
      : NamedTransform(context, std::move(name)), sigma_(sigma) {}
  bool differentiable() const override { return true; }

  void forward(const Tensor& x, std::span<const Draw>, Tensor& y) override { smooth(x, y); }
  /// The filter is a symmetric matrix.
  void backward(const Tensor&, std::span<const Draw>, const Tensor& d_y, Tensor& d_x) override {
    smooth(d_y, d_x);
  }

 private:
  void smooth(const Tensor& x, Tensor& y) {
    const int radius = ops::gaussian_radius(sigma_);
    const Shape shape{x.shape().n, 1, 1, radius + 1};
    if (weights_.shape() != shape) {
      Tensor host = Tensor::host(shape);
      for (std::int64_t i = 0; i < shape.n; ++i) {
        ops::write_gaussian_weights(sigma_, radius, host.data() + i * shape.w);
      }
      weights_ = ops::to_device(context(), host);
    }
    ops::blur(context(), x, weights_, scratch(context(), rows_, x.shape()), y);
  }

  double sigma_;
  Tensor weights_, rows_;
};

class Median : public NamedTransform {
 public:
  Median(const Context& context, std::string name, int size)
      : NamedTransform(context, std::move(name)), size_(size) {}
  bool differentiable() const override { return true; }

  void forward(const Tensor& x, std::span<const Draw>, Tensor& y) override {
    ops::median(context(), x, size_, scratch(context(), choice_, x.shape(), DType::i32), y);
  }
  void backward(const Tensor& x, std::span<const Draw> draws, const Tensor& d_y,
                Tensor& d_x) override {
    forward(x, draws, scratch(context(), medians_, x.shape()));
    ops::median_backward(context(), choice_, d_y, size_, d_x);
  }

 private:
  int size_;
  Tensor choice_, medians_;
};

class Denoise : public StraightThrough {
 public:
  Denoise(const Context& context, std::string name, double weight)
      : StraightThrough(context, std::move(name)), weight_(static_cast<float>(weight)) {}

  void forward(const Tensor& x, std::span<const Draw>, Tensor& y) override {
    constexpr int kSteps = 50;
    Shape field = x.shape();
    field.c *= 2;
    ops::denoise(context(), x, weight_, kSteps, scratch(context(), field_, field),
                 scratch(context(), next_field_, field), y);
  }

 private:
  float weight_;
  Tensor field_, next_field_;
};

}  // namespace

std::unique_ptr<Transform> bits(const Context& context, std::string name, int bits) {
  return std::make_unique<Bits>(context, std::move(name), bits);
}

std::unique_ptr<Transform> gaussian(const Context& context, std::string name, double sigma) {
  return std::make_unique<Gaussian>(context, std::move(name), sigma);
}

std::unique_ptr<Transform> median(const Context& context, std::string name, int size) {
  return std::make_unique<Median>(context, std::move(name), size);
}

std::unique_ptr<Transform> denoise(const Context& context, std::string name, double weight) {
  return std::make_unique<Denoise>(context, std::move(name), weight);
}

}  // namespace phosphene::defences
