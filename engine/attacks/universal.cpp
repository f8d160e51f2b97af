#include "phosphene/attacks/universal.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <numeric>
#include <string>
#include <utility>

#include "engine/ops/image_ops.hpp"
#include "engine/ops/nearest_ops.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "phosphene/error.hpp"

namespace phosphene {
namespace {

using Numbers = std::span<const std::int64_t>;

/// Whether an image that showed a class shows another. A NaN is no class: it fools nobody.
bool fooled(std::int32_t clean, std::int32_t seen) { return clean >= 0 && fools(seen, clean, -1); }

/// What a victim sees in images of a source, with a perturbation and without.
class Predictor {
 public:
  Predictor(const Context& context, Victim& victim, const ImageSource& images)
      : context_(context),
        victim_(victim),
        images_(images),
        staged_(Tensor::host(victim.images())),
        clean_(context.zeros(victim.images())),
        seen_(context.zeros(victim.images())),
        none_(context.zeros({batch(), 1, 1, 1}, DType::i32)),
        loss_(ops::make_class_loss(context, batch(), victim.classes())) {
    std::fill_n(staged_.data(), staged_.count(), 0.0F);
  }

  std::int64_t batch() const { return victim_.images().n; }
  std::int64_t queries() const { return queries_; }

  /// At most a batch of them; delta is on the device. Empty slots hold what they held.
  std::vector<std::int32_t> operator()(Numbers numbers, const Tensor& delta) {
    std::vector<Draw> draws(static_cast<std::size_t>(batch()));
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const Tensor image = images_.load(numbers[i]);
      if (image.count() * batch() != staged_.count()) {
        throw Error("universal: image " + std::to_string(numbers[i]) + " is " +
                    to_string(image.shape()) + ": expected the victim's " +
                    to_string(victim_.images()) + " without the batch");
      }
      std::copy_n(image.data(), image.count(),
                  staged_.data() + static_cast<std::int64_t>(i) * image.count());
      draws[i].image = numbers[i];
    }
    ops::copy(context_, staged_, clean_);
    ops::perturb(context_, clean_, delta, seen_);
    ops::class_loss(context_, AttackLoss::margin, victim_.forward(seen_, draws), none_, none_,
                    loss_);
    queries_ += static_cast<std::int64_t>(numbers.size());
    std::vector<std::int32_t> predictions = ops::host_classes(context_, loss_.prediction);
    predictions.resize(numbers.size());
    return predictions;
  }

  std::vector<std::int32_t> of_all(const Tensor& delta) {
    std::vector<std::int32_t> all;
    for (std::int64_t first = 0; first < images_.count; first += batch()) {
      std::vector<std::int64_t> numbers(
          static_cast<std::size_t>(std::min(batch(), images_.count - first)));
      std::iota(numbers.begin(), numbers.end(), first);
      const std::vector<std::int32_t> some = (*this)(numbers, delta);
      all.insert(all.end(), some.begin(), some.end());
    }
    return all;
  }

 private:
  const Context& context_;
  Victim& victim_;
  const ImageSource& images_;
  Tensor staged_, clean_, seen_, none_;
  ops::ClassLoss loss_;
  std::int64_t queries_ = 0;
};

Shape one_image(const Victim& victim) {
  Shape shape = victim.images();
  shape.n = 1;
  return shape;
}

Tensor perturbed(const Tensor& image, const Tensor& delta) {
  Tensor x = Tensor::host(image.shape());
  for (std::int64_t i = 0; i < x.count(); ++i) {
    x.data()[i] = std::clamp(image.data()[i] + delta.data()[i], 0.0F, 1.0F);
  }
  return x;
}

void project(Tensor& delta, Norm norm, float epsilon) {
  float* v = delta.data();
  if (norm == Norm::linf) {
    for (std::int64_t i = 0; i < delta.count(); ++i) v[i] = std::clamp(v[i], -epsilon, epsilon);
    return;
  }
  const double squares = std::inner_product(v, v + delta.count(), v, 0.0, std::plus<>(),
                                            [](float a, float b) { return double{a} * double{b}; });
  const double factor = std::min(1.0, double{epsilon} / std::sqrt(squares));
  for (std::int64_t i = 0; i < delta.count(); ++i) v[i] = static_cast<float>(factor * double{v[i]});
}

class Universal {
 public:
  Universal(const Context& context, Victim& victim, Victim& single, const ImageSource& images,
            const UniversalOptions& options)
      : context_(context),
        options_(options),
        images_(images),
        many_(context, victim, images),
        one_(context, single, images),
        attack_(deepfool(context, single, options.deepfool)),
        device_delta_(context.zeros(one_image(single))),
        clean_(many_.of_all(device_delta_)) {
    result_.delta = Tensor::host(device_delta_.shape());
    std::fill_n(result_.delta.data(), result_.delta.count(), 0.0F);
  }

  UniversalResult run() {
    double rate = 0;
    while (result_.passes < options_.passes && rate < 1 - double{options_.unfooled}) {
      pass(rate);
      ++result_.passes;
      rate = fooling_rate();
      result_.rates.push_back(rate);
    }
    result_.queries = many_.queries() + one_.queries() + deepfool_queries_;
    return std::move(result_);
  }

 private:
  // The next image is asked for by itself as long as every one has to be dealt with, and together
  // with its successors as soon as one was fooled already.
  void pass(double rate) {
    const std::vector<std::int64_t> order = ops::shuffled(
        context_, images_.count, kAttackDraw + static_cast<std::uint32_t>(result_.passes));
    bool alone = true;
    for (std::size_t at = 0; at < order.size();) {
      Predictor& predictor = alone ? one_ : many_;
      const std::size_t count =
          std::min(order.size() - at, static_cast<std::size_t>(predictor.batch()));
      const Numbers next(order.data() + at, count);
      const std::vector<std::int32_t> seen = predictor(next, device_delta_);
      const auto stands = [&](std::size_t i) {
        const std::int32_t clean = clean_of(next[i]);
        return clean >= 0 && !fooled(clean, seen[i]);
      };
      std::size_t first = 0;
      while (first < count && !stands(first)) ++first;
      at += first;
      alone = first < count;
      if (alone) extend(order[at++]);
      if (options_.report) {
        options_.report(result_.passes, static_cast<std::int64_t>(at), rate);
      }
    }
  }

  /// delta becomes such that this image is fooled, as far as the ball allows.
  void extend(std::int64_t number) {
    const Tensor x = perturbed(images_.load(number), result_.delta);
    Example example{.index = number, .image = Tensor::host(x.shape()), .label = clean_of(number)};
    std::copy_n(x.data(), x.count(), example.image.data());
    attack_->start(0, example);
    while (!attack_->finished(0)) attack_->step();
    const Outcome outcome = attack_->take(0);
    deepfool_queries_ += outcome.queries;
    if (!outcome.success || outcome.iterations == 0) return;
    for (std::int64_t i = 0; i < x.count(); ++i) {
      result_.delta.data()[i] += outcome.image.data()[i] - x.data()[i];
    }
    project(result_.delta, options_.norm, options_.epsilon);
    ops::copy(context_, result_.delta, device_delta_);
    ++result_.updates;
  }

  std::int32_t clean_of(std::int64_t number) const {
    return clean_[static_cast<std::size_t>(number)];
  }
  double fooling_rate() {
    const std::vector<std::int32_t> seen = many_.of_all(device_delta_);
    std::size_t count = 0;
    for (std::size_t i = 0; i < seen.size(); ++i) count += fooled(clean_[i], seen[i]) ? 1 : 0;
    return static_cast<double>(count) / static_cast<double>(seen.size());
  }

  const Context& context_;
  const UniversalOptions& options_;
  const ImageSource& images_;
  Predictor many_, one_;
  std::unique_ptr<Attack> attack_;
  Tensor device_delta_;
  std::vector<std::int32_t> clean_;
  UniversalResult result_;
  std::int64_t deepfool_queries_ = 0;
};

void check(const Victim& victim, const Victim& single, const ImageSource& images,
           const UniversalOptions& options) {
  check_epsilon(options.epsilon, options.norm);
  if (options.epsilon <= 0) throw UsageError("--eps 0: a universal perturbation needs a ball");
  if (!(options.unfooled >= 0) || options.unfooled > 1) {
    throw UsageError("--unfooled " + std::to_string(options.unfooled) +
                     ": expected a share of the images, 0 to 1");
  }
  if (options.passes < 1) {
    throw UsageError("--passes " + std::to_string(options.passes) + ": expected 1 or more");
  }
  if (images.count < 1) throw UsageError("universal: there are no images to train on");
  if (single.images() != one_image(victim)) {
    throw UsageError("universal: the single victim takes " + to_string(single.images()) +
                     ", expected one image of " + to_string(victim.images()));
  }
}

}  // namespace

UniversalResult universal(const Context& context, Victim& victim, Victim& single,
                          const ImageSource& images, const UniversalOptions& options) {
  check(victim, single, images, options);
  return Universal(context, victim, single, images, options).run();
}

std::vector<bool> fooled_by(const Context& context, Victim& victim, const ImageSource& images,
                            const Tensor& delta) {
  Predictor predictor(context, victim, images);
  const std::vector<std::int32_t> clean = predictor.of_all(context.zeros(one_image(victim)));
  const std::vector<std::int32_t> seen = predictor.of_all(ops::to_device(context, delta));
  std::vector<bool> result;
  for (std::size_t i = 0; i < clean.size(); ++i) result.push_back(fooled(clean[i], seen[i]));
  return result;
}

}  // namespace phosphene
