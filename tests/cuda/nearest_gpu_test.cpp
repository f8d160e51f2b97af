// DeepFool, Carlini-Wagner and the universal perturbation on the GPU, beside the CPU: the bundled
// network on drawn pictures.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "phosphene/attacks/carlini_wagner.hpp"
#include "phosphene/attacks/deepfool.hpp"
#include "phosphene/attacks/universal.hpp"
#include "tests/cuda/gpu.hpp"
#include "tests/nearest/linear_victim.hpp"

namespace phosphene::cuda {
namespace {

using Outcomes = std::map<std::int64_t, Outcome>;

class GpuNearest : public testing::Test {
 protected:
  void SetUp() override {
    skip_without_gpu();
    if (!IsSkipped()) gpu_ = std::make_unique<Context>(ContextOptions{.device = "cuda", .seed = 3});
  }
  std::unique_ptr<Victim> victim(const Context& context, std::int64_t batch) const {
    return make_victim(context, network_, kShapesSize, kShapesSize, batch);
  }
  /// On the GPU twice, in refilled slots, and on the CPU. An image that is next to its boundary may
  /// take a step more on one of them, so the distances are compared in the mean.
  template <class Make>
  void expect_alike(const Make& make) {
    const auto run_on = [&](const Context& context) {
      const auto host = victim(context, 3);
      return nearest::run(*make(context, *host), pictures_);
    };
    const Outcomes gpu = run_on(*gpu_), cpu = run_on(cpu_);
    nearest::expect_same(gpu, run_on(*gpu_));
    double mean = 0, expected = 0;
    for (const Example& e : pictures_) {
      EXPECT_EQ(gpu.at(e.index).success, cpu.at(e.index).success) << e.index;
      mean += nearest::l2(gpu.at(e.index).image, e.image);
      expected += nearest::l2(cpu.at(e.index).image, e.image);
    }
    EXPECT_NEAR(mean / expected, 1, 0.01);
  }

  const Context cpu_{ContextOptions{.device = "cpu", .seed = 3}};
  std::unique_ptr<Context> gpu_;
  const Network network_ = load_network({.weights = "shapes"});
  const std::vector<Example> pictures_ = nearest::shapes_examples(8);
};

TEST_F(GpuNearest, DeepFoolGoesAsFarAsOnTheCpu) {
  for (const Norm norm : {Norm::l2, Norm::linf}) {
    expect_alike([&](const Context& context, Victim& host) {
      DeepFoolOptions options;
      options.norm = norm;
      return deepfool(context, host, options);
    });
  }
}

TEST_F(GpuNearest, CarliniWagnerComesAsNearAsOnTheCpu) {
  expect_alike([](const Context& context, Victim& host) {
    CarliniWagnerOptions options;
    options.searches = 4;
    options.steps = 40;
    options.rate = 0.02F;
    options.initial_c = 0.1F;
    return carlini_wagner(context, host, options);
  });
}

TEST_F(GpuNearest, AUniversalPerturbationStaysInItsBall) {
  const ImageSource images{static_cast<std::int64_t>(pictures_.size()), [&](std::int64_t i) {
                             return nearest::copy_of(pictures_[static_cast<std::size_t>(i)].image);
                           }};
  UniversalOptions options;
  options.passes = 2;
  const auto many = victim(*gpu_, 3), one = victim(*gpu_, 1);
  const UniversalResult first = universal(*gpu_, *many, *one, images, options);
  const UniversalResult again = universal(*gpu_, *many, *one, images, options);
  EXPECT_EQ(nearest::linf(first.delta, again.delta), 0);
  EXPECT_GT(first.updates, 0);
  const float* begin = first.delta.data();
  const auto [low, high] = std::minmax_element(begin, begin + first.delta.count());
  EXPECT_GE(*low, -options.epsilon);
  EXPECT_LE(*high, options.epsilon);
}

}  // namespace
}  // namespace phosphene::cuda
