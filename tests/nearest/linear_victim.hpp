// A victim whose boundaries are known: logits W x + b, in double, on the CPU. And images for it.
#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "phosphene/attacks/attack.hpp"
#include "phosphene/attacks/victim.hpp"
#include "phosphene/context.hpp"
#include "phosphene/datasets/shapes.hpp"
#include "phosphene/error.hpp"
#include "phosphene/models.hpp"

namespace phosphene::nearest {

constexpr std::int64_t kSide = 4, kClasses = 5, kPixels = 3 * kSide * kSide;

class LinearVictim final : public Victim {
 public:
  LinearVictim(const Context& context, std::int64_t batch)
      : shape_{batch, 3, kSide, kSide},
        logits_(context.zeros({batch, kClasses, 1, 1})),
        gradient_(context.zeros(shape_)) {
    std::mt19937 random(7);
    std::normal_distribution<double> normal;
    for (auto& row : weights_) {
      row.resize(kPixels);
      for (double& w : row) w = normal(random);
    }
  }

  Shape images() const override { return shape_; }
  std::int64_t classes() const override { return kClasses; }

  const Tensor& forward(const Tensor& images, std::span<const Draw>) override {
    ++forwards;
    for (std::int64_t n = 0; n < shape_.n; ++n) {
      for (std::int64_t k = 0; k < kClasses; ++k) {
        logits_.data()[n * kClasses + k] =
            static_cast<float>(logit(images.data() + n * kPixels, k));
      }
    }
    return logits_;
  }
  const Tensor& backward(const Tensor& d_logits) override {
    ++backwards;
    for (std::int64_t n = 0; n < shape_.n; ++n) {
      for (std::int64_t p = 0; p < kPixels; ++p) {
        double sum = 0;
        for (std::int64_t k = 0; k < kClasses; ++k) {
          sum += double{d_logits.data()[n * kClasses + k]} * weight(k, p);
        }
        gradient_.data()[n * kPixels + p] = static_cast<float>(sum);
      }
    }
    return gradient_;
  }

  double weight(std::int64_t k, std::int64_t p) const {
    return weights_[static_cast<std::size_t>(k)][static_cast<std::size_t>(p)];
  }
  double logit(const float* x, std::int64_t k) const {
    double sum = 0;
    for (std::int64_t p = 0; p < kPixels; ++p) sum += weight(k, p) * (double{x[p]} - 0.5);
    return sum;
  }
  std::int64_t predicted(const float* x) const {
    std::int64_t best = 0;
    for (std::int64_t k = 1; k < kClasses; ++k) best = logit(x, k) > logit(x, best) ? k : best;
    return best;
  }
  /// Of the boundary between two classes: |f| / |w|_2, or |f| / |w|_1.
  double distance(const float* x, std::int64_t from, std::int64_t to, Norm norm) const {
    double length = 0;
    for (std::int64_t p = 0; p < kPixels; ++p) {
      const double w = weight(to, p) - weight(from, p);
      length += norm == Norm::l2 ? w * w : std::abs(w);
    }
    return std::abs(logit(x, to) - logit(x, from)) /
           (norm == Norm::l2 ? std::sqrt(length) : length);
  }

  int forwards = 0, backwards = 0;

 private:
  Shape shape_;
  Tensor logits_, gradient_;
  std::vector<double> weights_[kClasses];
};

inline Tensor copy_of(const Tensor& image) {
  Tensor same = Tensor::host(image.shape());
  std::copy_n(image.data(), image.count(), same.data());
  return same;
}

/// Grey pictures, so that the box is far from the boundaries.
inline Tensor greyish(unsigned seed) {
  Tensor image = Tensor::host({1, 3, kSide, kSide});
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(0.3F, 0.7F);
  for (std::int64_t p = 0; p < kPixels; ++p) image.data()[p] = uniform(random);
  return image;
}

inline std::vector<Example> examples(const LinearVictim& victim, std::int64_t count) {
  std::vector<Example> all;
  for (std::int64_t i = 0; i < count; ++i) {
    Tensor image = greyish(static_cast<unsigned>(i));
    const std::int64_t label = victim.predicted(image.data());
    all.push_back({.index = i, .image = std::move(image), .label = label});
  }
  return all;
}

inline std::vector<Example> shapes_examples(std::int64_t count) {
  std::vector<Example> all;
  for (std::int64_t i = 0; i < count; ++i) {
    ShapesSample sample = shapes(2, static_cast<std::uint64_t>(i));
    all.push_back({.index = i, .image = std::move(sample.image), .label = sample.label});
  }
  return all;
}

/// Outcomes by the number of their image.
inline std::map<std::int64_t, Outcome> run(Attack& attack, const std::vector<Example>& queue) {
  std::map<std::int64_t, Outcome> outcomes;
  std::size_t next = 0;
  run_attack(
      attack,
      [&]() -> std::optional<Example> {
        if (next == queue.size()) return std::nullopt;
        const Example& e = queue[next++];
        return Example{e.index, copy_of(e.image), e.label, e.target, e.epsilon};
      },
      [&](Outcome outcome) {
        const std::int64_t index = outcome.index;
        outcomes.emplace(index, std::move(outcome));
      });
  return outcomes;
}

inline void expect_same(const std::map<std::int64_t, Outcome>& a,
                        const std::map<std::int64_t, Outcome>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [index, one] : a) {
    const Outcome& other = b.at(index);
    EXPECT_EQ(one.success, other.success) << index;
    EXPECT_EQ(one.iterations, other.iterations) << index;
    EXPECT_EQ(one.queries, other.queries) << index;
    EXPECT_TRUE(
        std::equal(one.image.data(), one.image.data() + one.image.count(), other.image.data()))
        << index;
  }
}

inline double l2(const Tensor& a, const Tensor& b) {
  double sum = 0;
  for (std::int64_t p = 0; p < a.count(); ++p) {
    const double d = double{a.data()[p]} - b.data()[p];
    sum += d * d;
  }
  return std::sqrt(sum);
}

inline double linf(const Tensor& a, const Tensor& b) {
  double most = 0;
  for (std::int64_t p = 0; p < a.count(); ++p) {
    most = std::max(most, std::abs(double{a.data()[p]} - b.data()[p]));
  }
  return most;
}

template <class F>
std::string refusal(F f) {
  try {
    f();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "no UsageError";
}

}  // namespace phosphene::nearest
