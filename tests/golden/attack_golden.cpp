#include "tests/golden/attack_golden.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "engine/attacks/loss_gradient.hpp"
#include "engine/ops/image_ops.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "phosphene/attacks/victim.hpp"

namespace phosphene::golden {
namespace {

constexpr int kPerFloat = 10;       // base-5 digits
constexpr float kRadiusL2 = 0.25F;  // of the peer's L2 run

/// The digit of every element of a step: 0 zero, 1 and 2 negative and positive, 3 and 4 the same
/// but too small to be compared.
std::vector<int> digits(const HostArray& stored, std::size_t step, std::int64_t count) {
  const std::size_t row = stored.values.size() / static_cast<std::size_t>(stored.shape[0]);
  std::vector<int> all;
  for (std::size_t i = 0; i < row; ++i) {
    auto word = static_cast<std::int64_t>(stored.values[step * row + i]);
    for (int k = 0; k < kPerFloat; ++k, word /= 5) all.push_back(static_cast<int>(word % 5));
  }
  all.resize(static_cast<std::size_t>(count));
  return all;
}

int sign(int digit) { return digit == 0 ? 0 : digit % 2 == 1 ? -1 : 1; }

Tensor image_of(const Tensor& images, std::int64_t i) {
  const Shape& s = images.shape();
  Tensor one = Tensor::host({1, s.c, s.h, s.w});
  std::copy_n(images.data() + i * one.count(), one.count(), one.data());
  return one;
}

std::vector<Example> examples_of(const AttackCase& c, const Weights& golden, const Tensor& images,
                                 float epsilon) {
  std::vector<Example> examples;
  const Values labels = values(golden, c.name + ".labels");
  for (std::size_t i = 0; i < labels.size(); ++i) {
    Example example;
    example.index = static_cast<std::int64_t>(i);
    example.image = image_of(images, example.index);
    example.label = static_cast<std::int64_t>(labels[i]);
    example.epsilon = epsilon;
    examples.push_back(std::move(example));
  }
  return examples;
}

/// The cross-entropy of an image.
double loss_at(const Context& context, Victim& victim, const Tensor& image, std::int64_t label) {
  const Tensor logits = as_classifier(context, victim)(image);
  const double largest = *std::max_element(logits.data(), logits.data() + logits.count());
  double sum = 0;
  for (std::int64_t k = 0; k < logits.count(); ++k) sum += std::exp(logits.data()[k] - largest);
  return std::log(sum) + largest - logits.data()[label];
}

}  // namespace

void expect_the_peers_steps(const AttackCase& c, const Network& network, const Tensor& images) {
  const Context context(ContextOptions{.device = "cpu"});
  const Weights golden = load("attacks");
  const Shape& s = images.shape();
  const auto victim = make_victim(context, network, s.h, s.w, 1);
  LossGradient loss(context, *victim, AttackLoss::cross_entropy);
  const Tensor none = ops::classes(context, std::vector<std::int32_t>{-1});
  const Tensor alpha = ops::numbers(context, std::vector<float>{c.epsilon / 4});
  const Tensor epsilon = ops::numbers(context, std::vector<float>{c.epsilon});
  const std::vector<Draw> draws(1);
  for (const Example& example : examples_of(c, golden, images, c.epsilon)) {
    const Tensor label =
        ops::classes(context, std::vector<std::int32_t>{static_cast<std::int32_t>(example.label)});
    const HostArray& stored = golden.at(c.name + ".signs." + std::to_string(example.index));
    const std::int64_t count = example.image.count();
    const double radius = c.epsilon, step_size = radius / 4;
    std::vector<double> peer(example.image.data(), example.image.data() + count);
    std::int64_t compared = 0;
    for (std::size_t step = 0; step < static_cast<std::size_t>(stored.shape[0]); ++step) {
      Tensor x = Tensor::host(example.image.shape());
      std::transform(peer.begin(), peer.end(), x.data(),
                     [](double v) { return static_cast<float>(v); });
      loss(x, label, none, draws);
      Tensor moved = ops::clone(context, x);
      ops::step(context, Norm::linf, loss.gradient(), example.image, alpha, epsilon, {}, moved);
      const std::vector<int> code = digits(stored, step, count);
      for (std::int64_t k = 0; k < count; ++k) {
        const auto at = static_cast<std::size_t>(k);
        const double clean = example.image.data()[k];
        const double next = std::clamp(
            std::clamp(peer[at] + step_size * sign(code[at]), clean - radius, clean + radius), 0.0,
            1.0);
        if (code[at] == 1 || code[at] == 2) {
          const float g = loss.gradient().data()[k];
          ASSERT_EQ(g > 0   ? 1
                    : g < 0 ? -1
                            : 0,
                    sign(code[at]))
              << "picture " << example.index << ", step " << step << ", element " << k;
          // Rounded at x, at the ends of the ball and by the step.
          ASSERT_NEAR(moved.data()[k], next, 4 * 0x1p-24);
          ++compared;
        }
        peer[at] = next;
      }
    }
    // Most but where convexadv's sparse first layer makes them exact zeros.
    EXPECT_GT(compared, stored.shape[0] * count / 3);
  }
}

void expect_the_peers_outcomes(const AttackCase& c, const Network& network, const Tensor& images) {
  const Context context(ContextOptions{.device = "cpu"});
  const Weights golden = load("attacks");
  const Shape& s = images.shape();
  const auto victim = make_victim(context, network, s.h, s.w, 3);
  std::map<std::string, PgdOptions> methods;
  methods["fgsm"] = fgsm_options();
  methods["bim"] = bim_options();
  methods["pgd"] = bim_options();  // the peer's, without its random start
  methods["mifgsm"] = mi_fgsm_options();
  methods["pgd_l2"] = bim_options();
  methods["pgd_l2"].norm = Norm::l2;
  for (auto& [method, options] : methods) {
    options.stay = true;
    const float radius = options.norm == Norm::l2 ? kRadiusL2 : c.epsilon;
    const std::vector<Example> examples = examples_of(c, golden, images, radius);
    const Values stored = values(golden, c.name + "." + method);
    const auto attack = pgd(context, *victim, std::move(options));
    std::size_t next = 0;
    run_attack(
        *attack,
        [&]() -> std::optional<Example> {
          if (next == examples.size()) return std::nullopt;
          const Example& e = examples[next++];
          return Example{e.index, image_of(e.image, 0), e.label, e.target, e.epsilon};
        },
        [&](const Outcome& outcome) {
          const auto i = static_cast<std::size_t>(outcome.index);
          const double loss = loss_at(context, *victim, outcome.image, examples[i].label);
          EXPECT_NEAR(loss, stored[i], 0.01 * stored[i]) << c.name << " " << method << " " << i;
          EXPECT_EQ(outcome.success, stored[examples.size() + i] != 0) << c.name << " " << method;
        });
  }
}

}  // namespace phosphene::golden
