#include "probes.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "checks.hpp"
#include "phosphene/attacks/inspector.hpp"
#include "phosphene/classifier.hpp"
#include "stoppable.hpp"
#include "stream.hpp"

namespace apps {
namespace {

using namespace phosphene;

// In passes of the network: 32 x 10 before the attack; after it at most 8 x 300 of Square, and 8 x
// 20 forward and backward of PGD.
constexpr std::int64_t kLooked = 32, kProbed = 8, kQueries = 300;
constexpr int kSteps = 20, kRandomSteps = 4;

/// On a line of its own, also where a bar stands on the terminal's.
void announce(const std::string& what) {
  const char* begin = isatty(STDERR_FILENO) != 0 ? "\r\x1b[K" : "";
  std::fprintf(stderr, "%scheck: %s\n", begin, what.c_str());
}

void add(std::vector<std::string>& warnings, const Warning& warning) {
  if (warning) warnings.push_back(*warning);
}

bool equal(const Tensor& a, const Tensor& b) {
  return std::equal(a.data(), a.data() + a.count(), b.data());
}

/// Images with what an attack is to do to them.
struct Probe {
  std::int64_t image = 0, label = 0, target = -1;
};

std::int64_t batch_of(const std::vector<Probe>& probes) {
  return static_cast<std::int64_t>(probes.size());
}

/// How many of the images another attack leaves as they should be.
std::int64_t survivors(const Subject& s, const RunAttack& attack, const std::vector<Probe>& probes,
                       double epsilon) {
  std::vector<Tensor> attacked(probes.size());
  std::vector<Specimen> specimens;
  std::size_t begun = 0;
  attack(
      [&]() -> std::optional<Example> {
        if (begun == probes.size()) return {};
        const Probe& probe = probes[begun];
        Example example;
        example.index = probe.image;
        example.image = s.data->load(probe.image);
        example.label = probe.label;
        example.target = probe.target;
        example.epsilon = static_cast<float>(epsilon);
        example.tag = static_cast<std::int64_t>(begun++);
        return example;
      },
      [&](Outcome outcome) {
        attacked[static_cast<std::size_t>(outcome.tag)] = std::move(outcome.image);
      });
  for (std::size_t k = 0; k < probes.size(); ++k) {
    specimens.push_back({probes[k].image, probes[k].label, &attacked[k]});
  }
  const auto victim = stoppable(s.tried(batch_of(probes)), kGoesOn);
  const Tensor logits = Inspector(*s.context, *victim).logits(specimens);
  std::int64_t left = 0;
  for (std::size_t k = 0; k < probes.size(); ++k) {
    const float* row = logits.data() + static_cast<std::int64_t>(k) * logits.shape().c;
    left +=
        fools(predicted_class(row, logits.shape().c), probes[k].label, probes[k].target) ? 0 : 1;
  }
  return left;
}

/// Some of the images whose records at this epsilon are as wanted, in the order of the data.
template <class Wanted>
std::vector<Probe> some(const std::vector<ImageRecord>& records, double epsilon,
                        const Wanted& wanted) {
  std::vector<Probe> probes;
  for (const auto& [image, record] : records) {
    if (static_cast<std::int64_t>(probes.size()) == kProbed) break;
    if (!record.attacked || record.epsilon != epsilon || !wanted(*record.attacked)) continue;
    probes.push_back({image, record.label, record.attacked->target});
  }
  return probes;
}

/// Square on images that withstood.
Warning black_box(const AttackPlan& plan, const Subject& s, const std::vector<ImageRecord>& records,
                  double epsilon) {
  const auto probes = some(records, epsilon, [](const Record::Attacked& a) { return !a.success; });
  if (probes.empty()) return {};
  MethodOptions options;
  options.norm = plan.options.norm;
  options.queries = kQueries;
  const auto victim = stoppable(s.tried(batch_of(probes)), kGoesOn);
  const auto count = std::to_string(probes.size());
  announce(count + " images that withstood, " + std::to_string(kQueries) + " queries of Square");
  const RunAttack square = method_of("square").make(*s.context, *victim, options);
  const auto all = static_cast<std::int64_t>(probes.size());
  return check_black_box(all, all - survivors(s, square, probes, epsilon),
                         "Square with " + std::to_string(kQueries) + " queries");
}

/// PGD in a ball that holds the uniform grey image.
Warning large_epsilon(const AttackPlan& plan, const Subject& s,
                      const std::vector<ImageRecord>& records, double epsilon) {
  const auto probes = some(records, epsilon, [](const Record::Attacked&) { return true; });
  if (probes.empty()) return {};
  constexpr double kGrey = 0.5;
  const Shape shape = s.data->image_shape();
  const bool linf = plan.options.norm == Norm::linf;
  const double large = linf ? kGrey : kGrey * std::sqrt(static_cast<double>(shape.count()));
  MethodOptions options;
  options.norm = plan.options.norm;
  options.loss = plan.options.loss;
  options.samples = plan.options.samples;
  options.steps = kSteps;
  options.stay = plan.options.stay;
  const auto victim = stoppable(s.seen(batch_of(probes)), kGoesOn);
  announce(std::to_string(probes.size()) + " images, PGD of up to " + std::to_string(kSteps) +
           " steps in a ball that holds uniform grey");
  const RunAttack attack = method_of("pgd").make(*s.context, *victim, options);
  return check_large_epsilon(static_cast<std::int64_t>(probes.size()),
                             survivors(s, attack, probes, large), large);
}

/// "282 tiger cat", without names "class 282"
std::string called(const Subject& s, std::int64_t index) {
  const std::string name = s.class_name(index), number = std::to_string(index);
  return name == "class " + number ? name : number + " " + name;
}

/// "of cat the network says 282 tiger cat, not 281 tabby"
std::string said_of_first(const Subject& s, const std::vector<ImageRecord>& records) {
  for (const auto& [image, record] : records) {
    if (record.skipped) continue;
    return "of " + s.data->name(image) + " the network says " + called(s, record.clean) + ", not " +
           called(s, record.label);
  }
  return "";
}

}  // namespace

std::vector<Record> plain(const std::vector<ImageRecord>& records) {
  std::vector<Record> result;
  for (const ImageRecord& each : records) {
    if (!each.record.skipped) result.push_back(each.record);
  }
  return result;
}

std::vector<std::string> probe_victim(const AttackPlan& plan, const Subject& s) {
  if (plan.naive) {
    return {
        "the attack is naive: it does not know of the --defence, and its numbers say nothing of "
        "how robust the network is behind it"};
  }
  std::vector<std::string> warnings;
  const Readable first = readable(*s.data, 0, std::min(kLooked, s.data->size()));
  std::vector<Specimen> specimens;
  for (std::size_t i = 0; i < first.images.size(); ++i) {
    specimens.push_back({first.places[i], s.data->label(first.places[i]), &first.images[i]});
  }
  const auto count = static_cast<std::int64_t>(specimens.size());
  if (count == 0) return warnings;
  announce("scores and gradients of the first " + std::to_string(count) + " images");
  const auto victim = stoppable(s.seen(std::min(s.batch, count)), kGoesOn);
  Inspector inspector(*s.context, *victim);
  const Tensor logits = inspector.logits(specimens), again = inspector.logits(specimens),
               other = inspector.logits(specimens, 1);
  add(warnings, check_logits(logits));
  add(warnings, check_repeats({equal(logits, again), equal(logits, other)}, plan.method->white_box,
                              plan.options.samples.value_or(1)));
  if (!plan.method->white_box) return warnings;
  for (const std::string& stage : s.without_gradient) {
    warnings.push_back(
        "stage " + stage +
        " is not differentiable: the gradient passes it as if it did nothing (BPDA)");
  }
  constexpr double kRadius = 8.0 / 255;
  const AttackLoss loss = plan.options.loss.value_or(AttackLoss::cross_entropy);
  std::vector<Slope> slopes;
  for (const LossSlope& slope :
       inspector.slopes(specimens, loss, static_cast<float>(kRadius), kRandomSteps)) {
    slopes.push_back({static_cast<double>(slope.gradient), static_cast<double>(slope.change)});
  }
  add(warnings, check_gradients(slopes, to_string(loss)));
  return warnings;
}

std::vector<std::string> probe_result(const AttackPlan& plan, const Subject& s,
                                      const std::vector<ImageRecord>& records) {
  std::vector<std::string> warnings;
  const double epsilon = plan.epsilons.back();
  const std::vector<Record> all = plain(records);
  add(warnings, check_clean(all, said_of_first(s, records), s.data->size() == 1));
  add(warnings, check_starts(all, [&](std::int64_t target) { return s.class_name(target); }));
  if (plan.naive) return warnings;  // that it fails says nothing of its gradient
  add(warnings, check_nearest(all));
  add(warnings, check_rounding(all));
  if (plan.method->nearest || !plan.method->white_box || !(epsilon > 0)) return warnings;
  add(warnings, check_order(all));
  add(warnings, check_rise(all));
  if (!s.mask.empty()) return warnings;      // the other attacks know of none
  if (s.data->size() == 1) return warnings;  // a photograph measures no network
  add(warnings, black_box(plan, s, records, epsilon));
  add(warnings, large_epsilon(plan, s, records, epsilon));
  return warnings;
}

}  // namespace apps
