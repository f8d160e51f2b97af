// What the tests of the transforms share.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "phosphene/context.hpp"
#include "phosphene/defences/transform.hpp"

namespace phosphene::testing {

inline const std::vector<std::string> kFixed = {"jpeg:75",  "bits:3",   "gaussian:1.2",
                                                "median:3", "median:5", "tv:0.1"};
inline const std::vector<std::string> kRandom = {
    "resize-pad:0.7", "noise:0.1",      "rotate:30", "scale:0.7..1.4",
    "viewpoint:0.3",  "brightness:0.5", "print",     "rotate:15+scale:0.8..1.2+print:0.5"};

inline std::vector<std::string> all_specs() {
  std::vector<std::string> specs = kFixed;
  specs.insert(specs.end(), kRandom.begin(), kRandom.end());
  return specs;
}

/// No two pixels of a channel are nearer than 1 / count: the order of their values is beyond doubt.
inline Tensor distinct_images(const Shape& shape, unsigned seed) {
  Tensor images = Tensor::host(shape);
  std::mt19937 bits(seed);
  for (std::int64_t plane = 0; plane < shape.n * shape.c; ++plane) {
    float* pixels = images.data() + plane * shape.pixels();
    for (std::int64_t i = 0; i < shape.pixels(); ++i) {
      pixels[i] = (static_cast<float>(i) + 0.5F) / static_cast<float>(shape.pixels());
    }
    std::shuffle(pixels, pixels + shape.pixels(), bits);
  }
  return images;
}

inline Tensor random_tensor(const Shape& shape, unsigned seed) {
  Tensor tensor = Tensor::host(shape);
  std::mt19937 bits(seed);
  for (std::int64_t i = 0; i < shape.count(); ++i) {
    tensor.data()[i] = static_cast<float>(bits() >> 8) * 0x1p-23F - 1;
  }
  return tensor;
}

inline std::vector<float> floats(const Tensor& tensor) {
  return {tensor.data(), tensor.data() + tensor.count()};
}

inline double dot(const Tensor& a, const Tensor& b) {
  return std::inner_product(
      a.data(), a.data() + a.count(), b.data(), 0.0,
      [](double sum, double term) { return sum + term; },
      [](float x, float y) { return static_cast<double>(x) * y; });
}

/// Draws of images 7, 8, ...: no image is its slot's number.
inline std::vector<Draw> draws_of(std::int64_t n, std::uint32_t sample) {
  std::vector<Draw> draws;
  for (std::int64_t i = 0; i < n; ++i) draws.push_back({7 + i, sample});
  return draws;
}

/// All transforms of a spec, one after the other.
inline Tensor through(const Context& context, const Transforms& transforms, const Tensor& images,
                      const std::vector<Draw>& draws) {
  Tensor x = Tensor::host(images.shape());
  std::copy_n(images.data(), images.count(), x.data());
  for (const auto& transform : transforms) {
    Tensor y = context.empty(images.shape());
    transform->forward(x, draws, y);
    x = std::move(y);
  }
  return x;
}

}  // namespace phosphene::testing
