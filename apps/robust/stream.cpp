#include "stream.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "checks.hpp"
#include "phosphene/classifier.hpp"
#include "phosphene/error.hpp"
#include "phosphene/image.hpp"
#include "stoppable.hpp"

namespace apps {
namespace {

using namespace phosphene;

// No class could be told from them, and the first would seem to be.
constexpr const char* kNoScores = "the network's scores hold NaN or infinity, expected finite ones";

Tensor copy_of(const Tensor& image) {
  Tensor copy = Tensor::host(image.shape());
  std::copy_n(image.data(), image.count(), copy.data());
  return copy;
}

bool finite(const float* logits, std::int64_t classes) {
  return std::all_of(logits, logits + classes, [](float z) { return std::isfinite(z); });
}

}  // namespace

float margin(const float* logits, std::int64_t classes, std::int64_t label) {
  float other = -std::numeric_limits<float>::infinity();
  for (std::int64_t k = 0; k < classes; ++k) {
    if (k != label) other = std::max(other, logits[k]);
  }
  return other - logits[label];
}

Tensor rounded(const Tensor& image) {
  Tensor result = Tensor::host(image.shape());
  for (std::int64_t i = 0; i < image.count(); ++i) {
    result.data()[i] = std::round(image.data()[i] * 255) / 255;
  }
  return result;
}

AttackStream::AttackStream(const AttackPlan& plan, const Subject& subject)
    : plan_(plan),
      subject_(subject),
      seen_(stoppable(subject.seen(subject.batch), kGoesOn)),
      tried_(subject.tried(subject.batch)),
      inspector_(*subject.context, *tried_),
      starts_(subject, *seen_),
      attack_(plan.method->make(*subject.context, *seen_, plan.options)) {}

void AttackStream::run(SweepQueue& queue) {
  try {
    attack_([&] { return next(queue); },
            [&](Outcome outcome) {
              auto work = in_work_.extract(outcome.tag);
              work.mapped().outcome = std::move(outcome);
              finish(queue, std::move(work.mapped()));
            });
  } catch (const Interrupted&) {
    evaluate(queue);  // what was attacked to its end
    throw;
  }
  evaluate(queue);
}

std::optional<double> AttackStream::epsilon(const SweepItem& item) const {
  if (plan_.method->nearest) return {};
  return plan_.epsilons[static_cast<std::size_t>(item.variant)];
}

std::optional<Example> AttackStream::next(SweepQueue& queue) {
  while (ready_.empty()) {
    if (!read(queue)) return {};
  }
  Example example = std::move(ready_.front());
  ready_.pop_front();
  return example;
}

Example AttackStream::example_of(const Work& work) {
  Example example;
  example.index = work.item.image_index;
  example.image = copy_of(work.item.image);
  example.label = work.item.label;
  example.target = work.record.attacked->target;
  example.epsilon = static_cast<float>(work.record.epsilon.value_or(0));
  example.tag = work.item.index;
  return example;
}

/// A batch of items: the clean pass. False at the end of the queue.
bool AttackStream::read(SweepQueue& queue) {
  std::vector<Work> batch;
  std::vector<Specimen> specimens;
  while (static_cast<std::int64_t>(batch.size()) < subject_.batch) {
    std::optional<SweepItem> item = queue.next();
    if (!item) break;
    batch.push_back({std::move(*item), {}, {}});
  }
  for (const Work& work : batch) {
    specimens.push_back({work.item.image_index, work.item.label, &work.item.image});
  }
  const Tensor logits = inspector_.logits(specimens);
  const std::int64_t classes = logits.shape().c;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    Work& work = batch[i];
    const float* row = logits.data() + static_cast<std::int64_t>(i) * classes;
    const std::int64_t label = work.item.label;
    if (!finite(row, classes)) {
      queue.failed(work.item.index, work.item.name + ": " + kNoScores);
      continue;
    }
    work.record = {label,
                   predicted_class(row, classes),
                   shortest(margin(row, classes, label)),
                   epsilon(work.item),
                   {},
                   subject_.target.skips(label)};
    if (work.record.skipped || !work.record.correct()) {
      leave(queue, work, work.item.image);
      continue;
    }
    Record::Attacked& attacked = work.record.attacked.emplace();
    attacked.target = subject_.target(work.item.image_index, label, row, classes);
    if (work.record.epsilon == 0.0) {  // a ball of one image
      work.outcome.image = copy_of(work.item.image);
      finish(queue, std::move(work));
      continue;
    }
    send(queue, std::move(work));
  }
  return !batch.empty();
}

void AttackStream::send(SweepQueue& queue, Work work) {
  Example example = example_of(work);
  if (plan_.method->starts && example.target >= 0) {
    example.start = starts_.of(example.target);
    if (example.start.empty()) {
      if (subject_.target.one_class()) {
        throw UsageError("--targeted: the network sees none of the " +
                         std::to_string(subject_.data->size()) + " images as '" +
                         subject_.class_name(example.target) +
                         "'; expected one, for the attack to begin at");
      }
      // Left out it would raise the rates: only images that are classified correctly come here.
      work.record.attacked->no_start = true;
      work.outcome.image = copy_of(work.item.image);
      return finish(queue, std::move(work));
    }
  }
  ready_.push_back(std::move(example));
  in_work_.emplace(work.item.index, std::move(work));
}

void AttackStream::finish(SweepQueue& queue, Work work) {
  attacked_.push_back(std::move(work));
  if (static_cast<std::int64_t>(attacked_.size()) >= subject_.batch) evaluate(queue);
}

/// What the victim says of the attacked images, afresh.
void AttackStream::evaluate(SweepQueue& queue) {
  std::vector<Tensor> eight_bits;
  std::vector<Specimen> specimens, coarse;
  for (const Work& work : attacked_) {
    check_image(work.item.name, work.item.image, work.outcome.image, plan_.options.norm,
                work.record.epsilon, subject_.mask);
    eight_bits.push_back(rounded(work.outcome.image));
  }
  for (std::size_t i = 0; i < attacked_.size(); ++i) {
    const Work& work = attacked_[i];
    specimens.push_back({work.item.image_index, work.item.label, &work.outcome.image});
    coarse.push_back({work.item.image_index, work.item.label, &eight_bits[i]});
  }
  const Tensor logits = inspector_.logits(specimens), after = inspector_.logits(coarse);
  for (std::size_t i = 0; i < attacked_.size(); ++i) {
    const std::int64_t row = static_cast<std::int64_t>(i) * logits.shape().c;
    record(queue, attacked_[i], logits.data() + row, after.data() + row);
  }
  attacked_.clear();
}

void AttackStream::record(SweepQueue& queue, Work& work, const float* logits, const float* coarse) {
  const std::int64_t classes = subject_.classes(), label = work.item.label;
  const Distances d = distances(work.item.image, work.outcome.image);
  if (!finite(logits, classes) || !finite(coarse, classes)) {
    queue.failed(work.item.index, work.item.name + ", attacked: " + kNoScores);
    return;
  }
  Record::Attacked& a = *work.record.attacked;
  a.adversarial = predicted_class(logits, classes);
  a.rounded = predicted_class(coarse, classes);
  a.margin = shortest(margin(logits, classes, label));
  a.linf = shortest(static_cast<float>(d.linf));
  a.l2 = shortest(static_cast<float>(d.l2));
  a.iterations = work.outcome.iterations;
  a.queries = work.outcome.queries;
  a.by = work.outcome.by;
  a.success = fools(a.adversarial, label, a.target);
  a.unconfirmed = work.outcome.success && !a.success;
  leave(queue, work, work.outcome.image);
}

void AttackStream::leave(SweepQueue& queue, const Work& work, const Tensor& image) {
  if (work.item.image_index < plan_.pictures) save_image(work.item.stem + ".png", image);
  queue.done(work.item.index, to_json(work.record), {&image, 1});
  ++items_;
}

}  // namespace apps
