#include "flags.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "classes.hpp"
#include "epsilons.hpp"
#include "flag_values.hpp"
#include "phosphene/attacks/mask.hpp"
#include "phosphene/error.hpp"
#include "phosphene/models.hpp"

namespace apps {
namespace {

using namespace phosphene;

const std::vector<std::string> kOfSome{"--loss",     "--steps",   "--alpha",   "--restarts",
                                       "--samples",  "--stay",    "--mask",    "--momentum",
                                       "--lambda",   "--queries", "--searches"};

int count_of(const char* flag, const std::string& text) {
  constexpr int kMost = 1'000'000'000;
  return number<int>(flag, text, "a whole number of 1 or more", 1, kMost);
}

/// What was given must belong to the method.
void check_flags(const CLI::App& app, const Method& method) {
  for (const std::string& flag : kOfSome) {
    if (app.count(flag) == 0) continue;
    if (std::ranges::find(method.flags, flag) != method.flags.end()) continue;
    throw UsageError(flag + ": does not belong to " + method.name + " but to " +
                     methods_with(flag));
  }
  if (app.count("--targeted") > 0 && !method.targeted) {
    throw UsageError("--targeted: " + method.name + " looks for any other class");
  }
  if (app.count("--eps") > 0 && method.nearest) {
    throw UsageError("--eps: " + method.name +
                     " looks for the nearest image, in no ball; --epsilons says where its curve "
                     "is taken");
  }
  if (app.count("--eps") > 0 && app.count("--epsilons") > 0) {
    throw UsageError("--eps and --epsilons: expected one of them");
  }
}

Norm norm_of(const std::string& text, const Method& method) {
  if (text.empty()) return method.norms.front();
  const Norm norm = parse_norm(text);
  if (std::ranges::find(method.norms, norm) != method.norms.end()) return norm;
  throw UsageError("--norm " + text + ": " + method.name + " is made for " +
                   to_string(method.norms.front()) + " alone");
}

MethodOptions options_of(const AttackFlags& f, const Method& method) {
  MethodOptions o;
  o.norm = norm_of(f.norm, method);
  o.stay = f.stay;
  if (!f.loss.empty()) o.loss = parse_attack_loss(f.loss);
  if (!f.steps.empty()) o.steps = count_of("--steps", f.steps);
  if (!f.restarts.empty()) o.restarts = count_of("--restarts", f.restarts);
  if (!f.samples.empty()) o.samples = count_of("--samples", f.samples);
  if (!f.searches.empty()) o.searches = count_of("--searches", f.searches);
  if (!f.queries.empty()) o.queries = count_of("--queries", f.queries);
  if (!f.alpha.empty()) {
    const double alpha = fraction("--alpha", f.alpha);
    if (!(alpha > 0)) {
      throw UsageError("--alpha '" + printable(f.alpha) + "': expected more than 0");
    }
    o.alpha = static_cast<float>(epsilon("--alpha", f.alpha, o.norm));
  }
  if (!f.momentum.empty()) {
    o.momentum = number<float>("--momentum", f.momentum, "a number of 0 or more", 0);
  }
  if (!f.lambda.empty()) {
    o.lambda = number<float>("--lambda", f.lambda, "a number of 0 or more", 0);
  }
  return o;
}

/// The photograph of --image as a data set of one.
class OnePhotograph : public Dataset {
 public:
  OnePhotograph(std::string path, std::int64_t label, std::int64_t side)
      : path_(std::move(path)), label_(label), side_(side) {}

  std::int64_t size() const override { return 1; }
  Shape image_shape() const override { return {1, 3, side_, side_}; }
  std::string name(std::int64_t) const override {
    return std::filesystem::path(path_).stem().string();
  }
  std::string path(std::int64_t) const override { return path_; }
  std::int64_t label(std::int64_t) const override { return label_; }
  Tensor load(std::int64_t) const override;
  std::string fingerprint() const override;

 private:
  std::string path_;
  std::int64_t label_, side_;
};

}  // namespace

}  // namespace apps
