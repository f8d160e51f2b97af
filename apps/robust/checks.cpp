#include "checks.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <set>

#include "phosphene/error.hpp"
#include "summary.hpp"

namespace apps {
namespace {

using phosphene::Error;
using phosphene::Norm;
using phosphene::Tensor;

constexpr double kBall = 1e-6;

std::string text(double value) {
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.7g", value);
  return buffer.data();
}

std::string counted(std::int64_t some, std::int64_t all) {
  return std::to_string(some) + " of " + std::to_string(all);
}

}  // namespace

Distances distances(const Tensor& image, const Tensor& attacked) {
  Distances result;
  for (std::int64_t i = 0; i < image.count(); ++i) {
    const double d = static_cast<double>(attacked.data()[i]) - static_cast<double>(image.data()[i]);
    result.linf = std::max(result.linf, std::abs(d));
    result.l2 += d * d;
  }
  result.l2 = std::sqrt(result.l2);
  return result;
}

void check_image(const std::string& name, const Tensor& image, const Tensor& attacked, Norm norm,
                 std::optional<double> epsilon, const Tensor& mask) {
  const auto fail = [&](const std::string& what) {
    throw Error(name + ": the attacked image " + what);
  };
  if (attacked.shape() != image.shape()) {
    fail("is " + to_string(attacked.shape()) + ", expected " + to_string(image.shape()));
  }
  for (std::int64_t i = 0; i < attacked.count(); ++i) {
    const float value = attacked.data()[i];
    if (!(value >= 0 && value <= 1)) fail("holds " + text(value) + ", expected 0 to 1");
  }
  if (!mask.empty()) {
    const std::int64_t pixels = image.shape().pixels();
    for (std::int64_t i = 0; i < attacked.count(); ++i) {
      const float open = mask.data()[i % (mask.shape().c * pixels)];
      if (open == 0 && attacked.data()[i] != image.data()[i]) {
        fail("differs where the mask is 0, at row " + std::to_string(i % pixels / image.shape().w) +
             ", column " + std::to_string(i % image.shape().w));
      }
    }
  }
  if (!epsilon) return;
  const Distances found = distances(image, attacked);
  const double distance = norm == Norm::linf ? found.linf : found.l2;
  if (distance > *epsilon + kBall) {
    fail("is " + text(distance) + " away in " + to_string(norm) + ", expected at most " +
         text(*epsilon));
  }
}

Warning check_logits(const Tensor& logits) {
  const std::int64_t classes = logits.shape().c;
  for (std::int64_t n = 0; n < logits.shape().n; ++n) {
    const float* row = logits.data() + n * classes;
    double sum = 0;
    for (std::int64_t k = 0; k < classes; ++k) {
      if (!(row[k] >= 0)) return {};
      sum += static_cast<double>(row[k]);
    }
    if (std::abs(sum - 1) > 1e-3) return {};
  }
  if (logits.shape().n == 0) return {};
  return "the victim's scores look like probabilities (no row has a negative one, all add up to "
         "1): a "
         "softmax before the loss makes gradients vanish; attack the logits before it";
}

Warning check_gradients(const std::vector<Slope>& slopes, const std::string& loss) {
  // Below it products of a few factors leave what a float holds with all its digits.
  constexpr double kTiny = 1e-12, kChange = 1e-3, kShare = 0.1;
  std::int64_t zero = 0, flat = 0, tiny = 0;
  for (const Slope& slope : slopes) {
    // NaN is no gradient either.
    zero += !(slope.gradient > 0) ? 1 : 0;
    flat += !(slope.gradient > 0) && slope.change > kChange ? 1 : 0;
    tiny += slope.gradient > 0 && slope.gradient < kTiny ? 1 : 0;
  }
  const auto all = static_cast<std::int64_t>(slopes.size());
  if (flat > 0) {
    return "the gradient is exactly 0 for " + counted(flat, all) +
           " images though their loss changes with the pixels: a stage is not differentiable and "
           "masks the gradient; attack through it (a --defence has a backward pass of its own) or "
           "use a black-box method";
  }
  if (zero > 0) {
    return "the gradient of the loss " + loss + " is exactly 0 for " + counted(zero, all) +
           " images: it is saturated or masked, and what withstands may do so for that reason "
           "alone; try --loss margin or dlr";
  }
  if (static_cast<double>(tiny) > kShare * static_cast<double>(all)) {
    return "the gradient of the loss " + loss + " vanishes (below 1e-12) for " +
           counted(tiny, all) + " images; try --loss margin or dlr";
  }
  return {};
}

Warning check_repeats(const Repeats& repeats, bool white_box, int samples) {
  if (!repeats.same) {
    return "the victim gives other scores for the same images and the same draws: its results "
           "cannot be repeated, and no attack on it can be believed";
  }
  if (!repeats.other && white_box && samples == 1) {
    return "the victim is random: an attack that sees one draw a step is weak; --samples 16 "
           "averages the gradient (expectation over transformation)";
  }
  return {};
}

Warning check_black_box(std::int64_t survivors, std::int64_t fallen, const std::string& black_box) {
  if (fallen == 0) return {};
  return "masked gradients: of " + std::to_string(survivors) +
         " images that withstood this white-box attack " + std::to_string(fallen) + " fell to " +
         black_box +
         ", which sees no gradient; the robust accuracy above is too high. If with more --steps or "
         "--restarts they fall, the attack was merely too weak";
}

Warning check_rise(const std::vector<Record>& records) {
  constexpr double kShare = 0.1;
  struct Counts {
    std::int64_t survivors = 0, still = 0;
  };
  std::map<double, Counts> by_epsilon;
  for (const Record& record : records) {
    const bool attacked = record.attacked && record.epsilon.value_or(0) > 0;
    if (!attacked || record.attacked->success) continue;
    Counts& own = by_epsilon[*record.epsilon];
    ++own.survivors;
    own.still +=
        record.attacked->target < 0 && record.attacked->margin <= record.clean_margin ? 1 : 0;
  }
  Warning warning;  // of the largest such epsilon
  for (const auto& [epsilon, own] : by_epsilon) {
    const bool few = static_cast<double>(own.still) < kShare * static_cast<double>(own.survivors);
    if (own.still == 0 || few) continue;
    warning = "at epsilon " + epsilon_text(epsilon) + ", for " + counted(own.still, own.survivors) +
              " images that withstood, the attack did not bring the scores nearer to another class "
              "than they were: its gradient does not lead uphill (scores that are flat there, "
              "masked gradients, or steps that are too large)";
  }
  return warning;
}

Warning check_large_epsilon(std::int64_t images, std::int64_t survivors, double epsilon) {
  if (survivors == 0) return {};
  return "even with epsilon " + epsilon_text(epsilon) +
         ", where any image can become uniform grey, " + counted(survivors, images) +
         " images withstand: the attack fails for another reason than robustness (scores that "
         "are flat there, masked gradients, or too few steps)";
}

Warning check_nearest(const std::vector<Record>& records) {
  std::int64_t attacked = 0, without = 0;
  for (const Record& record : records) {
    if (record.epsilon || !record.attacked || record.attacked->no_start) continue;
    ++attacked;
    without += record.attacked->success ? 0 : 1;
  }
  if (without == 0) return {};
  return "for " + counted(without, attacked) +
         " images the attack found nothing that fools, however far: it failed, and they are no "
         "more robust "
         "for it (too few steps, scores that are flat there, or masked gradients)";
}

Warning check_starts(const std::vector<Record>& records,
                     const std::function<std::string(std::int64_t)>& name) {
  constexpr std::size_t kNamed = 5;
  std::int64_t attacked = 0, without = 0;
  std::set<std::int64_t> targets;
  for (const Record& record : records) {
    if (!record.attacked) continue;
    ++attacked;
    if (!record.attacked->no_start) continue;
    ++without;
    targets.insert(record.attacked->target);
  }
  if (without == 0) return {};
  std::string names;
  std::size_t named = 0;
  for (const std::int64_t target : targets) {
    if (named++ < kNamed) names += (names.empty() ? "'" : ", '") + name(target) + "'";
  }
  return counted(without, attacked) +
         " images had no start, were left as they are and count as robust: the network sees no "
         "image of the data as " +
         names + (targets.size() > kNamed ? ", ..." : "");
}

Warning check_rounding(const std::vector<Record>& records) {
  Warning warning;  // of the largest such epsilon
  for (const Summary& s : summarise(records)) {
    if (2 * s.rounded_success.count >= s.rounded_success.of) continue;
    const std::string at = s.epsilon ? " at epsilon " + epsilon_text(*s.epsilon) : "";
    warning =
        "of " + std::to_string(s.rounded_success.of) + " images that fool" + at + " only " +
        std::to_string(s.rounded_success.count) +
        " still do when they are rounded to 8 bits: as PNG or JPEG most are harmless, and the "
        "rates before rounding are of adversarial.npy alone";
  }
  return warning;
}

Warning check_confirmed(const std::vector<Record>& records) {
  std::int64_t without = 0, seen = 0;
  for (const Record& record : records) {
    if (!record.attacked) continue;
    without += record.attacked->unconfirmed ? 1 : 0;
    seen += record.attacked->unconfirmed || record.attacked->success ? 1 : 0;
  }
  if (without == 0) return {};
  return "the attack counted " + std::to_string(seen) + " successes, of which the victim, asked " +
         "afresh, does not confirm " + std::to_string(without);
}

Warning check_clean(const std::vector<Record>& records, const std::string& first, bool alone) {
  const auto correct = [](const Record& record) { return record.correct(); };
  if (records.empty() || std::ranges::any_of(records, correct)) return {};
  if (alone) return first + ": the image was not attacked";
  return "no image is classified correctly, so none was attacked (" + first +
         "): are the labels numbered as the network's classes are?";
}

Warning check_order(const std::vector<Record>& records) {
  const std::vector<Summary> summaries = summarise(records);
  for (std::size_t i = 1; i < summaries.size(); ++i) {
    const Summary &small = summaries[i - 1], &large = summaries[i];
    // One image, or one in a hundred, may be luck of the start.
    const std::int64_t slack = std::max<std::int64_t>(1, small.success.of / 100);
    if (!small.epsilon || large.success.count >= small.success.count - slack) continue;
    return "fewer images are fooled at epsilon " + epsilon_text(*large.epsilon) + " (" +
           std::to_string(large.success.count) + ") than at " + epsilon_text(*small.epsilon) +
           " (" + std::to_string(small.success.count) +
           "), whose ball lies within: the attack is too weak for the larger one, or the gradients "
           "are masked";
  }
  return {};
}

}  // namespace apps
