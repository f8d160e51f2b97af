#include "phosphene/attacks/hop_skip_jump.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/attacks/check_image.hpp"
#include "engine/attacks/label_queries.hpp"
#include "engine/ops/tensor_ops.hpp"
#include "phosphene/error.hpp"

namespace phosphene {
namespace {

using Kind = Seeker::Kind;
using Place = Seeker::Place;
using Query = Seeker::Query;

constexpr int kMostDraws = 1000;  // of noise that does not fool
constexpr int kBlends = 50;       // from the original to the noise
constexpr float kFirstDelta = 0.1F;
constexpr int kHalvings = 24;  // of a step: what is left is lost in rounding
constexpr float kFinest = 0x1p-20F;

/// The numbers that depend on the size of an image.
struct Scale {
  Scale(const HopSkipJumpOptions& options, std::int64_t elements)
      : d(static_cast<float>(elements)),
        gamma(options.gamma),
        theta(options.gamma / (options.norm == Norm::linf ? d * d : d * std::sqrt(d))),
        search(static_cast<std::int64_t>(std::ceil(std::log2(std::max(1 / theta, 1.0F))))) {}

  float delta(float distance) const {
    return std::max(gamma * distance / d, kFinest * std::sqrt(d));
  }

  float d, gamma, theta;
  std::int64_t search;  ///< queries of one bisection, at most
};

/// An image that fools as the candidate; false if none was found.
Task<bool> find_start(Seeker& seeker) {
  if (seeker.has_start) {
    const Query start{Kind::candidate};
    if (co_await seeker.fools(start) == 0) co_return false;
    seeker.distance = co_await seeker.keep(start, Place::candidate);
    co_return true;
  }
  for (int draw = 0; draw < kMostDraws; ++draw) {
    Query noise{Kind::noise, 1, seeker.draw()};
    if (co_await seeker.fools(noise) == 0) continue;
    for (int blend = 1; blend <= kBlends; ++blend) {
      noise.amount = static_cast<float>(blend) / kBlends;
      if (blend == kBlends) break;  // known to fool
      if (co_await seeker.fools(noise) > 0) break;
    }
    seeker.distance = co_await seeker.keep(noise, Place::candidate);
    co_return true;
  }
  co_return false;
}

/// The paper's Algorithm 1: from the candidate, which fools, to the boundary.
Task<void> search_boundary(Seeker& seeker, Norm norm, float theta) {
  float low = 0, high = norm == Norm::linf ? seeker.distance : 1;
  const float threshold = theta * high;
  Query nearest{Kind::candidate};
  while (high - low > threshold && seeker.left() > 0) {
    const float middle = (low + high) / 2;
    if (middle == low || middle == high) break;
    const Query blend{Kind::blend, middle};
    if (co_await seeker.fools(blend) > 0) {
      high = middle;
      nearest = blend;
    } else {
      low = middle;
    }
  }
  seeker.distance = co_await seeker.keep(nearest, Place::point);
  if (seeker.best >= 0 && seeker.best <= seeker.distance) co_return;
  seeker.best = co_await seeker.keep(nearest, Place::best);
}

/// The largest step along the direction that fools becomes the candidate.
Task<bool> step(Seeker& seeker, float size) {
  for (int halving = 0; halving < kHalvings; ++halving, size /= 2) {
    const Query to{Kind::step, size};
    if (co_await seeker.fools(to) == 0) continue;
    seeker.distance = co_await seeker.keep(to, Place::candidate);
    co_return true;
  }
  co_return false;
}

/// The paper's Algorithm 2. A direction is only asked for where enough of the budget is left to
/// make use of it.
Task<void> hop_skip_jump(Seeker& seeker, HopSkipJumpOptions o, Scale scale) {
  if (co_await seeker.fools({Kind::original}) > 0) {
    seeker.best = co_await seeker.keep({Kind::original}, Place::best);
    co_return;
  }
  const bool found = co_await find_start(seeker);
  if (!found) co_return;
  co_await search_boundary(seeker, o.norm, scale.theta);
  for (int t = 1; t <= o.iterations; ++t) {
    const double root = std::sqrt(static_cast<double>(t));
    const auto wanted = static_cast<std::int64_t>(std::min(
        static_cast<double>(o.initial_evaluations) * root, static_cast<double>(o.max_evaluations)));
    const std::int64_t rows = std::min(wanted, seeker.left() - scale.search);
    if (rows < 1) co_return;
    const float from = seeker.distance;
    co_await seeker.turn(rows, t == 1 ? kFirstDelta : scale.delta(from));
    const bool stepped = co_await step(seeker, from / static_cast<float>(root));
    if (stepped) {
      co_await search_boundary(seeker, o.norm, scale.theta);
    }
    seeker.iterations = t;
  }
}

class HopSkipJump : public Attack {
 public:
  HopSkipJump(const Context& context, Classifier classifier, const HopSkipJumpOptions& options)
      : context_(context),
        classifier_(std::move(classifier)),
        options_(options),
        seekers_(static_cast<std::size_t>(options.slots)) {}

  std::int64_t slots() const override { return options_.slots; }

  void start(std::int64_t slot, const Example& example) override {
    check(example);
    if (!queries_) {
      queries_.emplace(context_, classifier_, options_.norm, shape_, options_.slots,
                       options_.batch);
    }
    Seeker& seeker = at(slot) = {};
    seeker.image = example.index;
    seeker.label = example.label;
    seeker.target = example.target;
    seeker.tag = example.tag;
    seeker.max_queries = options_.max_queries;
    seeker.has_start = !example.start.empty();
    queries_->slots().put(Place::original, slot, example.image);
    if (seeker.has_start) queries_->slots().put(Place::candidate, slot, example.start);
    const Scale scale(options_, shape_.count());
    queries_->begin(slot, seeker, hop_skip_jump(seeker, options_, scale));
  }

  void step() override {
    if (queries_) queries_->step();
  }

  bool finished(std::int64_t slot) const override {
    return LabelQueries::ended(seekers_[static_cast<std::size_t>(slot)]);
  }

  Outcome take(std::int64_t slot) override {
    Seeker& seeker = at(slot);
    const bool success = seeker.best >= 0;
    Outcome outcome{.index = seeker.image,
                    .image = queries_->slots().take(success ? Place::best : Place::original, slot),
                    .success = success,
                    .iterations = seeker.iterations,
                    .queries = seeker.queries,
                    .tag = seeker.tag};
    seeker = {};  // and its task, wherever that stands
    return outcome;
  }

 private:
  Seeker& at(std::int64_t slot) { return seekers_[static_cast<std::size_t>(slot)]; }

  void check(const Example& example) {
    const std::string name = "image " + std::to_string(example.index) + ": ";
    if (!queries_) shape_ = example.image.shape();
    check_example(shape_, example, Norm::l2);  // its epsilon is not looked at
    if (!example.start.empty()) check_image(name + "its start ", shape_, example.start);
    if (example.target >= 0 && example.start.empty()) {
      throw UsageError(name + "a targeted HopSkipJump needs an image of class " +
                       std::to_string(example.target) + " to start from");
    }
  }

  const Context& context_;
  Classifier classifier_;
  HopSkipJumpOptions options_;
  Shape shape_;
  std::vector<Seeker> seekers_;
  std::optional<LabelQueries> queries_;  ///< once the size of the images is known
};

void require(bool good, const std::string& flag, const std::string& value,
             const std::string& expected) {
  if (!good) throw UsageError(flag + " " + value + ": expected " + expected);
}

}  // namespace

std::unique_ptr<Attack> hop_skip_jump(const Context& context, Classifier classifier,
                                      const HopSkipJumpOptions& o) {
  require(o.iterations >= 0, "--steps", std::to_string(o.iterations), "at least 0");
  require(o.max_queries >= 0, "--max-queries", std::to_string(o.max_queries),
          "at least 1, or 0 for no limit");
  require(o.initial_evaluations >= 1, "--initial-evaluations",
          std::to_string(o.initial_evaluations), "at least 1");
  require(o.max_evaluations >= 1, "--max-evaluations", std::to_string(o.max_evaluations),
          "at least 1");
  require(std::isfinite(o.gamma) && o.gamma > 0, "--gamma", std::to_string(o.gamma), "above 0");
  require(o.slots >= 1, "--slots", std::to_string(o.slots), "at least 1");
  require(o.batch >= 1, "--batch", std::to_string(o.batch), "at least 1");
  return std::make_unique<HopSkipJump>(context, std::move(classifier), o);
}

}  // namespace phosphene
