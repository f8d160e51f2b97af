#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "epsilons.hpp"
#include "flags.hpp"
#include "phosphene/classifier.hpp"
#include "phosphene/error.hpp"
#include "phosphene/methods/interval_bounds.hpp"
#include "robust/summary.hpp"

namespace apps {

using namespace phosphene;
using Json = nlohmann::json;

namespace {

/// Of one epsilon each.
std::vector<std::string> variants(const std::vector<double>& epsilons) {
  if (epsilons.size() == 1) return {""};
  std::vector<std::string> names;
  for (const double epsilon : epsilons) names.push_back("-eps" + Json(epsilon * 255).dump());
  return names;
}

/// Takes items a batch at a time, of whichever epsilon.
class IbpStream {
 public:
  IbpStream(const Certified& what, const std::vector<double>& epsilons)
      : epsilons_(epsilons),
        shape_(what.data->image_shape()),
        bounds_(*what.context, *what.network, shape_.h, shape_.w, what.batch),
        classifier_(make_classifier(*what.context, *what.network, shape_.h, shape_.w, what.batch)),
        batch_(what.batch) {}

  void run(SweepQueue& queue) {
    std::vector<SweepItem> items;
    while (std::optional<SweepItem> item = queue.next()) {
      items.push_back(std::move(*item));
      if (std::ssize(items) == batch_) finish(items, queue);
    }
    if (!items.empty()) finish(items, queue);
  }

 private:
  void finish(std::vector<SweepItem>& items, SweepQueue& queue) {
    Tensor images = Tensor::host({std::ssize(items), shape_.c, shape_.h, shape_.w});
    std::vector<std::int64_t> labels;
    std::vector<float> radii;
    for (std::size_t i = 0; i < items.size(); ++i) {
      std::copy_n(items[i].image.data(), shape_.count(),
                  images.data() + static_cast<std::int64_t>(i) * shape_.count());
      labels.push_back(items[i].label);
      radii.push_back(static_cast<float>(epsilons_[static_cast<std::size_t>(items[i].variant)]));
    }
    const Tensor margins = bounds_.margins(images, labels, radii);
    const std::vector<std::int64_t> clean = predictions(classifier_(images));
    for (std::size_t i = 0; i < items.size(); ++i) {
      const float margin = least_margin(margins, static_cast<std::int64_t>(i), labels[i]);
      queue.done(items[i].index,
                 {{"label", labels[i]},
                  {"clean", clean[i]},
                  {"epsilon", epsilons_[static_cast<std::size_t>(items[i].variant)]},
                  {"margin", std::isfinite(margin) ? Json(margin) : Json()},
                  {"certified", margin > 0}});
    }
    items.clear();
  }

  const std::vector<double>& epsilons_;
  Shape shape_;
  IntervalBounds bounds_;
  Classifier classifier_;
  std::int64_t batch_;
};

/// Rates at each epsilon, and the table of them.
Json summarise(const std::vector<Json>& records, const std::vector<double>& epsilons) {
  Json json{{"certified", Json::array()}};
  std::printf("| epsilon | images | clean %% | certified %% |\n|---|---|---|---|\n");
  for (const double epsilon : epsilons) {
    Rate clean, certified;
    for (const Json& r : records) {
      if (r["epsilon"] != epsilon) continue;
      clean.count += r["clean"] == r["label"] ? 1 : 0;
      certified.count += r["certified"].get<bool>() ? 1 : 0;
      clean.of = ++certified.of;
    }
    Json row{{"epsilon", epsilon}, {"images", clean.of}};
    put(row, "clean_accuracy", clean);
    put(row, "certified_accuracy", certified);
    json["certified"].push_back(std::move(row));
    std::printf("| %s | %lld | %s | %s |\n", epsilon_text(epsilon).c_str(),
                static_cast<long long>(clean.of), percent(clean).c_str(),
                percent(certified).c_str());
  }
  return json;
}

}  // namespace

void IbpFlags::add_to(CLI::App& app) {
  app.add_option("--eps", eps, "L-infinity radius, in pixels of [0,1] [8/255]");
  app.add_option("--epsilons", epsilons, "Several: 1/255,2/255 or 0:8:1/255, instead of --eps");
  CertifyFlags::add_to(app);
}

int certify_ibp(const IbpFlags& f, int argc, char** argv) {
  if (!f.eps.empty() && !f.epsilons.empty()) {
    throw UsageError("--eps and --epsilons: expected one of them");
  }
  const std::vector<double> radii =
      f.epsilons.empty()
          ? std::vector<double>{epsilon("--eps", f.eps.empty() ? "8/255" : f.eps, Norm::linf)}
          : epsilons("--epsilons", f.epsilons, Norm::linf);
  const Certified what(f, 0);
  IbpStream stream(what, radii);
  SweepJob job = certify_job(f, what, "ibp");
  job.settings["--epsilons"] = radii;
  job.variants = variants(radii);
  job.stream = [&](SweepQueue& queue) { stream.run(queue); };
  const int code = sweep(*what.data, f.shard, job);
  if (code == kInterrupted) return code;
  std::vector<Json> records;
  for (const auto& [index, line] : recorded_items(f.shard, f.out)) {
    if (line.contains("record")) records.push_back(line["record"]);
  }
  std::printf("%s\n\n", heading(f, what, "ibp, linf").c_str());
  write_report(f, what, job, summarise(records, radii), argc, argv);
  return code;
}

}  // namespace apps
