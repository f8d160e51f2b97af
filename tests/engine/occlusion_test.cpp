#include "phosphene/methods/occlusion.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "engine/methods/gaussian.hpp"
#include "phosphene/error.hpp"
#include "tests/engine/small_network.hpp"

// Occlusion through black boxes: what each window is filled with, what becomes of the scores.
namespace phosphene {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::FloatEq;
using ::testing::FloatNear;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Lt;
using ::testing::Pointwise;
using testing::random_image;
using ::testing::ThrowsMessage;

std::vector<float> values(const Tensor& t) { return {t.data(), t.data() + t.count()}; }

Tensor host(Shape shape, const std::vector<float>& from) {
  Tensor t = Tensor::host(shape);
  std::ranges::copy(from, t.data());
  return t;
}

/// logit_k = b_k + a_k sum over c, p of (c + 1) ((7 p + 3 k) mod 11) x_cp^2: every pixel counts, no
/// two alike, and not linearly.
Tensor scores(const Tensor& images) {
  const Shape& s = images.shape();
  constexpr std::array<double, 4> kA{0.011, -0.007, 0.004, 0.009}, kB{0.3, 1.1, -0.2, 0};
  Tensor logits = Tensor::host({s.n, 4, 1, 1});
  for (std::int64_t i = 0; i < s.n * 4; ++i) {
    const std::int64_t k = i % 4;
    double sum = 0;
    for (std::int64_t j = 0; j < s.c * s.pixels(); ++j) {
      const std::int64_t c = j / s.pixels(), p = j % s.pixels();
      const double x = images.data()[i / 4 * s.c * s.pixels() + j];
      sum += static_cast<double>((c + 1) * ((7 * p + 3 * k) % 11)) * x * x;
    }
    const auto at = static_cast<std::size_t>(k);
    logits.data()[i] = static_cast<float>(kB[at] + kA[at] * sum);
  }
  return logits;
}

OcclusionOptions small_options() {
  OcclusionOptions options;
  options.patch = {4, 3};
  options.stride = {3, 2};
  return options;
}

class OcclusionOfABox : public ::testing::Test {
 protected:
  OcclusionResult run(const OcclusionOptions& options, const Classifier& box = scores,
                      std::uint64_t index = 0) const {
    const Shape& s = image_.shape();
    return Occlusion(context_, box, s.h, s.w, options).run(image_, index);
  }
  /// Every image that a black box is shown, the clean one first.
  std::vector<std::vector<float>> shown(const OcclusionOptions& options,
                                        std::uint64_t index = 0) const {
    std::vector<std::vector<float>> all;
    const std::int64_t each = image_.count();
    run(
        options,
        [&](const Tensor& images) {
          for (std::int64_t i = 0; i < images.shape().n; ++i) {
            all.emplace_back(images.data() + i * each, images.data() + (i + 1) * each);
          }
          return scores(images);
        },
        index);
    return all;
  }
  OcclusionGrid grid(const OcclusionOptions& o) const {
    return {image_.shape().h, image_.shape().w, o.patch, o.stride};
  }
  /// The image with window `i` filled by `picture`.
  std::vector<float> filled(const OcclusionOptions& o, std::int64_t i,
                            const Tensor& picture) const {
    std::vector<float> copy = values(image_);
    const Shape& s = image_.shape();
    const std::int64_t top = i / grid(o).cols() * o.stride.h,
                       left = i % grid(o).cols() * o.stride.w;
    for (std::int64_t j = 0; j < image_.count(); ++j) {
      const std::int64_t y = j / s.w % s.h, x = j % s.w;
      if (y >= top && y < top + o.patch.h && x >= left && x < left + o.patch.w) {
        copy[static_cast<std::size_t>(j)] = picture.data()[j];
      }
    }
    return copy;
  }
  void expect_filled_by(const OcclusionOptions& options, const Tensor& picture) const {
    const auto all = shown(options);
    ASSERT_EQ(all.size(), static_cast<std::size_t>(grid(options).count() + 1));
    EXPECT_EQ(all[0], values(image_));
    for (std::size_t i = 1; i < all.size(); ++i) {
      EXPECT_THAT(all[i],
                  Pointwise(FloatEq(), filled(options, static_cast<std::int64_t>(i) - 1, picture)))
          << "window " << i - 1;
    }
  }
  Tensor plain(const std::array<float, 3>& colour) const {
    Tensor picture = Tensor::host(image_.shape());
    for (std::int64_t j = 0; j < image_.count(); ++j) {
      picture.data()[j] = colour[static_cast<std::size_t>(j / image_.shape().pixels())];
    }
    return picture;
  }

  Context context_{{.device = "cpu", .seed = 4}};
  Tensor image_ = random_image({1, 3, 12, 14}, 30);
};

// --- the windows ---------------------------------------------------------------------------------

TEST(OcclusionGrid, PlacesAreCaptums) {
  const OcclusionGrid grid(224, 224, {15, 15}, {8, 8});
  EXPECT_EQ(grid.rows(), 28);
  EXPECT_EQ(grid.cols(), 28);
  const OcclusionWindow last = grid.window(783);
  EXPECT_EQ(last.top, 216);
  EXPECT_EQ(last.left, 216);
  EXPECT_EQ(last.height, 8);  // clipped at the edge
  EXPECT_EQ(last.width, 8);
}

TEST(OcclusionGrid, EveryPixelIsCovered) {
  for (int extent = 1; extent < 20; ++extent) {
    for (int patch = 1; patch <= extent; ++patch) {
      for (int stride = 1; stride <= patch; ++stride) {
        const OcclusionGrid grid(extent, 1, {patch, 1}, {stride, 1});
        std::vector<int> covered(static_cast<std::size_t>(extent));
        for (std::int64_t i = 0; i < grid.count(); ++i) {
          const OcclusionWindow w = grid.window(i);
          ASSERT_GE(w.height, 1);
          ASSERT_LE(w.top + w.height, extent);
          for (std::int64_t y = 0; y < w.height; ++y) {
            ++covered[static_cast<std::size_t>(w.top + y)];
          }
        }
        EXPECT_THAT(covered, Each(Ge(1))) << extent << " " << patch << " " << stride;
      }
    }
  }
}

TEST(OcclusionGrid, RefusesWhatMakesNoSense) {
  const auto grid = [](Extent patch, Extent stride) {
    return [=] { return OcclusionGrid(10, 12, patch, stride); };
  };
  EXPECT_THAT(grid({11, 3}, {2, 2}),
              ThrowsMessage<UsageError>(HasSubstr("--patch 11x3: larger than the 10x12 pixels")));
  EXPECT_THAT(grid({3, 13}, {2, 2}), ThrowsMessage<UsageError>(HasSubstr("--patch 3x13: larger")));
  EXPECT_THAT(grid({3, 3}, {4, 2}),
              ThrowsMessage<UsageError>(HasSubstr("--stride 4x2: larger than the patch of 3x3")));
  EXPECT_THAT(grid({3, 0}, {1, 1}), ThrowsMessage<UsageError>(HasSubstr("--patch 3x0")));
  EXPECT_THAT(grid({3, 3}, {1, 0}), ThrowsMessage<UsageError>(HasSubstr("--stride 1x0")));
}

// --- what hides a window -------------------------------------------------------------------------

TEST_F(OcclusionOfABox, FillsWithGreyZeroOrAColour) {
  OcclusionOptions o = small_options();
  expect_filled_by(o, plain({0.5F, 0.5F, 0.5F}));
  o.baseline = OcclusionBaseline::zero;
  expect_filled_by(o, plain({0, 0, 0}));
  o.baseline = OcclusionBaseline::constant;
  o.colour = {0.1F, 0.9F, 0.4F};
  expect_filled_by(o, plain(o.colour));
}

TEST_F(OcclusionOfABox, FillsWithTheMeanColour) {
  OcclusionOptions o = small_options();
  o.baseline = OcclusionBaseline::mean;
  std::array<float, 3> mean{};
  const std::int64_t pixels = image_.shape().pixels();
  for (std::int64_t c = 0; c < 3; ++c) {
    double sum = 0;
    for (std::int64_t p = 0; p < pixels; ++p) sum += image_.data()[c * pixels + p];
    mean[static_cast<std::size_t>(c)] = static_cast<float>(sum / static_cast<double>(pixels));
  }
  expect_filled_by(o, plain(mean));
}

TEST_F(OcclusionOfABox, FillsWithAPicture) {
  OcclusionOptions o = small_options();
  const Tensor picture = random_image(image_.shape(), 31);
  o.baseline = OcclusionBaseline::image;
  o.picture = &picture;
  expect_filled_by(o, picture);
}

/// The blur against the two-dimensional sum that defines it.
TEST_F(OcclusionOfABox, FillsWithTheBlurredImage) {
  OcclusionOptions o = small_options();
  o.baseline = OcclusionBaseline::blur;
  o.blur_sigma = 1.5F;
  const std::int64_t h = image_.shape().h, w = image_.shape().w, reach = 5;  // ceil(3 sigma)
  Tensor blurred = Tensor::host(image_.shape());
  for (std::int64_t j = 0; j < image_.count(); ++j) {
    const std::int64_t c = j / (h * w), y = j / w % h, x = j % w;
    double sum = 0, total = 0;
    for (std::int64_t v = std::max<std::int64_t>(y - reach, 0); v <= std::min(y + reach, h - 1);
         ++v) {
      for (std::int64_t u = std::max<std::int64_t>(x - reach, 0); u <= std::min(x + reach, w - 1);
           ++u) {
        const auto square = static_cast<double>((v - y) * (v - y) + (u - x) * (u - x));
        const double weight = std::exp(-square / (2 * 1.5 * 1.5));
        sum += weight * image_.data()[(c * h + v) * w + u];
        total += weight;
      }
    }
    blurred.data()[j] = static_cast<float>(sum / total);
  }
  expect_filled_by(o, blurred);
}

TEST_F(OcclusionOfABox, NoiseIsKeyedByImageWindowAndPixel) {
  OcclusionOptions o = small_options();
  o.baseline = OcclusionBaseline::noise;
  const auto all = shown(o), other = shown(o, 1);
  const Tensor unreal = plain({2, 2, 2});
  for (std::size_t i = 1; i < all.size(); ++i) {
    const std::vector<float> mask = filled(o, static_cast<std::int64_t>(i) - 1, unreal);
    for (std::size_t j = 0; j < mask.size(); ++j) {
      if (mask[j] < 2) {
        ASSERT_EQ(all[i][j], image_.data()[j]);
      } else {
        ASSERT_THAT(all[i][j], AllOf(Ge(0.0F), Lt(1.0F)));
        // 24 random bits: equal by chance in one of 16 million.
        ASSERT_NE(all[i][j], image_.data()[j]);
        ASSERT_NE(all[i][j], other[i][j]) << "another image, the same noise";
        if (i > 1) {
          ASSERT_NE(all[i][j], all[i - 1][j]) << "another window, the same noise";
        }
        if (j > 0) {
          ASSERT_NE(all[i][j], all[i][j - 1]) << "another pixel, the same noise";
        }
      }
    }
  }
  EXPECT_EQ(all, shown(o));
  o.batch = 7;
  EXPECT_EQ(all, shown(o)) << "the batch changed the noise";
}

// --- scores, drops and maps ----------------------------------------------------------------------

/// Window by window, from scores of single images.
TEST_F(OcclusionOfABox, DropsAreThoseOfSingleImages) {
  for (OcclusionScore score : {OcclusionScore::softmax, OcclusionScore::logit}) {
    for (bool relative : {false, true}) {
      for (std::int64_t target : {-1, 0, 3}) {
        OcclusionOptions o = small_options();
        o.score = score;
        o.relative = relative;
        o.target = target;
        o.batch = 5;
        const auto of = [&](const std::vector<float>& pixels, std::int64_t k) {
          const std::vector<float> logits = values(scores(host(image_.shape(), pixels)));
          if (score == OcclusionScore::logit) {
            return static_cast<double>(logits[static_cast<std::size_t>(k)]);
          }
          double sum = 0;
          for (float logit : logits) sum += std::exp(static_cast<double>(logit));
          return std::exp(static_cast<double>(logits[static_cast<std::size_t>(k)])) / sum;
        };
        const std::vector<float> clean = values(scores(image_));
        const std::int64_t predicted = std::ranges::max_element(clean) - clean.begin();
        const std::int64_t k = target < 0 ? predicted : target;
        const OcclusionResult result = run(o);
        EXPECT_EQ(result.predicted, predicted);
        EXPECT_EQ(result.target, k);
        EXPECT_TRUE(result.finished);
        const double from = of(values(image_), k);
        EXPECT_NEAR(result.clean, from, 1e-12);
        const Tensor grey = plain({0.5F, 0.5F, 0.5F});
        std::vector<float> drops;
        for (std::int64_t i = 0; i < grid(o).count(); ++i) {
          const double drop = from - of(filled(o, i, grey), k);
          drops.push_back(static_cast<float>(relative ? drop / std::abs(from) : drop));
        }
        EXPECT_THAT(values(result.grid), Pointwise(FloatNear(1e-6F), drops));
      }
    }
  }
}

TEST_F(OcclusionOfABox, TheBatchChangesNothing) {
  OcclusionOptions o = small_options();
  o.baseline = OcclusionBaseline::noise;
  o.batch = 1;
  const OcclusionResult one = run(o);
  for (std::int64_t batch : {2, 7, 31, 1000}) {
    o.batch = batch;
    const OcclusionResult more = run(o);
    EXPECT_EQ(values(one.grid), values(more.grid)) << batch;
    EXPECT_EQ(values(one.map), values(more.map)) << batch;
  }
}

TEST_F(OcclusionOfABox, MapsSumAndMeanOverTheWindowsOfAPixel) {
  OcclusionOptions o = small_options();
  const OcclusionGrid g = grid(o);
  const Tensor drops = random_image({1, 1, g.rows(), g.cols()}, 5);
  const std::vector<float> mean = values(occlusion_map(g, drops, OcclusionAggregate::mean));
  const std::vector<float> sum = values(occlusion_map(g, drops, OcclusionAggregate::sum));
  for (std::int64_t p = 0; p < g.height * g.width; ++p) {
    double total = 0, windows = 0;
    for (std::int64_t i = 0; i < g.count(); ++i) {
      const std::int64_t dy = p / g.width - i / g.cols() * o.stride.h;
      const std::int64_t dx = p % g.width - i % g.cols() * o.stride.w;
      if (dy < 0 || dy >= o.patch.h || dx < 0 || dx >= o.patch.w) continue;
      total += drops.data()[i];
      windows += 1;
    }
    EXPECT_FLOAT_EQ(sum[static_cast<std::size_t>(p)], static_cast<float>(total));
    EXPECT_FLOAT_EQ(mean[static_cast<std::size_t>(p)], static_cast<float>(total / windows));
  }
}

/// Patches of 3 every 2 pixels over 8: centres at 1, 3, 5 and, of the clipped last one, 6.5.
TEST(OcclusionMap, CentreInterpolatesBetweenTheCentres) {
  const OcclusionGrid grid(1, 8, {1, 3}, {1, 2});
  const Tensor map =
      occlusion_map(grid, host({1, 1, 1, 4}, {2, 4, -2, 1}), OcclusionAggregate::centre);
  EXPECT_THAT(values(map), ElementsAre(2, 2, 3, 4, 1, -2, FloatEq(0), 1));
}

TEST(OcclusionMap, CentreIsLinearInBothDirections) {
  const OcclusionGrid grid(9, 11, {3, 5}, {3, 3});  // centres at 1, 4, 7 and 2, 5, 8
  Tensor drops = Tensor::host({1, 1, 3, 3});
  for (int i = 0; i < 9; ++i) {
    drops.data()[i] = static_cast<float>(10 * (1 + 3 * (i / 3)) + 2 + 3 * (i % 3));
  }
  const Tensor map = occlusion_map(grid, drops, OcclusionAggregate::centre);
  for (int y = 1; y <= 7; ++y) {
    for (int x = 2; x <= 8; ++x) {
      EXPECT_FLOAT_EQ(map.data()[y * 11 + x], static_cast<float>(10 * y + x));
    }
  }
}

TEST(OcclusionMap, SmoothingIsTheGaussianOfTheMap) {
  const OcclusionGrid grid(12, 14, {4, 3}, {3, 2});
  const Tensor drops = random_image({1, 1, grid.rows(), grid.cols()}, 5);
  const Tensor plain = occlusion_map(grid, drops, OcclusionAggregate::mean);
  EXPECT_EQ(values(occlusion_map(grid, drops, OcclusionAggregate::mean, 2)),
            values(gaussian_blur(plain, 2)));
}

TEST(Gaussian, LeavesWhatIsConstant) {
  Tensor plain = Tensor::host({1, 1, 6, 9});
  std::fill_n(plain.data(), plain.count(), 0.7F);
  EXPECT_THAT(values(gaussian_blur(plain, 3)), Each(FloatEq(0.7F)));
}

// --- Captum's own numbers (tests/attr/test_occlusion.py) -----------------------------------------

/// BasicModel_MultiLayer: relu([1; 1; 1; 1] (x1 + x2 + x3) + [-10; 1; 1; 1]), then all four summed
/// onto -1 for class 0 and 1 for class 1.
Tensor captum_multi_layer(const Tensor& images) {
  Tensor logits = Tensor::host({images.shape().n, 2, 1, 1});
  for (std::int64_t i = 0; i < images.shape().n; ++i) {
    const float* x = images.data() + 3 * i;
    const float all = x[0] + x[1] + x[2];
    const float sum = std::max(all - 10, 0.0F) + 3 * std::max(all + 1, 0.0F);
    logits.data()[2 * i] = sum - 1;
    logits.data()[2 * i + 1] = sum + 1;
  }
  return logits;
}

OcclusionOptions as_captum(Extent patch, Extent stride) {
  OcclusionOptions options;
  options.patch = patch;
  options.stride = stride;
  options.baseline = OcclusionBaseline::zero;
  options.score = OcclusionScore::logit;
  options.target = 0;
  return options;
}

TEST(OcclusionAsCaptum, MultiLayer) {
  const Context context({.device = "cpu"});
  const Tensor x = host({1, 1, 1, 3}, {20, 50, 30});
  for (std::int64_t batch : {1, 2, 3}) {
    OcclusionOptions one = as_captum({1, 1}, {1, 1}), two = as_captum({1, 2}, {1, 2});
    one.batch = two.batch = batch;
    EXPECT_THAT(values(Occlusion(context, captum_multi_layer, 1, 3, one).run(x).map),
                ElementsAre(80, 200, 120));
    EXPECT_THAT(values(Occlusion(context, captum_multi_layer, 1, 3, two).run(x).map),
                ElementsAre(280, 280, 120));
  }
}

/// BasicModel_ConvNet_One_Conv with its second input, of ones: x + 1 under two 3x3 convolutions of
/// ones with biases -50 and -75, a ReLU, then the first five of the eight values minus the last
/// three, and a ReLU.
Tensor captum_one_conv(const Tensor& images) {
  Tensor logits = Tensor::host({images.shape().n, 4, 1, 1});
  for (std::int64_t i = 0; i < images.shape().n; ++i) {
    float sum = 0;
    for (int j = 0; j < 8; ++j) {
      float y = j < 4 ? -50.0F : -75.0F;
      for (int k = 0; k < 9; ++k) {
        y += 1 + images.data()[16 * i + (j % 4 / 2 + k / 3) * 4 + j % 2 + k % 3];
      }
      sum += std::max(y, 0.0F) * (j < 5 ? 1.0F : -1.0F);
    }
    std::fill_n(logits.data() + 4 * i, 4, std::max(sum, 0.0F));
  }
  return logits;
}

TEST(OcclusionAsCaptum, OneConv) {
  const Context context({.device = "cpu"});
  Tensor x = Tensor::host({1, 1, 4, 4});
  for (int i = 0; i < 16; ++i) x.data()[i] = static_cast<float>(i);
  const auto map = [&](Extent patch, Extent stride) {
    return values(Occlusion(context, captum_one_conv, 4, 4, as_captum(patch, stride)).run(x).map);
  };
  EXPECT_THAT(map({4, 4}, {4, 4}), Each(67));
  EXPECT_THAT(map({2, 3}, {2, 1}),
              ElementsAre(17, 17, 17, 17, 17, 17, 17, 17, 64, 65.5, 65.5, 67, 64, 65.5, 65.5, 67));
}

// --- refusals ------------------------------------------------------------------------------------

TEST_F(OcclusionOfABox, ErrorsNameTheFlag) {
  const auto with = [this](auto change) {
    return [this, change] {
      OcclusionOptions options = small_options();
      change(options);
      run(options);
    };
  };
  using O = OcclusionOptions;
  const float inf = std::numeric_limits<float>::infinity();
  const auto usage = [](const char* text) { return ThrowsMessage<UsageError>(HasSubstr(text)); };
  EXPECT_THAT(with([](O& o) { o.patch = {13, 3}; }), usage("--patch 13x3"));
  EXPECT_THAT(with([](O& o) { o.stride = {3, 4}; }), usage("--stride 3x4"));
  EXPECT_THAT(with([](O& o) { o.batch = -1; }), usage("--batch -1"));
  EXPECT_THAT(with([](O& o) { o.smooth = -1; }), usage("--smooth"));
  EXPECT_THAT(with([=](O& o) { o.smooth = inf; }), usage("--smooth"));
  EXPECT_THAT(with([](O& o) { o.target = 4; }), usage("--class 4: the network has the classes 0"));
  EXPECT_THAT(with([](O& o) { o.target = -2; }), usage("--class -2"));
  EXPECT_THAT(with([](O& o) { o.engine = OcclusionEngine::incremental; }),
              usage("--engine incremental"));
  EXPECT_THAT(with([](O& o) {
                o.baseline = OcclusionBaseline::blur;
                o.blur_sigma = 0;
              }),
              usage("--baseline blur"));
  EXPECT_THAT(with([](O& o) { o.baseline = OcclusionBaseline::image; }), usage("--baseline"));
  const Tensor small = random_image({1, 3, 5, 5}, 1);
  EXPECT_THAT(with([&](O& o) {
                o.baseline = OcclusionBaseline::image;
                o.picture = &small;
              }),
              usage("the picture is 1x3x5x5, the image 1x3x12x14"));
}

TEST_F(OcclusionOfABox, AnImageOfAnotherSizeIsRefused) {
  Occlusion occlusion(context_, scores, 12, 12, small_options());
  EXPECT_THAT([&] { occlusion.run(image_); },
              ThrowsMessage<UsageError>(HasSubstr("got an image 1x3x12x14")));
}

TEST_F(OcclusionOfABox, ABoxThatGivesOtherThanScoresIsRefused) {
  const Classifier maps = [](const Tensor& images) {
    return Tensor::host({images.shape().n, 4, 2, 2});
  };
  EXPECT_THAT([&] { run(small_options(), maps); },
              ThrowsMessage<Error>(HasSubstr("the classifier gave scores")));
}

TEST_F(OcclusionOfABox, ADropRelativeToNothingIsRefused) {
  OcclusionOptions o = small_options();
  o.relative = true;
  o.score = OcclusionScore::logit;
  const Classifier nothing = [](const Tensor& images) {
    Tensor logits = Tensor::host({images.shape().n, 2, 1, 1});
    std::fill_n(logits.data(), logits.count(), 0.0F);
    return logits;
  };
  EXPECT_THAT([&] { run(o, nothing); }, ThrowsMessage<Error>(HasSubstr("means nothing")));
}

TEST_F(OcclusionOfABox, StopsWhenAsked) {
  OcclusionOptions o = small_options();
  o.batch = 4;
  Occlusion occlusion(context_, scores, 12, 14, o);
  const std::int64_t windows = occlusion.grid().count();
  std::vector<std::int64_t> told;
  const OcclusionResult stopped =
      occlusion.run(image_, 0, [&](std::int64_t done, std::int64_t all) {
        EXPECT_EQ(all, windows);
        told.push_back(done);
        return told.size() < 3;
      });
  EXPECT_THAT(told, ElementsAre(3, 7, 11));
  EXPECT_FALSE(stopped.finished);
  EXPECT_TRUE(stopped.map.empty());
  told.clear();
  const OcclusionResult whole = occlusion.run(image_, 0, [&](std::int64_t done, std::int64_t) {
    told.push_back(done);
    return true;
  });
  EXPECT_EQ(told.back(), windows);
  EXPECT_EQ(values(whole.map), values(run(small_options()).map));
}

}  // namespace
}  // namespace phosphene
