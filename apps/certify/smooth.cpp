#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "epsilons.hpp"
#include "flag_values.hpp"
#include "flags.hpp"
#include "phosphene/classifier.hpp"
#include "phosphene/error.hpp"
#include "phosphene/methods/smoothing.hpp"
#include "phosphene/statistics.hpp"
#include "robust/summary.hpp"

namespace apps {

using namespace phosphene;
using Json = nlohmann::json;

namespace {

constexpr const char* kUsualRadii = "0,0.1,0.25,0.5,0.75,1";

/// The largest radius that n draws can prove, as all of them agree; 0 where they prove nothing.
double most_radius(const SmoothingOptions& o) {
  const double share = clopper_pearson_lower(o.n, o.n, o.alpha);
  return share > 0.5 ? double{o.sigma} * normal_quantile(share) : 0;
}

float sigma_of(const std::string& text) {
  constexpr float kMost = 2;
  std::string expected = "a number above 0 and at most 2, as pixels are in [0,1]";
  const auto sigma = static_cast<float>(fraction("--sigma", text));
  if (sigma > 0 && sigma <= kMost) return sigma;
  if (sigma > kMost && sigma <= 255) {
    expected += "; of pixels up to 255 it is " + epsilon_text(double{sigma} / 255);
  }
  throw UsageError("--sigma '" + text + "': expected " + expected);
}

SmoothingOptions options_of(const SmoothFlags& f) {
  SmoothingOptions options;
  options.sigma = sigma_of(f.sigma);
  options.n0 = number<std::int64_t>("--n0", f.n0, "a whole number of 1 or more", 1);
  options.n = number<std::int64_t>("--n", f.n, "a whole number of 1 or more", 1);
  const std::string between = "a number between 0 and 1";
  options.alpha = number<double>("--alpha", f.alpha, between);
  if (!(options.alpha > 0 && options.alpha < 1)) {
    throw UsageError("--alpha '" + f.alpha + "': expected " + between);
  }
  check(options);
  if (!(most_radius(options) > 0)) {
    const auto least = static_cast<std::int64_t>(std::floor(-std::log2(options.alpha))) + 1;
    throw UsageError("--n " + f.n + ": so few draws prove nothing at --alpha " + f.alpha +
                     ", even if all agree; expected " + std::to_string(least) + " or more");
  }
  return options;
}

/// Of the usual ones those that could be proved, of those that were asked for all.
std::vector<double> radii_of(const SmoothFlags& f, const SmoothingOptions& options) {
  const bool usual = f.radii.empty();
  std::vector<double> radii = epsilons("--radii", usual ? kUsualRadii : f.radii, Norm::l2);
  if (usual) std::erase_if(radii, [&](double r) { return r > most_radius(options); });
  return radii;
}

Json record_of(std::int64_t label, std::int64_t clean, const SmoothingCertificate& c) {
  return {{"label", label},   {"clean", clean},   {"prediction", c.label}, {"radius", c.radius},
          {"share", c.share}, {"guess", c.guess}, {"agreeing", c.agreeing}};
}

/// Rates of all images, and the table of them.
Json summarise(const std::vector<Json>& records, const std::vector<double>& radii,
               const SmoothingOptions& options) {
  const auto rate = [&](auto holds) {
    return Rate{std::ranges::count_if(records, holds), std::ssize(records)};
  };
  const auto right = [](const Json& r) { return r["prediction"] == r["label"]; };
  const Rate clean = rate([](const Json& r) { return r["clean"] == r["label"]; });
  const Rate abstained = rate([](const Json& r) { return r["prediction"] == kAbstained; });
  Json json{{"images", records.size()}, {"certified", Json::array()}};
  put(json, "clean_accuracy", clean);
  put(json, "abstained", abstained);
  std::printf("| | %% of %zu images |\n|---|---|\n", records.size());
  std::printf("| right without noise | %s |\n", percent(clean).c_str());
  std::printf("| abstained | %s |\n", percent(abstained).c_str());
  for (const double radius : radii) {
    const Rate certified =
        rate([&](const Json& r) { return right(r) && r["radius"].get<double>() >= radius; });
    const bool provable = radius <= most_radius(options);
    Json row{{"radius", radius}, {"provable", provable}};
    put(row, "certified_accuracy", certified);
    json["certified"].push_back(std::move(row));
    std::printf("| right, certified to L2 %.6g%s | %s |\n", radius,
                provable ? "" : " (beyond what --n draws can prove)", percent(certified).c_str());
  }
  return json;
}

}  // namespace

void SmoothFlags::add_to(CLI::App& app) {
  app.add_option("--sigma", sigma, "Of the noise, in pixels of [0,1]")->capture_default_str();
  app.add_option("--n0", n0, "Draws by which the class is chosen")->capture_default_str();
  app.add_option("--n", n, "Other draws, by which its share is estimated")->capture_default_str();
  app.add_option("--alpha", alpha, "How often a certificate may be wrong")->capture_default_str();
  app.add_option("--radii", radii,
                 std::string("L2 radii of the summary [of ") + kUsualRadii +
                     " those that --n draws can prove]");
  CertifyFlags::add_to(app);
}

int certify_smooth(const SmoothFlags& f, int argc, char** argv) {
  const SmoothingOptions options = options_of(f);
  const std::vector<double> radii = radii_of(f, options);
  const Certified what(f, options.n);
  const Shape shape = what.data->image_shape();
  const Classifier classifier =
      make_classifier(*what.context, *what.network, shape.h, shape.w, what.batch);
  Smoothing smoothing(*what.context, classifier, shape.h, shape.w, what.batch, options);
  SweepJob job = certify_job(f, what, "smooth");
  job.settings.update({{"--sigma", options.sigma},
                       {"--n0", options.n0},
                       {"--n", options.n},
                       {"--alpha", options.alpha}});
  job.batch = 1;  // images, of which each is a batch of its copies or more
  job.stream = [&](SweepQueue& queue) {
    while (const std::optional<SweepItem> item = queue.next()) {
      const SmoothingCertificate found = smoothing.certify(item->image, item->image_index);
      queue.done(item->index,
                 record_of(item->label, predictions(classifier(item->image)).front(), found));
    }
  };
  const int code = sweep(*what.data, f.shard, job);
  if (code == kInterrupted) return code;
  std::vector<Json> records;
  for (const auto& [index, line] : recorded_items(f.shard, f.out)) {
    if (line.contains("record")) records.push_back(line["record"]);
  }
  const std::string how = "smooth, l2, sigma " + f.sigma + ", n " + f.n + ", alpha " + f.alpha;
  std::printf("%s\n\n", heading(f, what, how).c_str());
  write_report(f, what, job, summarise(records, radii, options), argc, argv);
  return code;
}

}  // namespace apps
