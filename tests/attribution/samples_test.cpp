// SmoothGrad and integrated gradients, and that batches change nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "kernels/normal_noise.hpp"
#include "phosphene/methods/saliency.hpp"
#include "tests/attribution/classifiers.hpp"

namespace phosphene {
namespace {

using testing::kImage;
using testing::random_image;
using testing::values;

const ContextOptions kCpu{.device = "cpu", .seed = 5};

std::vector<float> attribution(const Context& context, const Network& network, const Tensor& images,
                               const SaliencyOptions& options) {
  return values(saliency(context, network, images, options).attribution);
}

void expect_near(const std::vector<float>& a, const std::vector<float>& b, double tolerance) {
  ASSERT_EQ(a.size(), b.size());
  double most = 0;
  for (const float v : b) most = std::max(most, std::abs(double{v}));
  for (std::size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], tolerance * most) << i;
}

/// n numbers g / n are added: n roundings of 2^-24.
TEST(SmoothGrad, WithoutNoiseIsTheGradient) {
  const Context context(kCpu);
  const Network network = testing::steady(testing::pooled_classifier());
  const Tensor image = random_image(kImage, 1);
  expect_near(
      attribution(context, network, image, {.method = SaliencyMethod::smoothgrad, .sigma = 0}),
      attribution(context, network, image, {}), 25 * 0x1p-23);
}

TEST(SmoothGrad, IsTheMeanOverTheKeyedNoise) {
  const Context context(kCpu);
  const Network network = testing::steady(testing::pooled_classifier());
  const Tensor image = random_image(kImage, 1);
  const SaliencyOptions options{
      .method = SaliencyMethod::smoothgrad, .target = {.channel = 1}, .samples = 7, .sigma = 0.2F};
  Saliency method(context, network, kImage.h, kImage.w, 2, options);
  const std::int64_t index[] = {41};
  const std::vector<float> smooth = values(method(image, index).attribution);
  std::vector<float> mean(smooth.size());
  for (std::uint32_t s = 0; s < 7; ++s) {
    Tensor noisy = Tensor::host(kImage);
    kernels::cpu::add_normal_noise(image.data(), noisy.data(), image.count(), 0.2F, {5, 41, s});
    const auto one = attribution(context, network, noisy, {.target = {.channel = 1}});
    for (std::size_t i = 0; i < one.size(); ++i) mean[i] += one[i] / 7;
  }
  expect_near(smooth, mean, 7 * 0x1p-22);
  EXPECT_NE(values(method(image).attribution), smooth);  // image 0 has other noise
}

/// Of a linear network the integrand is constant: (x - b) w, whatever the nodes.
TEST(IntegratedGradients, AreExactWhereTheNetworkIsLinear) {
  const Context context(kCpu);
  Graph graph;
  graph.then("input", op::Normalise{{0.5F, 0.4F, 0.3F}, {0.2F, 0.3F, 0.4F}, 1, false});
  graph.then("conv", op::Conv{testing::square(3, 1, 1), 4, 1, true}, "conv");
  graph.then("gap", op::AdaptiveAvgPool{});
  graph.then("fc", op::Linear{testing::kClasses, true}, "fc");
  const Network network = testing::steady(graph);
  const Tensor image = random_image(kImage, 1), black = Tensor::host(kImage);
  std::fill_n(black.view().data(), black.count(), 0.0F);
  for (const int nodes : {1, 2, 50}) {
    const SaliencyOptions options{
        .method = SaliencyMethod::integrated_gradients, .target = {.channel = 1}, .samples = nodes};
    expect_near(attribution(context, network, image, options),
                attribution(context, network, image,
                            {.method = SaliencyMethod::gradient_x_input, .target = {.channel = 1}}),
                (nodes + 40) * 0x1p-23);
  }
}

/// Completeness (Sundararajan et al. 2017): the sum is S(x) - S(b). ELU's slope is continuous, so n
/// nodes leave an error of order n^-2 of a part: 1e-3 of the sum for 50.
TEST(IntegratedGradients, AddUpToTheDifferenceOfTheScores) {
  const Context context(kCpu);
  Graph graph;
  graph.then("input", op::Normalise{{0.5F, 0.4F, 0.3F}, {0.2F, 0.3F, 0.4F}, 1, false});
  graph.then("conv", op::Conv{testing::square(3, 1, 1), 6, 1, true}, "conv");
  graph.then("elu", op::Elu{});
  graph.then("conv2", op::Conv{testing::square(3, 1, 1), 6, 1, true}, "conv2");
  graph.then("elu2", op::Elu{});
  graph.then("gap", op::AdaptiveAvgPool{});
  graph.then("fc", op::Linear{testing::kClasses, true}, "fc");
  const Network network = testing::steady(graph);
  const Tensor image = random_image(kImage, 1), other = random_image(kImage, 2);
  Tensor black = Tensor::host(kImage);
  std::fill_n(black.data(), black.count(), 0.0F);
  const auto score = [&](const Tensor& at) {
    return double{saliency(context, network, at, {.target = {.channel = 3}}).neurons[0].value};
  };
  for (const Tensor* baseline : {static_cast<const Tensor*>(nullptr), &other}) {
    const auto parts = attribution(context, network, image,
                                   {.method = SaliencyMethod::integrated_gradients,
                                    .target = {.channel = 3},
                                    .baseline = baseline});
    double sum = 0, size = 0;
    for (const float part : parts) {
      sum += part;
      size += std::abs(part);
    }
    const double difference = score(image) - score(baseline ? *baseline : black);
    EXPECT_NEAR(sum, difference, 1e-4 * size);
    EXPECT_GT(std::abs(difference), 1e-2 * size);  // so that the comparison says something
  }
}

/// Gauss and Legendre's n nodes integrate polynomials up to degree 2n - 1 exactly. Here the slope
/// along the way is one: S = LRN with beta = -1 is cubic in the image, its derivative quadratic.
TEST(IntegratedGradients, NodesAreThoseOfGaussAndLegendre) {
  const Context context(kCpu);
  Graph graph;
  graph.then("input", op::Normalise{{0, 0, 0}, {1, 1, 1}, 1, false});
  graph.then("cube", op::Lrn{.size = 3, .alpha = 3, .beta = -1, .k = 1});
  graph.then("gap", op::AdaptiveAvgPool{});
  const Network network(graph, {});
  const Tensor image = random_image(kImage, 1);
  const auto by = [&](int nodes) {
    return attribution(context, network, image,
                       {.method = SaliencyMethod::integrated_gradients,
                        .target = {.channel = 1},
                        .samples = nodes});
  };
  const auto exact = by(9);
  expect_near(by(2), exact, 16 * 0x1p-23);
  double apart = 0;  // one node, the middle, is exact to degree 1 alone
  const auto one = by(1);
  for (std::size_t i = 0; i < one.size(); ++i) apart += std::abs(one[i] - exact[i]);
  EXPECT_GT(apart, 1e-3);
}

/// The same bytes twice, and the same numbers but for rounding in any batch and any company: how a
/// product of matrices is summed may follow from their size.
TEST(Saliency, ABatchIsAsTheImagesAlone) {
  const Context context(kCpu);
  const Network network = testing::steady(testing::pooled_classifier());
  const Tensor four = random_image({4, 3, kImage.h, kImage.w}, 7);
  for (const std::string& name : saliency_method_names()) {
    SCOPED_TRACE(name);
    const SaliencyOptions options{.method = parse_saliency_method(name), .samples = 3};
    Saliency at_once(context, network, kImage.h, kImage.w, 4, options);
    const SaliencyResult together = at_once(four);
    const std::vector<float> all = values(together.attribution);
    EXPECT_EQ(values(at_once(four).attribution), all);
    Saliency by_three(context, network, kImage.h, kImage.w, 3, options);
    expect_near(values(by_three(four).attribution), all, 1e-6);
    Saliency alone(context, network, kImage.h, kImage.w, 1, options);
    for (std::int64_t i = 0; i < 4; ++i) {
      Tensor image = Tensor::host(kImage);
      std::copy_n(four.data() + i * image.count(), image.count(), image.data());
      const SaliencyResult one = alone(image, std::vector{i});
      const Neuron& neuron = together.neurons[static_cast<std::size_t>(i)];
      EXPECT_EQ(one.neurons[0].channel, neuron.channel);
      EXPECT_FLOAT_EQ(one.neurons[0].value, neuron.value);
      const auto from = all.begin() + i * image.count();
      expect_near(values(one.attribution), {from, from + image.count()}, 1e-6);
    }
  }
}

}  // namespace
}  // namespace phosphene
