#include "phosphene/methods/occlusion.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "phosphene/error.hpp"
#include "tests/engine/small_network.hpp"

// Occlusion through black boxes: what each window is filled with, what becomes of the scores.
namespace phosphene {
namespace {

using ::testing::AllOf;
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
