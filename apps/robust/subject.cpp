#include "subject.hpp"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "checksum.hpp"
#include "classes.hpp"
#include "explain_flags.hpp"
#include "flag_values.hpp"
#include "phosphene/attacks/mask.hpp"
#include "phosphene/defences/defended.hpp"
#include "phosphene/defences/transform.hpp"
#include "phosphene/error.hpp"
#include "phosphene/framing.hpp"
#include "phosphene/image.hpp"
#include "phosphene/models.hpp"
#include "phosphene/text.hpp"
#include "sweep.hpp"

namespace apps {
namespace {

using namespace phosphene;

/// The photograph of --image as a data set of one.
class OnePhotograph : public Dataset {
 public:
  OnePhotograph(std::string path, std::int64_t label, std::int64_t side)
      : path_(std::move(path)), label_(label), image_(frame_8bit(read(path_), side)) {}

  std::int64_t size() const override { return 1; }
  Shape image_shape() const override { return image_.shape(); }
  std::string name(std::int64_t) const override {
    return std::filesystem::path(path_).stem().string();
  }
  std::string path(std::int64_t) const override { return path_; }
  std::int64_t label(std::int64_t) const override { return label_; }
  Tensor load(std::int64_t) const override {
    Tensor copy = Tensor::host(image_.shape());
    std::copy_n(image_.data(), image_.count(), copy.data());
    return copy;
  }
  std::string fingerprint() const override { return crc32_of_file(path_); }

 private:
  static Tensor read(const std::string& path) { return load_image(path, {90, warn}); }

  std::string path_;
  std::int64_t label_;
  Tensor image_;
};

std::unique_ptr<Dataset> open_data(const AttackFlags& f, const AttackPlan& plan,
                                   const Network& network) {
  if (f.data.empty() == f.image.empty()) {
    throw UsageError("--data and --image: expected one of them");
  }
  if (!f.image.empty()) {
    if (f.label.empty()) throw UsageError("--label: expected the true class of --image");
    const std::int64_t label = class_of("--label", f.label, network);
    return std::make_unique<OnePhotograph>(f.image, label, input_size(network));
  }
  if (!f.label.empty()) throw UsageError("--label: is for --image; --data has labels of its own");
  return open_dataset({.path = f.data,
                       .classes = network.info().labels,
                       .class_count = class_count(network.graph()),
                       .size = network.info().input_size,
                       .network = called(f, network),
                       .count = plan.limit,
                       .warn = warn});
}

Transforms transforms(const char* flag, const Context& context, const std::string& spec) {
  try {
    return parse_transforms(context, spec);
  } catch (const UsageError& error) {
    throw UsageError(std::string(flag) + ": " + error.what());
  }
}

/// Makes the network behind the defences, if they are wanted, averaged, and all of it behind what
/// the world does.
class VictimMaker {
 public:
  VictimMaker(const AttackFlags& f, const Subject& s, bool defences)
      : context_(*s.context),
        network_(*s.network),
        shape_(s.data->image_shape()),
        specs_(defences ? f.defences : std::vector<std::string>{}),
        expectation_(f.expectation) {}

  std::unique_ptr<Victim> operator()(std::int64_t batch) const {
    const auto bare = [&] { return make_victim(context_, network_, shape_.h, shape_.w, batch); };
    std::vector<std::unique_ptr<Victim>> members;
    for (const std::string& spec : specs_) {
      members.push_back(defended(context_, bare(), transforms("--defence", context_, spec)));
    }
    std::unique_ptr<Victim> victim = members.empty()       ? bare()
                                     : members.size() == 1 ? std::move(members.front())
                                                           : averaged(context_, std::move(members));
    if (expectation_.empty()) return victim;
    return defended(context_, std::move(victim),
                    transforms("--expectation", context_, expectation_));
  }

  /// Throws UsageError that names the flag, where a stage is unknown.
  Transforms stages() const {
    Transforms all;
    const auto add = [&](const char* flag, const std::string& spec) {
      for (auto& t : transforms(flag, context_, spec)) all.push_back(std::move(t));
    };
    for (const std::string& spec : specs_) add("--defence", spec);
    if (!expectation_.empty()) add("--expectation", expectation_);
    return all;
  }

 private:
  const Context& context_;
  const Network& network_;
  Shape shape_;
  std::vector<std::string> specs_;
  std::string expectation_;
};

/// Of the pixels those that may change.
double free_share(const Tensor& mask) {
  const auto free =
      std::count_if(mask.data(), mask.data() + mask.count(), [](float open) { return open > 0; });
  return static_cast<double>(free) / static_cast<double>(mask.count());
}

}  // namespace

std::string Subject::class_name(std::int64_t index) const {
  const std::string name = label_of(*network, index);
  return name.empty() ? "class " + std::to_string(index) : name.substr(0, name.find(','));
}

std::int64_t Subject::classes() const { return class_count(network->graph()); }

Subject open_subject(const AttackFlags& f, const AttackPlan& plan) {
  Subject s;
  s.network = std::make_unique<Network>(load_network(f.network_options()));
  checked_classes("--weights " + f.weights, *s.network);
  s.data = open_data(f, plan, *s.network);
  s.target = TargetRule(f.targeted, *s.network, *s.data, f.seed);
  const Shape shape = s.data->image_shape();
  if (!f.mask.empty()) s.mask = load_mask(f.mask, shape.h, shape.w);
  s.context = make_context(f);
  const std::int64_t items = s.data->size() * static_cast<std::int64_t>(plan.variants());
  s.batch = data_batch(f.batch, recorded_device(f.shard, f.out), *s.context, shape, kMostOfAuto,
                       most_in_work(*plan.method, items));
  const VictimMaker seen(f, s, !plan.naive), tried(f, s, true);
  for (const auto& stage : tried.stages()) s.random = s.random || stage->random();
  for (const auto& stage : seen.stages()) {
    if (!stage->differentiable()) s.without_gradient.push_back(stage->name());
  }
  s.seen = seen;
  s.tried = tried;
  return s;
}

std::string members(const std::vector<std::string>& defences) { return joined(defences, " | "); }

nlohmann::json settings(const AttackFlags& f, const AttackPlan& plan, const Subject& s) {
  nlohmann::json json = settings_of(f, *s.network);
  json.update({{"--data", s.data->fingerprint()},
               {"--method", f.method},
               {"--norm", to_string(plan.options.norm)},
               {"--targeted", f.targeted},
               {"--mask", content_of(f.mask)},
               {"--defence", members(f.defences)},
               {"--naive", plan.naive},
               {"--expectation", f.expectation}});
  const nlohmann::json used = plan.method->used(plan.options);
  for (const auto& [name, value] : used.items()) {
    json["--" + name] = value;
  }
  if (!s.mask.empty()) json["share of free pixels"] = free_share(s.mask);
  if (!plan.method->nearest) json["--epsilons"] = plan.epsilons;
  return json;
}

Readable readable(const Dataset& data, std::int64_t from, std::int64_t count) {
  Readable found;
  for (std::int64_t i = from; i < from + count; ++i) {
    try {
      found.images.push_back(data.load(i));
      found.places.push_back(i);
    } catch (const Error&) {
    }
  }
  return found;
}

}  // namespace apps
