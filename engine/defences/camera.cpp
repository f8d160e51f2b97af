// What light, printers and cameras do to a picture: colours, a blur and noise, drawn for each draw.
#include "engine/defences/transforms.hpp"
#include "engine/ops/image_ops.hpp"

namespace phosphene::defences {
namespace {

/// The twelve numbers of one image's map of colours.
using DrawColours = void (*)(ops::DrawnNumbers&, double strength, float* numbers);

void draw_brightness(ops::DrawnNumbers& drawn, double range, float* numbers) {
  const auto factor = static_cast<float>(drawn.uniform(1 - range, 1 + range));
  for (int k = 0; k < ops::kColourNumbers; ++k) numbers[k] = k < 9 && k % 4 == 0 ? factor : 0;
}

void draw_print(ops::DrawnNumbers& drawn, double strength, float* numbers) {
  for (int k = 0; k < ops::kColourNumbers; ++k) {
    const double identity = k < 9 && k % 4 == 0 ? 1 : 0;
    numbers[k] = static_cast<float>(identity + 0.1 * strength * drawn.uniform(-1, 1));
  }
}

class Colours : public NamedTransform {
 public:
  Colours(const Context& context, std::string name, DrawColours draw, double strength)
      : NamedTransform(context, std::move(name)), draw_(draw), strength_(strength) {}
  bool random() const override { return true; }
  bool differentiable() const override { return true; }

  void forward(const Tensor& x, std::span<const Draw> draws, Tensor& y) override {
    ops::colour_map(context(), x, numbers(draws), y);
  }
  void backward(const Tensor& x, std::span<const Draw> draws, const Tensor& d_y,
                Tensor& d_x) override {
    ops::colour_map_backward(context(), x, numbers(draws), d_y, d_x);
  }

 private:
  const Tensor& numbers(std::span<const Draw> draws) {
    return drawn_.of(
        context(), draws, ops::kColourNumbers,
        [&](ops::DrawnNumbers& drawn, float* numbers) { draw_(drawn, strength_, numbers); });
  }

  DrawColours draw_;
  double strength_;
  DrawnTensor drawn_;
};

class RandomBlur : public NamedTransform {
 public:
  RandomBlur(const Context& context, std::string name, double largest)
      : NamedTransform(context, std::move(name)), largest_(largest) {}
  bool random() const override { return true; }
  bool differentiable() const override { return true; }

  void forward(const Tensor& x, std::span<const Draw> draws, Tensor& y) override {
    const int radius = ops::gaussian_radius(largest_);
    const Tensor& weights =
        drawn_.of(context(), draws, radius + 1, [&](ops::DrawnNumbers& drawn, float* of_image) {
          ops::write_gaussian_weights(drawn.uniform(0, largest_), radius, of_image);
        });
    ops::blur(context(), x, weights, scratch(context(), rows_, x.shape()), y);
  }
  /// The filter is a symmetric matrix.
  void backward(const Tensor&, std::span<const Draw> draws, const Tensor& d_y,
                Tensor& d_x) override {
    forward(d_y, draws, d_x);
  }

 private:
  double largest_;
  DrawnTensor drawn_;
  Tensor rows_;
};

class Noise : public NamedTransform {
 public:
  Noise(const Context& context, std::string name, double low, double high)
      : NamedTransform(context, std::move(name)), low_(low), high_(high) {}
  bool random() const override { return true; }
  bool differentiable() const override { return true; }

  void forward(const Tensor& x, std::span<const Draw> draws, Tensor& y) override {
    // The pixels' noise is drawn apart from the number that says how strong it is.
    const Tensor& sigma =
        drawn_.of(context(), draws, 1, [&](ops::DrawnNumbers& drawn, float* of_image) {
          *of_image = static_cast<float>(drawn.uniform(low_, high_));
        });
    ops::add_normal_noise(context(), x, ops::stage_draws(context(), draws, 0), sigma, y);
  }
  void backward(const Tensor&, std::span<const Draw>, const Tensor& d_y, Tensor& d_x) override {
    ops::copy(context(), d_y, d_x);
  }

 private:
  double low_, high_;
  DrawnTensor drawn_;
};

}  // namespace

std::unique_ptr<Transform> brightness(const Context& context, std::string name, double range) {
  return std::make_unique<Colours>(context, std::move(name), draw_brightness, range);
}

std::unique_ptr<Transform> print_colours(const Context& context, std::string name,
                                         double strength) {
  return std::make_unique<Colours>(context, std::move(name), draw_print, strength);
}

std::unique_ptr<Transform> random_blur(const Context& context, std::string name, double largest) {
  return std::make_unique<RandomBlur>(context, std::move(name), largest);
}

std::unique_ptr<Transform> noise(const Context& context, std::string name, double low,
                                 double high) {
  return std::make_unique<Noise>(context, std::move(name), low, high);
}

}  // namespace phosphene::defences
