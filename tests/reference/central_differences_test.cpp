// Every node type's input gradient against central differences of the forward pass, both through a
// Session with the reference lowering in double.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/reference/fixtures.hpp"
#include "tests/reference/node_cases.hpp"
#include "tests/reference/reference_lowering.hpp"

namespace phosphene::reference {
namespace {

/// (L(x + h) - L(x - h)) / 2h is off by h^2 L'''/6 + eps |L| / h. With h = 1e-5, eps = 1.1e-16 and
/// L a random sum of a few hundred terms of size 1 (|L| < 100) the second part is below 1e-9. LRN,
/// ELU and softmax alone are not linear between switches; behind a division by 0.2 their L''' / L'
/// is under 5^2 times a few, so that the first part is below 1e-9 of the gradient too. A unit that
/// switches within h would show as an error of its whole share: the inputs are fixed, none does.
constexpr double kStep = 1e-5;
constexpr double kTolerance = 1e-8;
constexpr std::size_t kPixels = 40;

class CentralDifferences : public testing::TestWithParam<NodeCase> {};

TEST_P(CentralDifferences, AgreeWithBackward) {
  const NodeCase& node_case = GetParam();
  const Context context({.device = "cpu"});
  const Network network = random_network(node_case.graph, node_case.image, 11);
  Session session(context, network,
                  {.height = node_case.image.h,
                   .width = node_case.image.w,
                   .batch = node_case.image.n,
                   .taps = node_case.taps},
                  make_reference_lowering<double>());
  Random random(12);
  Values pixels = random.values(node_case.image.count(), 0, 1);
  write(pixels, session.image());
  session.forward();

  std::vector<Values> gradients;
  std::vector<Seed> seeds;
  for (const std::string& tap : node_case.taps) {
    gradients.push_back(random.values(session.tap(tap).count(), -1, 1));
    seeds.push_back(seed_of(tap, gradients.back()));
  }
  const Values d_image = read(session.backward(seeds));

  const auto loss = [&](const Values& image) {
    write(image, session.image());
    session.forward();
    double sum = 0;
    for (std::size_t k = 0; k < seeds.size(); ++k) {
      const Values y = read(session.tap(node_case.taps[k]));
      for (std::size_t i = 0; i < y.size(); ++i) sum += gradients[k][i] * y[i];
    }
    return sum;
  };

  double largest = 0;
  for (const double d : d_image) largest = std::max(largest, std::abs(d));
  ASSERT_GT(largest, 0);
  for (std::size_t k = 0; k < kPixels; ++k) {
    const auto i =
        static_cast<std::size_t>(random.uniform(0, 1) * static_cast<float>(pixels.size()));
    const double pixel = pixels[i];
    pixels[i] = pixel + kStep;
    const double above = loss(pixels);
    pixels[i] = pixel - kStep;
    const double below = loss(pixels);
    pixels[i] = pixel;
    EXPECT_NEAR(d_image[i], (above - below) / (2 * kStep), kTolerance * largest) << "pixel " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Nodes, CentralDifferences, testing::ValuesIn(node_cases()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace phosphene::reference
