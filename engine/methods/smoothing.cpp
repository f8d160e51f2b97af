#include "phosphene/methods/smoothing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "engine/ops/image_ops.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "phosphene/error.hpp"
#include "phosphene/statistics.hpp"

namespace phosphene {
namespace {

constexpr std::int64_t kMostDraws = std::int64_t{1} << 30;

std::int64_t most_frequent(std::span<const std::int64_t> counts) {
  return std::ranges::max_element(counts) - counts.begin();
}

}  // namespace

void check(const SmoothingOptions& options) {
  const auto refuse = [](const std::string& what) { throw UsageError(what); };
  if (!(options.sigma > 0 && std::isfinite(options.sigma))) {
    refuse(fmt::format("--sigma {}: expected a number above 0", options.sigma));
  }
  if (options.n0 < 1) {
    refuse("--n0 " + std::to_string(options.n0) + ": expected at least 1 draw");
  }
  if (options.n < 1) refuse("--n " + std::to_string(options.n) + ": expected at least 1 draw");
  if (options.n0 >= kMostDraws || options.n >= kMostDraws - options.n0) {
    refuse("--n " + std::to_string(options.n) + ": expected fewer than 2^30 draws in all");
  }
  if (!(options.alpha > 0 && options.alpha < 1)) {
    refuse(fmt::format("--alpha {}: expected a number between 0 and 1", options.alpha));
  }
}

SmoothingCertificate smoothing_certificate(std::span<const std::int64_t> counts0,
                                           std::span<const std::int64_t> counts,
                                           const SmoothingOptions& options) {
  SmoothingCertificate result;
  result.guess = most_frequent(counts0);
  result.agreeing = counts[static_cast<std::size_t>(result.guess)];
  result.share = clopper_pearson_lower(result.agreeing, options.n, options.alpha);
  if (result.share > 0.5) {
    result.label = result.guess;
    result.radius = double{options.sigma} * normal_quantile(result.share);
  }
  return result;
}

std::int64_t smoothed_label(std::span<const std::int64_t> counts, double alpha) {
  const std::int64_t first = most_frequent(counts);
  std::int64_t second = 0;
  for (std::int64_t c = 0; c < std::ssize(counts); ++c) {
    if (c != first) second = std::max(second, counts[static_cast<std::size_t>(c)]);
  }
  const std::int64_t most = counts[static_cast<std::size_t>(first)];
  return fair_coin_p_value(most, most + second) <= alpha ? first : kAbstained;
}

struct Smoothing::Impl {
  const Context& context;
  Classifier classifier;
  SmoothingOptions options;
  Tensor copies, noisy;  ///< [batch, 3, h, w]
  Tensor sigma;          ///< [batch, 1, 1, 1]

  void fill(const Tensor& image) {
    Shape expected = copies.shape();
    expected.n = 1;
    if (image.shape() != expected) {
      throw Error("smoothing of an image " + to_string(image.shape()) + ", expected " +
                  to_string(expected));
    }
    for (std::int64_t i = 0; i < copies.shape().n; ++i) {
      Tensor one = ops::slot(copies, i);
      ops::copy(context, image, one);
    }
  }

  /// Adds up in `counts`, which grows to the number of classes.
  void count(std::int64_t index, std::int64_t first, std::int64_t draws,
             std::vector<std::int64_t>& counts, const std::function<void(std::int64_t)>& progress) {
    const std::int64_t batch = copies.shape().n;
    std::vector<Draw> keys(static_cast<std::size_t>(batch));
    for (std::int64_t done = 0; done < draws; done += batch) {
      for (std::int64_t i = 0; i < batch; ++i) {
        keys[static_cast<std::size_t>(i)] = {index, static_cast<std::uint32_t>(first + done + i)};
      }
      ops::add_normal_noise(context, copies, keys, sigma, noisy);
      const Tensor logits = ops::to_host(context, classifier(noisy));
      const std::int64_t classes = logits.shape().c;
      counts.resize(static_cast<std::size_t>(classes), 0);
      const std::int64_t mine = std::min(batch, draws - done);
      for (std::int64_t i = 0; i < mine; ++i) {
        const std::int64_t seen = predicted_class(logits.data() + i * classes, classes);
        if (seen >= 0) ++counts[static_cast<std::size_t>(seen)];
      }
      if (progress) progress(mine);
    }
  }
};

Smoothing::Smoothing(const Context& context, Classifier classifier, std::int64_t height,
                     std::int64_t width, std::int64_t batch, const SmoothingOptions& options) {
  check(options);
  const Shape shape{batch, 3, height, width};
  const std::vector<float> sigmas(static_cast<std::size_t>(batch), options.sigma);
  impl_ = std::make_unique<Impl>(Impl{context, std::move(classifier), options, context.empty(shape),
                                      context.empty(shape), ops::numbers(context, sigmas)});
}
Smoothing::~Smoothing() = default;
Smoothing::Smoothing(Smoothing&&) noexcept = default;

std::vector<std::int64_t> Smoothing::counts(const Tensor& image, std::int64_t index,
                                            std::int64_t first, std::int64_t draws) {
  impl_->fill(image);
  std::vector<std::int64_t> result;
  impl_->count(index, first, draws, result, nullptr);
  return result;
}

SmoothingCertificate Smoothing::certify(const Tensor& image, std::int64_t index,
                                        const std::function<void(std::int64_t)>& progress) {
  const SmoothingOptions& options = impl_->options;
  impl_->fill(image);
  std::vector<std::int64_t> counts0, counts;
  impl_->count(index, 0, options.n0, counts0, progress);
  impl_->count(index, options.n0, options.n, counts, progress);
  return smoothing_certificate(counts0, counts, options);
}

std::int64_t Smoothing::predict(const Tensor& image, std::int64_t index) {
  return smoothed_label(counts(image, index, kMostDraws, impl_->options.n), impl_->options.alpha);
}

}  // namespace phosphene
