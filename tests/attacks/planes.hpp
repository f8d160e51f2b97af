// Victims of any size that can be made to fail: linear ones, and those whose scores are NaN.
#pragma once
#include <cstdint>
#include <limits>
#include <random>
#include <span>
#include <vector>

#include "phosphene/attacks/victim.hpp"
#include "phosphene/error.hpp"
#include "phosphene/tensor.hpp"

namespace phosphene::testing_attacks {

/// Logits W (x - 1/2), on the CPU, for images of any size.
class Planes : public Victim {
 public:
  Planes(const Shape& images, std::int64_t classes)
      : shape_(images),
        logits_(Tensor::host({images.n, classes, 1, 1})),
        gradient_(Tensor::host(images)) {
    std::mt19937 random(3);
    std::normal_distribution<float> normal;
    for (std::int64_t i = 0; i < classes * each(); ++i) w_.push_back(normal(random));
  }
  Shape images() const override { return shape_; }
  std::int64_t classes() const override { return logits_.shape().c; }
  const Tensor& forward(const Tensor& images, std::span<const Draw>) override {
    if (--left == 0) throw Error("the victim is gone");
    for (std::int64_t n = 0; n < shape_.n; ++n) {
      for (std::int64_t k = 0; k < classes(); ++k) {
        logits_.data()[n * classes() + k] = logit(images.data() + n * each(), k);
      }
    }
    return logits_;
  }
  const Tensor& backward(const Tensor& d_logits) override {
    for (std::int64_t n = 0; n < shape_.n; ++n) {
      for (std::int64_t p = 0; p < each(); ++p) {
        float sum = 0;
        for (std::int64_t k = 0; k < classes(); ++k) {
          sum += d_logits.data()[n * classes() + k] * weight(k, p);
        }
        gradient_.data()[n * each() + p] = flat ? 0 : sum;
      }
    }
    return gradient_;
  }
  virtual float logit(const float* x, std::int64_t k) const {
    float sum = 0;
    for (std::int64_t p = 0; p < each(); ++p) sum += weight(k, p) * (x[p] - 0.5F);
    return sum;
  }
  std::int64_t label(const Tensor& image) const {
    std::int64_t best = 0;
    for (std::int64_t k = 1; k < classes(); ++k) {
      if (logit(image.data(), k) > logit(image.data(), best)) best = k;
    }
    return best;
  }

  int left = -1;      ///< calls until one throws
  bool flat = false;  ///< the gradient is zero

 private:
  std::int64_t each() const { return shape_.count() / shape_.n; }
  float weight(std::int64_t k, std::int64_t p) const {
    return w_[static_cast<std::size_t>(k * each() + p)];
  }

  Shape shape_;
  Tensor logits_, gradient_;
  std::vector<float> w_;
};

/// NaN at some images.
class Torn : public Planes {
 public:
  using Planes::Planes;
  float logit(const float* x, std::int64_t k) const override {
    const bool torn = everywhere ? k > 0 : x[0] < edge;
    return torn ? std::numeric_limits<float>::quiet_NaN() : Planes::logit(x, k);
  }
  bool everywhere = false;
  float edge = 0;
};

}  // namespace phosphene::testing_attacks
