#include "tests/attacks/pictures.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "phosphene/datasets/shapes.hpp"
#include "phosphene/error.hpp"
#include "phosphene/models.hpp"

namespace phosphene::testing_attacks {

Network bundled_network() {
  NetworkOptions options;
  options.weights = "shapes";
  return load_network(options);
}

std::vector<Example> pictures(std::int64_t count, float epsilon) {
  std::vector<Example> examples;
  for (std::int64_t i = 0; i < count; ++i) {
    ShapesSample sample = shapes(2, static_cast<std::uint64_t>(i));
    Example example;
    example.index = i;
    example.image = std::move(sample.image);
    example.label = sample.label;
    example.epsilon = epsilon;
    examples.push_back(std::move(example));
  }
  return examples;
}

Example copy_of(const Example& example) {
  Example copy;
  copy.index = example.index;
  copy.label = example.label;
  copy.target = example.target;
  copy.epsilon = example.epsilon;
  copy.tag = example.tag;
  copy.image = Tensor::host(example.image.shape());
  std::copy_n(example.image.data(), example.image.count(), copy.image.data());
  return copy;
}

Outcomes run(Attack& attack, const std::vector<Example>& examples) {
  Outcomes outcomes;
  std::size_t at = 0;
  run_attack(
      attack,
      [&]() -> std::optional<Example> {
        if (at == examples.size()) return std::nullopt;
        return copy_of(examples[at++]);
      },
      [&](Outcome outcome) { outcomes[outcome.index] = std::move(outcome); });
  return outcomes;
}

std::string refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

int successes(const Outcomes& outcomes) {
  return static_cast<int>(std::count_if(outcomes.begin(), outcomes.end(),
                                        [](const auto& entry) { return entry.second.success; }));
}

std::vector<float> values(const Tensor& host) { return {host.data(), host.data() + host.count()}; }

float linf(const Tensor& a, const Tensor& b) {
  float largest = 0;
  for (std::int64_t k = 0; k < a.count(); ++k) {
    largest = std::max(largest, std::abs(a.data()[k] - b.data()[k]));
  }
  return largest;
}

double l2(const Tensor& a, const Tensor& b) {
  double sum = 0;
  for (std::int64_t k = 0; k < a.count(); ++k) {
    const double d = double{a.data()[k]} - double{b.data()[k]};
    sum += d * d;
  }
  return std::sqrt(sum);
}

}  // namespace phosphene::testing_attacks
