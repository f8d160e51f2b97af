#include "report.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "phosphene/attacks/inspector.hpp"
#include "phosphene/classifier.hpp"
#include "phosphene/image.hpp"
#include "phosphene/npy.hpp"
#include "pictures.hpp"
#include "setup.hpp"
#include "shard.hpp"
#include "stream.hpp"
#include "summary.hpp"
#include "sweep_list.hpp"

namespace apps {
namespace {

using namespace phosphene;

constexpr std::size_t kPairs = 8;

/// "tabby cat 98.1 %"
std::string words(const Subject& s, const float* logits, std::int64_t classes) {
  const std::int64_t shown = predicted_class(logits, classes);
  if (shown < 0) return "NaN";
  double sum = 0;
  for (std::int64_t k = 0; k < classes; ++k) {
    sum += std::exp(static_cast<double>(logits[k] - logits[shown]));
  }
  return caption(s.class_name(shown), 1 / sum);
}

/// The attacked images as the sweep saved them, a row an item of the shard.
class Attacked {
 public:
  Attacked(const std::string& out, const Shard& shard, std::size_t variants)
      : rows_(array_path(out, "adversarial", shard)),
        shard_(shard),
        variants_(static_cast<std::int64_t>(variants)) {}

  Tensor load(std::int64_t image, std::int64_t variant, const Shape& shape) const {
    Tensor result = Tensor::host(shape);
    rows_.read(array_row(image * variants_ + variant, variants_, shard_),
               {result.data(), static_cast<std::size_t>(result.count())});
    return result;
  }

 private:
  NpyRows rows_;
  Shard shard_;
  std::int64_t variants_;
};

/// An image to show, and at which of the epsilons.
struct Shown {
  const ImageRecord* record = nullptr;
  std::int64_t variant = 0;
};

/// Of each image the least epsilon that fools; images of different classes first; of none that is
/// fooled, those that withstood the largest.
std::vector<Shown> shown(const AttackPlan& plan, const std::vector<ImageRecord>& records) {
  const auto variant_of = [&](const Record& r) {
    const auto at = std::ranges::find(plan.epsilons, r.epsilon.value_or(0));
    return at == plan.epsilons.end() || !r.epsilon ? 0 : at - plan.epsilons.begin();
  };
  std::map<std::int64_t, Shown> fooled, withstood;
  for (const ImageRecord& each : records) {
    if (!each.record.attacked) continue;
    auto& own = each.record.attacked->success ? fooled : withstood;
    const Shown now{&each, variant_of(each.record)};
    const auto [place, fresh] = own.try_emplace(each.image, now);
    const bool better = each.record.attacked->success == (now.variant < place->second.variant);
    if (!fresh && better) place->second = now;
  }
  std::vector<Shown> chosen, rest;
  std::set<std::int64_t> classes;
  for (const auto& [image, one] : fooled.empty() ? withstood : fooled) {
    (classes.insert(one.record->record.label).second ? chosen : rest).push_back(one);
  }
  chosen.insert(chosen.end(), rest.begin(), rest.end());
  chosen.resize(std::min(chosen.size(), kPairs));
  return chosen;
}

std::vector<Pair> pairs_of(const AttackFlags& f, const AttackPlan& plan, const Subject& s,
                           const std::vector<ImageRecord>& records) {
  std::vector<Pair> pairs;
  const std::vector<Shown> chosen = shown(plan, records);
  if (chosen.empty()) return pairs;
  const Attacked attacked(f.out, parse_shard(f.shard, environment), plan.variants());
  const std::unique_ptr<Victim> victim = s.tried(2);
  Inspector inspector(*s.context, *victim);
  for (const Shown& one : chosen) {
    const std::int64_t image = one.record->image, label = one.record->record.label;
    Pair& pair = pairs.emplace_back();
    pair.name = s.data->name(image);
    pair.image = s.data->load(image);
    pair.attacked = attacked.load(image, one.variant, pair.image.shape());
    const Record::Attacked& outcome = *one.record->record.attacked;
    pair.fooled = outcome.success;
    if (outcome.target >= 0) pair.target = s.class_name(outcome.target);
    const std::array<Specimen, 2> both{
        {{image, label, &pair.image}, {image, label, &pair.attacked}}};
    const Tensor logits = inspector.logits(both);
    const std::int64_t classes = logits.shape().c;
    pair.clean = words(s, logits.data(), classes);
    pair.shown_as = words(s, logits.data() + classes, classes);
  }
  return pairs;
}

std::string network_name(const Subject& s) {
  const std::string& model = s.network->info().model;
  return model.empty() ? "network" : model;
}

}  // namespace

nlohmann::json setup_of(const AttackFlags& f, const AttackPlan& plan, const Subject& s) {
  nlohmann::json setup = setup_of_journal(settings(f, plan, s));
  setup["data"] = f.image.empty() ? f.data : f.image;
  setup["weights"] = s.network->weights().source();
  if (!f.mask.empty()) setup["mask"]["file"] = f.mask;
  setup["options"] = used_options(plan);
  return setup;
}

std::vector<Summary> summaries_of(const AttackPlan& plan, const std::vector<Record>& records) {
  std::vector<Summary> all = summarise(records, parts_of(plan.method->name));
  for (Summary& s : summarise(within(records, plan.options.norm, plan.within))) {
    all.push_back(std::move(s));
  }
  return all;
}

nlohmann::json report(const AttackFlags& f, const AttackPlan& plan, const Subject& s,
                      const std::vector<ImageRecord>& records,
                      const std::vector<std::string>& warnings) {
  const std::vector<Record> all = plain(records);
  const std::vector<Summary> summaries = summaries_of(plan, all);
  nlohmann::json json = nlohmann::json::object(), list = nlohmann::json::array();
  for (const Summary& summary : summaries) {
    json = to_json(summary);  // the last, of the largest epsilon, stays
    list.push_back(json);
  }
  if (plan.method->nearest && !summaries.empty()) {
    const Summary& nearest = summaries.front();
    json["distance"] = to_json(plan.options.norm == Norm::linf ? nearest.linf : nearest.l2);
  }
  std::vector<std::string> all_warnings = plan.warnings;
  all_warnings.insert(all_warnings.end(), warnings.begin(), warnings.end());
  const auto skipped =
      std::ranges::count_if(records, [](const ImageRecord& each) { return each.record.skipped; });
  json.update(setup_of(f, plan, s));
  json.update({{"batch", s.batch},
               {"skipped", skipped / static_cast<std::int64_t>(plan.variants())},
               {"epsilons", list},
               {"curve", to_json(curve(all, plan.options.norm, plan.epsilons))},
               {"warnings", all_warnings}});
  const Shard shard = parse_shard(f.shard, environment);
  if (shard.count > 1) {
    json["shard"] = std::to_string(shard.index) + "/" + std::to_string(shard.count);
  }
  return json;
}

void save_pictures(const AttackFlags& f, const AttackPlan& plan, const Subject& s,
                   const std::vector<ImageRecord>& records) {
  const Shard shard = parse_shard(f.shard, environment);
  const std::string suffix =
      shard.count == 1 ? ""
                       : "-" + std::to_string(shard.index) + "-of-" + std::to_string(shard.count);
  const std::string title =
      network_name(s) + (f.defences.empty() ? "" : " behind " + members(f.defences)) +
      (f.expectation.empty() ? "" : " over " + f.expectation) + " under " +
      (plan.naive ? "naive " : "") + f.method +
      (f.targeted.empty() ? "" : " towards " + f.targeted) + (f.mask.empty() ? "" : ", masked");
  save_image(
      f.out + "/curve" + suffix + ".png",
      curves_picture("Robust accuracy of " + title, plan.options.norm,
                     {{network_name(s), curve(plain(records), plan.options.norm, plan.epsilons)}}));
  if (const std::vector<Pair> pairs = pairs_of(f, plan, s, records); !pairs.empty()) {
    save_image(f.out + "/grid" + suffix + ".png", grid_picture(title, pairs));
  }
}

}  // namespace apps
