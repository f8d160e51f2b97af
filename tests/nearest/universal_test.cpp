#include "phosphene/attacks/universal.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "engine/ops/nearest_ops.hpp"
#include "phosphene/error.hpp"
#include "tests/nearest/linear_victim.hpp"

namespace phosphene::nearest {
namespace {

using testing::HasSubstr;

const Context& cpu() {
  static const Context context(ContextOptions{.device = "cpu", .seed = 5});
  return context;
}

ImageSource linear_images(std::int64_t count) {
  return {count, [](std::int64_t i) { return greyish(static_cast<unsigned>(i)); }};
}

Tensor seen(const Tensor& image, const Tensor& delta) {
  Tensor x = Tensor::host(image.shape());
  for (std::int64_t p = 0; p < x.count(); ++p) {
    x.data()[p] = std::clamp(image.data()[p] + delta.data()[p], 0.0F, 1.0F);
  }
  return x;
}

void into_ball(Tensor& delta, Norm norm, float epsilon) {
  double squares = 0;
  for (std::int64_t p = 0; p < delta.count(); ++p) {
    squares += double{delta.data()[p]} * delta.data()[p];
  }
  const double factor = std::min(1.0, epsilon / std::sqrt(squares));
  for (std::int64_t p = 0; p < delta.count(); ++p) {
    float& d = delta.data()[p];
    d = norm == Norm::linf ? std::clamp(d, -epsilon, epsilon)
                           : static_cast<float>(factor * double{d});
  }
}

/// The paper's algorithm as it is written: one image after the other, nothing in batches.
struct Sequential {
  Tensor delta = Tensor::host({1, 3, kSide, kSide});
  std::vector<double> rates;

  Sequential(const ImageSource& images, const UniversalOptions& options) {
    LinearVictim victim(cpu(), 1);
    std::fill_n(delta.data(), delta.count(), 0.0F);
    const auto fooled = [&](std::int64_t i) {
      const Tensor x = images.load(i);
      return victim.predicted(x.data()) != victim.predicted(seen(x, delta).data());
    };
    while (static_cast<int>(rates.size()) < options.passes &&
           (rates.empty() || rates.back() < 1 - double{options.unfooled})) {
      const auto pass = kAttackDraw + static_cast<std::uint32_t>(rates.size());
      for (const std::int64_t i : ops::shuffled(cpu(), images.count, pass)) {
        if (fooled(i)) continue;
        const Tensor x = seen(images.load(i), delta);
        std::vector<Example> one;
        one.push_back({i, copy_of(x), victim.predicted(images.load(i).data())});
        const auto found = run(*deepfool(cpu(), victim, options.deepfool), one);
        if (!found.at(i).success) continue;
        for (std::int64_t p = 0; p < delta.count(); ++p) {
          delta.data()[p] += found.at(i).image.data()[p] - x.data()[p];
        }
        into_ball(delta, options.norm, options.epsilon);
      }
      double count = 0;
      for (std::int64_t i = 0; i < images.count; ++i) count += fooled(i) ? 1 : 0;
      rates.push_back(count / static_cast<double>(images.count));
    }
  }
};

TEST(Universal, IsTheSequentialAlgorithmWhateverTheBatch) {
  const ImageSource images = linear_images(37);
  for (const Norm norm : {Norm::linf, Norm::l2}) {
    UniversalOptions options;
    options.norm = norm;
    options.epsilon = norm == Norm::linf ? 0.05F : 0.3F;
    options.passes = 3;
    options.unfooled = 0.05F;
    const Sequential expected(images, options);
    LinearVictim single(cpu(), 1);
    for (const std::int64_t batch : {1, 4, 64}) {
      LinearVictim victim(cpu(), batch);
      const UniversalResult result = universal(cpu(), victim, single, images, options);
      EXPECT_EQ(linf(result.delta, expected.delta), 0) << batch;
      EXPECT_EQ(result.rates, expected.rates);
      EXPECT_EQ(result.passes, static_cast<int>(expected.rates.size()));
      EXPECT_GT(result.updates, 0);
    }
  }
}

/// Has no class for images whose first pixel is below an edge.
class Torn final : public Victim {
 public:
  Torn(std::int64_t batch, float edge) : whole_(cpu(), batch), edge_(edge) {}
  Shape images() const override { return whole_.images(); }
  std::int64_t classes() const override { return kClasses; }
  const Tensor& forward(const Tensor& images, std::span<const Draw> draws) override {
    logits_ = whole_.forward(images, draws).view();
    for (std::int64_t n = 0; n < images.shape().n; ++n) {
      if (images.data()[n * kPixels] < edge_) logits_.data()[n * kClasses + 2] = NAN;
    }
    return logits_;
  }
  const Tensor& backward(const Tensor& d_logits) override { return whole_.backward(d_logits); }

 private:
  LinearVictim whole_;
  float edge_;
  Tensor logits_;
};

// Neither are images fooled that have no class, nor those that lose it.
TEST(Universal, AClassThatIsLostFoolsNobody) {
  const ImageSource images = linear_images(30);
  const float edge = 0.45F;
  Torn victim(8, edge), single(1, edge);
  UniversalOptions options;
  options.passes = 2;
  options.unfooled = 0;
  const UniversalResult found = universal(cpu(), victim, single, images, options);
  EXPECT_GT(found.rates.back(), 0);
  Tensor darker = Tensor::host({1, 3, kSide, kSide});
  std::fill_n(darker.data(), kPixels, 0.0F);
  darker.data()[0] = -1;  // all lose their class
  const std::vector<bool> lost = fooled_by(cpu(), victim, images, darker);
  EXPECT_EQ(std::count(lost.begin(), lost.end(), true), 0);
  darker.data()[0] = 1;  // all have one, and a third had none before
  const std::vector<bool> gained = fooled_by(cpu(), victim, images, darker);
  for (std::int64_t i = 0; i < images.count; ++i) {
    if (images.load(i).data()[0] >= edge) continue;
    EXPECT_FALSE(gained[static_cast<std::size_t>(i)]) << i;
  }
}

TEST(Universal, StaysInItsBallAndSaysWhatItFools) {
  const ImageSource images = linear_images(30);
  for (const Norm norm : {Norm::linf, Norm::l2}) {
    UniversalOptions options;
    options.norm = norm;
    options.epsilon = norm == Norm::linf ? 0.08F : 0.4F;
    LinearVictim victim(cpu(), 8), single(cpu(), 1);
    std::int64_t reports = 0;
    options.report = [&](int, std::int64_t done, double) {
      ++reports;
      EXPECT_LE(done, images.count);
    };
    const UniversalResult result = universal(cpu(), victim, single, images, options);
    const Tensor none = [] {
      Tensor zero = Tensor::host({1, 3, kSide, kSide});
      std::fill_n(zero.data(), zero.count(), 0.0F);
      return zero;
    }();
    EXPECT_LE(norm == Norm::linf ? linf(result.delta, none) : l2(result.delta, none),
              double{options.epsilon} + 1e-6);
    const std::vector<bool> fooled = fooled_by(cpu(), victim, images, result.delta);
    ASSERT_EQ(fooled.size(), 30U);
    EXPECT_EQ(static_cast<double>(std::count(fooled.begin(), fooled.end(), true)) / 30,
              result.rates.back());
    EXPECT_GT(result.rates.back(), 0.4);
    EXPECT_GT(reports, 0);
    const std::vector<bool> by_nothing = fooled_by(cpu(), victim, images, none);
    EXPECT_EQ(std::count(by_nothing.begin(), by_nothing.end(), true), 0);
  }
}

TEST(Universal, StopsWhenEnoughAreFooled) {
  UniversalOptions options;
  options.unfooled = 1;  // nobody needs to be
  LinearVictim victim(cpu(), 8), single(cpu(), 1);
  const UniversalResult result = universal(cpu(), victim, single, linear_images(5), options);
  EXPECT_EQ(result.passes, 0);
  EXPECT_EQ(result.updates, 0);
  EXPECT_EQ(result.queries, 5);
}

TEST(Universal, EveryPassHasAnOrderOfItsOwn) {
  const std::vector<std::int64_t> first = ops::shuffled(cpu(), 1000, 1);
  EXPECT_EQ(first, ops::shuffled(cpu(), 1000, 1));
  EXPECT_NE(first, ops::shuffled(cpu(), 1000, 2));
  EXPECT_NE(first, ops::shuffled(Context(ContextOptions{.device = "cpu", .seed = 6}), 1000, 1));
  std::vector<std::int64_t> sorted = first, all(1000);
  std::sort(sorted.begin(), sorted.end());
  std::iota(all.begin(), all.end(), std::int64_t{0});
  EXPECT_EQ(sorted, all);
}

TEST(Universal, RefusesOptionsByTheirFlags) {
  LinearVictim victim(cpu(), 2), single(cpu(), 1);
  const auto with = [&](auto change, std::int64_t images = 3) {
    UniversalOptions options;
    change(options);
    return refusal([&] { universal(cpu(), victim, single, linear_images(images), options); });
  };
  using O = UniversalOptions;
  EXPECT_THAT(with([](O& o) { o.epsilon = 0; }), HasSubstr("--eps"));
  EXPECT_THAT(with([](O& o) { o.epsilon = 8; }), HasSubstr("8/255"));
  EXPECT_THAT(with([](O& o) { o.unfooled = 2; }), HasSubstr("--unfooled"));
  EXPECT_THAT(with([](O& o) { o.passes = 0; }), HasSubstr("--passes 0"));
  EXPECT_THAT(with([](O&) {}, 0), HasSubstr("no images"));
  EXPECT_THAT(refusal([&] { universal(cpu(), single, victim, linear_images(3), {}); }),
              HasSubstr("single"));
}

}  // namespace
}  // namespace phosphene::nearest
