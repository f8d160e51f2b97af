// Classifiers whose boundaries are known, and attacks run to their end.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "phosphene/attacks/attack.hpp"
#include "phosphene/classifier.hpp"
#include "phosphene/datasets/shapes.hpp"

namespace phosphene::testing {

inline constexpr std::int64_t kSide = 8, kPixels = 3 * kSide * kSide;

/// Class 1 where w . (x - 1/2) > offset, else class 0.
struct HalfSpace {
  std::vector<float> w;
  double offset = 0;

  explicit HalfSpace(double offset_, unsigned seed = 1) : offset(offset_) {
    std::mt19937 bits(seed);
    for (std::int64_t i = 0; i < kPixels; ++i) {
      w.push_back(static_cast<float>(bits() >> 8) * 0x1p-23F - 1);
    }
  }
  double score(const float* x) const {
    double sum = -offset;
    for (std::size_t i = 0; i < w.size(); ++i) {
      sum += static_cast<double>(w[i]) * (static_cast<double>(x[i]) - 0.5);
    }
    return sum;
  }
  /// Of a point to the plane: |score| over the length of w in the norm that is dual.
  double distance(const float* x, Norm norm) const {
    double one = 0, two = 0;
    for (const float v : w) {
      one += std::abs(static_cast<double>(v));
      two += static_cast<double>(v) * static_cast<double>(v);
    }
    return std::abs(score(x)) / (norm == Norm::linf ? one : std::sqrt(two));
  }
  /// 1 in the class, 0 elsewhere: labels and nothing else. On the host.
  Classifier one_hot() const {
    return [*this](const Tensor& images) {
      const Shape& s = images.shape();
      Tensor scores = Tensor::host({s.n, 2, 1, 1});
      for (std::int64_t n = 0; n < s.n; ++n) {
        const bool first = score(images.data() + n * kPixels) > 0;
        scores.data()[2 * n] = first ? 0.0F : 1.0F;
        scores.data()[2 * n + 1] = first ? 1.0F : 0.0F;
      }
      return scores;
    };
  }
};

inline Tensor copy_of(const Tensor& host) {
  Tensor copy = Tensor::host(host.shape());
  std::copy_n(host.data(), host.count(), copy.data());
  return copy;
}

/// Near the middle of the pixel box, so that the box does not stand in the way to the plane.
inline Example grey(std::int64_t index, std::int64_t label) {
  Example example;
  example.index = index;
  example.label = label;
  example.image = Tensor::host({1, 3, kSide, kSide});
  std::mt19937 bits(static_cast<unsigned>(index) + 100);
  for (std::int64_t i = 0; i < kPixels; ++i) {
    example.image.data()[i] = 0.4F + 0.2F * static_cast<float>(bits() >> 8) * 0x1p-24F;
  }
  return example;
}

inline Example shape_picture(std::int64_t index) {
  ShapesSample sample = shapes(2, static_cast<std::uint64_t>(index));
  Example example;
  example.index = index;
  example.label = sample.label;
  example.image = std::move(sample.image);
  return example;
}

inline double distance(const Tensor& a, const Tensor& b, Norm norm) {
  double squares = 0, largest = 0;
  for (std::int64_t i = 0; i < a.count(); ++i) {
    const double d = std::abs(static_cast<double>(a.data()[i]) - static_cast<double>(b.data()[i]));
    squares += d * d;
    largest = std::max(largest, d);
  }
  return norm == Norm::linf ? largest : std::sqrt(squares);
}

using Outcomes = std::map<std::int64_t, Outcome>;

inline Example copy_of(const Example& example) {
  Example copy;
  copy.index = example.index;
  copy.image = copy_of(example.image);
  copy.label = example.label;
  copy.target = example.target;
  copy.epsilon = example.epsilon;
  if (!example.start.empty()) copy.start = copy_of(example.start);
  return copy;
}

inline NextExample queue_of(const std::vector<Example>& examples) {
  return [&examples, next = std::size_t{0}]() mutable -> std::optional<Example> {
    if (next == examples.size()) return {};
    return copy_of(examples[next++]);
  };
}

inline Outcomes outcomes_of(Attack& attack, const std::vector<Example>& examples) {
  Outcomes outcomes;
  run_attack(attack, queue_of(examples),
             [&](Outcome outcome) { outcomes.emplace(outcome.index, std::move(outcome)); });
  return outcomes;
}

}  // namespace phosphene::testing
