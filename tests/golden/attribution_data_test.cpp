// Maps of real photographs against Captum and pytorch-grad-cam (make_attribution_goldens.py), on a
// residual network with BatchNorm and on GoogLeNet.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "phosphene/classifier.hpp"
#include "phosphene/image.hpp"
#include "phosphene/methods/cam.hpp"
#include "phosphene/methods/occlusion.hpp"
#include "phosphene/methods/saliency.hpp"
#include "phosphene/models.hpp"
#include "tests/golden/golden.hpp"

namespace phosphene::golden {
namespace {

using reference::read;

/// Of the map's range: what a map may be off by at any pixel, where nothing switches. The scores
/// are off by 2e-6 of theirs (see the network goldens), and a map of drops by two of these over its
/// range, a fifth of the score in these photographs: 2e-5. The rest is for other machines.
constexpr double kTolerance = 1e-4;

constexpr std::size_t kSamples = 1000;
constexpr std::int64_t kSide = 224;

struct Photograph {
  std::string network;
  int index;
  std::string file;
  std::int64_t target;
  std::vector<std::string> layers;            ///< of Grad-CAM
  std::vector<std::pair<int, int>> sweeps{};  ///< patch, stride
};
void PrintTo(const Photograph& photograph, std::ostream* out) {
  *out << photograph.network << ' ' << photograph.file;
}

/// As it is where it is small, else halved by the mean of 2 x 2 pixels, of which the middle.
Tensor photograph(const std::string& path) {
  Tensor whole = load_image(path);
  const Shape& s = whole.shape();
  if (s.h <= kSide) return whole;
  Tensor image = Tensor::host({1, 3, kSide, kSide});
  const std::int64_t top = (s.h / 2 - kSide) / 2, left = (s.w / 2 - kSide) / 2;
  for (std::int64_t i = 0; i < image.count(); ++i) {
    const std::int64_t c = i / (kSide * kSide), y = i / kSide % kSide, x = i % kSide;
    const float* corner = whole.data() + (c * s.h + 2 * (top + y)) * s.w + 2 * (left + x);
    float levels = 0;  // 0 to 4 x 255, a whole number
    for (const std::int64_t at : {std::int64_t{0}, std::int64_t{1}, s.w, s.w + 1}) {
      levels += std::round(corner[at] * 255);
    }
    image.data()[i] = levels / (4 * 255);
  }
  return image;
}

/// Every k-th value in nchw order, about 1000 of them, k odd: what is stored.
Values sample(const Values& all) {
  const std::size_t stride = std::max<std::size_t>(1, all.size() / kSamples) | 1U;
  Values some;
  for (std::size_t i = 0; i < all.size(); i += stride) some.push_back(all[i]);
  return some;
}

double norm(const Values& all) {
  double sum = 0;
  for (const double value : all) sum += value * value;
  return std::sqrt(sum);
}

class AttributionGolden : public testing::TestWithParam<Photograph> {
 protected:
  void SetUp() override {
    const Photograph& p = GetParam();
    const std::string weights = test_data("weights/" + p.network + ".safetensors");
    const std::string file = test_data("images/" + p.file);
    if (weights.empty() || file.empty()) {
      GTEST_SKIP() << "no test data: PHOSPHENE_DATA/weights/" << p.network << ", images/" << p.file;
    }
    network_ = std::make_unique<Network>(make_model(p.network, Weights::load(weights)));
    image_ = photograph(file);
    key_ = p.network + "." + std::to_string(p.index) + ".";
    golden_ = load("attribution");
  }

  /// All samples within the tolerance, and the whole map of the peer's norm.
  void compare(const Tensor& map, const std::string& name) {
    const Values all = read(map), got = sample(all);
    const Values want = values(golden_, key_ + name + ".sample");
    const Values whole = values(golden_, key_ + name + ".whole");
    ASSERT_EQ(got.size(), want.size()) << name;
    const double range = whole[1] - whole[0];
    double furthest = 0, within = 0;
    for (std::size_t i = 0; i < got.size(); ++i) {
      const double distance = std::abs(got[i] - want[i]) / range;
      furthest = std::max(furthest, distance);
      within += distance <= kTolerance ? 1 : 0;
    }
    // Where the peer's own float32 strays further from its float64, single pixels may by twice
    // that.
    EXPECT_LE(furthest, std::max(kTolerance, 2 * whole[3])) << name;
    EXPECT_GE(within / static_cast<double>(got.size()), 0.99) << name;
    EXPECT_NEAR(norm(all), whole[2], kTolerance * whole[2]) << name;
  }

  Context context_{ContextOptions{.device = "cpu"}};
  std::unique_ptr<Network> network_;
  Tensor image_;
  std::string key_;
  Weights golden_;
};

TEST_P(AttributionGolden, SamePhotographAndScores) {
  double sum = 0, squares = 0;
  for (const double pixel : read(image_)) {
    sum += pixel;
    squares += pixel * pixel;
  }
  const Values pixels = values(golden_, key_ + "pixels");
  EXPECT_NEAR(sum, pixels[0], 1e-6 * pixels[0]) << "decoded otherwise than the peer's";
  EXPECT_NEAR(squares, pixels[1], 1e-6 * pixels[1]) << "decoded otherwise than the peer's";
  const Shape& s = image_.shape();
  const Tensor logits = make_classifier(context_, *network_, s.h, s.w, 1)(image_);
  const Values want = values(golden_, key_ + "logits");
  for (std::size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(logits.data()[i], want[i], 1e-4) << i;
}

TEST_P(AttributionGolden, Gradients) {
  for (const auto& [name, method] :
       {std::pair{"gradient", SaliencyMethod::gradient},
        std::pair{"gradient_x_input", SaliencyMethod::gradient_x_input},
        std::pair{"guided_backprop", SaliencyMethod::guided_backprop},
        std::pair{"deconvnet", SaliencyMethod::deconvnet},
        std::pair{"integrated_gradients", SaliencyMethod::integrated_gradients}}) {
    const SaliencyOptions options{.method = method, .target = {"", GetParam().target}};
    compare(saliency(context_, *network_, image_, options).attribution, name);
  }
}

TEST_P(AttributionGolden, GradCam) {
  for (const std::string& layer : GetParam().layers) {
    CamOptions options{
        .method = CamMethod::grad_cam, .layer = layer, .classes = {GetParam().target}};
    const CamResult rectified = class_activation(context_, *network_, image_, options);
    compare(rectified.maps[0], "grad_cam." + layer);
    compare(rectified.maps[0], "pytorch_grad_cam." + layer);
    options.keep_negative = true;
    compare(class_activation(context_, *network_, image_, options).maps[0],
            "grad_cam_signed." + layer);
  }
}

TEST_P(AttributionGolden, Occlusion) {
  const Shape& s = image_.shape();
  for (const auto& [patch, stride] : GetParam().sweeps) {
    // The large sweep by one engine alone: dense, it would take a quarter of a minute.
    const bool large = patch == 15 && s.h == kSide;
    for (const OcclusionEngine engine : {OcclusionEngine::incremental, OcclusionEngine::dense}) {
      if (large && engine == OcclusionEngine::dense) continue;
      class Occlusion occlusion(context_, *network_, s.h, s.w,
                                {.patch = {patch, patch},
                                 .stride = {stride, stride},
                                 .baseline = OcclusionBaseline::zero,
                                 .score = OcclusionScore::logit,
                                 .target = GetParam().target,
                                 .engine = engine});
      compare(occlusion.run(image_).map,
              "occlusion." + std::to_string(patch) + "." + std::to_string(stride));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Photographs, AttributionGolden,
                         testing::Values(Photograph{"resnet20_cifar10",
                                                    0,
                                                    "cifar20/cifar10_01_8.png",
                                                    8,
                                                    {"layer3.2.conv2", "layer2.1.conv1"},
                                                    {{15, 8}, {5, 3}}},
                                         Photograph{"resnet20_cifar10",
                                                    1,
                                                    "cifar20/cifar10_16_5.png",
                                                    7,
                                                    {"layer3.2.conv2", "layer2.1.conv1"},
                                                    {{15, 8}}},
                                         Photograph{"googlenet_bvlc",
                                                    0,
                                                    "imagenet20/imagenet_05_853.jpg",
                                                    853,
                                                    {"inception_5b/output", "inception_4c/output"},
                                                    {{60, 45}, {15, 8}}},
                                         Photograph{"googlenet_bvlc",
                                                    1,
                                                    "imagenet20/imagenet_15_99.jpg",
                                                    100,
                                                    {"inception_5b/output", "inception_4c/output"},
                                                    {{60, 45}}}),
                         [](const auto& test) {
                           return test.param.network + "_" + std::to_string(test.param.index);
                         });

}  // namespace
}  // namespace phosphene::golden
