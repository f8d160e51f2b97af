// Finds one perturbation that fools a classifier on most images, and measures it on held-out ones.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common.hpp"
#include "drawing/canvas.hpp"
#include "epsilons.hpp"
#include "explain_flags.hpp"
#include "flag_values.hpp"
#include "phosphene/attacks/universal.hpp"
#include "phosphene/classifier.hpp"
#include "phosphene/datasets/dataset.hpp"
#include "phosphene/error.hpp"
#include "phosphene/file.hpp"
#include "phosphene/image.hpp"
#include "phosphene/npy.hpp"
#include "phosphene/statistics.hpp"
#include "progress.hpp"
#include "robust/record.hpp"
#include "stoppable.hpp"
#include "sweep.hpp"

namespace {

using namespace phosphene;

struct Flags : apps::ClassifierFlags {
  std::string data, held_out, eps, norm = "linf", passes = "10", unfooled = "0.2";

  void add_to(CLI::App& app) {
    app.add_option("--data", data,
                   "Images to find it on: CIFAR-10's binary file, IMAGES.npy,LABELS.npy, a folder "
                   "or list of labelled photographs, or shapes:SEED:COUNT")
        ->required();
    app.add_option("--held-out", held_out,
                   "Images to measure it on: another data set, or how many of the last images of "
                   "--data are kept back for that [a fifth]");
    app.add_option("--norm", norm, "Of the ball: linf or l2")->capture_default_str();
    app.add_option(
        "--eps", eps,
        "Its radius, of pixels in [0,1]: 10/255 or 0.04 [10/255; of l2 it must be given]");
    app.add_option("--passes", passes, "Over the images, at most")->capture_default_str();
    app.add_option("--unfooled", unfooled,
                   "Share of the images that need not be fooled: it is done when no more are left")
        ->capture_default_str();
    ClassifierFlags::add_to(app, "Folder for universal.npy and universal.png");
  }

  std::string radius() const { return eps.empty() ? "10/255" : eps; }

  UniversalOptions options() const {
    UniversalOptions o;
    o.norm = parse_norm(norm);
    if (eps.empty() && o.norm == Norm::l2) {
      throw UsageError(
          "--norm l2 needs --eps, the length of the whole change; for photographs of 224 pixels "
          "the "
          "paper has 2000/255");
    }
    o.epsilon = static_cast<float>(apps::epsilon("--eps", radius(), o.norm));
    if (!(o.epsilon > 0)) throw UsageError("--eps '" + printable(eps) + "': expected more than 0");
    if (o.norm == Norm::l2) {
      const std::string tiny = apps::tiny_l2("--eps", eps, double{o.epsilon}, true);
      if (!tiny.empty()) apps::warn(tiny);
    }
    o.passes = apps::number<int>("--passes", passes, "a whole number of 1 or more", 1);
    o.unfooled = apps::number<float>("--unfooled", unfooled, "a share from 0 to 1", 0, 1);
    return o;
  }
};

/// Images to train on, and images held out; both of one size.
struct Images {
  std::unique_ptr<Dataset> data, other;  ///< `other` where --held-out is a data set
  std::int64_t trained = 0;

  const Dataset& held() const { return other ? *other : *data; }
  std::int64_t held_from() const { return other ? 0 : trained; }
  ImageSource training() const {
    return {trained, [this](std::int64_t i) { return data->load(i); }};
  }
  ImageSource held_out() const {
    return {held().size() - held_from(),
            [this](std::int64_t i) { return held().load(held_from() + i); }};
  }
};

bool is_count(const std::string& text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Images open_images(const Flags& f, const Network& network) {
  DatasetOptions options;
  options.path = f.data;
  options.classes = network.info().labels;
  options.class_count = apps::checked_classes("--weights " + f.weights, network);
  options.size = apps::input_size(network);
  options.network = apps::called(f, network);
  options.warn = apps::warn;
  Images images;
  images.data = open_dataset(options);
  const std::int64_t count = images.data->size();
  if (!f.held_out.empty() && !is_count(f.held_out)) {
    options.path = f.held_out;
    images.other = open_dataset(options);
    images.trained = count;
    if (images.other->fingerprint() == images.data->fingerprint()) {
      throw UsageError("--held-out " + printable(f.held_out) +
                       ": the images of --data: expected others");
    }
    return images;
  }
  const std::int64_t kept =
      f.held_out.empty()
          ? std::max<std::int64_t>(1, count / 5)
          : apps::number<std::int64_t>("--held-out", f.held_out, "a whole number of 1 or more", 1);
  if (kept >= count) {
    throw UsageError("--held-out " + std::to_string(kept) + ": --data has " +
                     std::to_string(count) + " images, expected fewer to be held out");
  }
  images.trained = count - kept;
  return images;
}

/// Made if it is not there; one that was made and stays empty goes again.
class Folder {
 public:
  explicit Folder(std::string out)
      : out_(std::move(out)), made_(apps::make_folder("--out", out_)) {}
  ~Folder() {
    std::error_code ignored;  // that it is not empty
    if (made_) std::filesystem::remove(out_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

 private:
  std::string out_;
  bool made_;
};

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%", 100 * share);
  return text;
}

/// Around grey, so much larger that the largest value is black or white.
Tensor picture(const Tensor& delta, const std::string& title, const std::string& below) {
  float most = 1e-12F;
  for (std::int64_t i = 0; i < delta.count(); ++i) {
    most = std::max(most, std::abs(delta.data()[i]));
  }
  Tensor shown = Tensor::host(delta.shape());
  for (std::int64_t i = 0; i < delta.count(); ++i) {
    shown.data()[i] = 0.5F + 0.5F * delta.data()[i] / most;
  }
  constexpr std::int64_t kLeast = 448, kMargin = 24, kTop = 64;
  const Shape& s = delta.shape();
  const std::int64_t times = std::max<std::int64_t>(1, kLeast / s.w);
  const std::int64_t width = times * s.w, height = times * s.h;
  char scale[64];
  std::snprintf(scale, sizeof scale, "around grey, %.3g times as large", 0.5 / double{most});
  apps::Canvas canvas(width + 2 * kMargin, height + kTop + 2 * kMargin);
  canvas.text(title, {kMargin, 30}, 17);
  canvas.text(scale, {kMargin, 52}, 13);
  canvas.image(shown, kMargin, kTop, width, height);
  canvas.text(below, {kMargin, static_cast<double>(kTop + height) + 24}, 13);
  return canvas.take();
}

/// Everything that decides the result, besides the ball. `passes` are those that may be made.
nlohmann::json said(const UniversalOptions& o) {
  return {{"passes", o.passes},
          {"unfooled", apps::shortest(o.unfooled)},
          {"deepfool",
           {{"norm", to_string(o.deepfool.norm)},
            {"steps", o.deepfool.steps},
            {"overshoot", apps::shortest(o.deepfool.overshoot)},
            {"candidates", o.deepfool.candidates}}}};
}

int run_universal(const Flags& f, int argc, char** argv) {
  UniversalOptions options = f.options();
  const Network network = load_network(f.network_options());
  const Images images = open_images(f, network);
  apps::NamedFiles inputs = apps::data_files("--data", f.data, *images.data);
  if (images.other) {
    const apps::NamedFiles more = apps::data_files("--held-out", f.held_out, *images.other);
    inputs.insert(inputs.end(), more.begin(), more.end());
  }
  inputs.insert(inputs.end(), {{"--weights", f.weights}, {"--labels", f.labels}});
  apps::refuse_overwriting({{"--json", f.json},
                            {"--out", f.out + "/universal.npy"},
                            {"--out", f.out + "/universal.png"}},
                           inputs);
  const Folder folder(f.out);
  check_writable(f.out + "/universal.npy");
  if (!f.json.empty()) check_writable(f.json);

  const auto device = apps::make_context(f);
  const Context& context = *device;
  const Shape shape = images.data->image_shape();
  const std::int64_t batch = batch_for(context, network, shape.h, shape.w, images.trained);
  const auto of_batch = [&](std::int64_t count) {
    return apps::stoppable(make_victim(context, network, shape.h, shape.w, count),
                           apps::kNothingSaved);
  };
  const auto victim = of_batch(batch), single = of_batch(1);
  apps::catch_interrupts();

  apps::Progress progress(static_cast<int>(images.trained) * options.passes);
  options.report = [&](int pass, std::int64_t done, double rate) {
    progress.at(static_cast<int>(images.trained) * pass + static_cast<int>(done),
                "pass " + std::to_string(pass + 1) +
                    (pass > 0 ? ", fooled before it " + percent(rate) : ""));
  };
  const UniversalResult result = universal(context, *victim, *single, images.training(), options);
  const std::vector<bool> fooled = fooled_by(context, *victim, images.held_out(), result.delta);

  const auto held = static_cast<std::int64_t>(fooled.size());
  const std::int64_t count = std::count(fooled.begin(), fooled.end(), true);
  const double rate = static_cast<double>(count) / static_cast<double>(held);
  const Interval interval = wilson(count, held);
  const double trained_rate = result.rates.empty() ? 0 : result.rates.back();
  const std::string ball = (options.norm == Norm::linf ? "L-infinity " : "L2 ") + f.radius();
  const std::string found = "fools " + percent(rate) + " of " + std::to_string(held) +
                            " held-out images (" + percent(interval.low) + " to " +
                            percent(interval.high) + ")";
  std::printf("%s, %d pass%s over %lld images, of which it fools %s\n%s\n", ball.c_str(),
              result.passes, result.passes == 1 ? "" : "es", static_cast<long long>(images.trained),
              percent(trained_rate).c_str(), found.c_str());
  if (trained_rate < 1 - double{options.unfooled}) {
    apps::warn("--passes " + std::to_string(options.passes) + ": all were made before " +
               percent(1 - double{options.unfooled}) + " of the images were fooled");
  }

  save_npy(f.out + "/universal.npy", result.delta, {shape.c, shape.h, shape.w});
  save_image(f.out + "/universal.png",
             picture(result.delta, "Universal perturbation, " + ball, found));
  if (!f.json.empty()) {
    nlohmann::json json = {{"provenance", apps::provenance(context, argc, argv)},
                           {"weights", network.weights().source()},
                           {"weights_fingerprint", apps::fingerprint(network.weights())},
                           {"model", network.info().model},
                           {"data", f.data},
                           {"data_fingerprint", images.data->fingerprint()},
                           {"norm", to_string(options.norm)},
                           {"epsilon", apps::epsilon("--eps", f.radius(), options.norm)},
                           {"options", said(options)},
                           {"images", images.trained},
                           {"held_out", held},
                           {"passes", result.passes},
                           {"fooling_rates", result.rates},
                           {"updates", result.updates},
                           {"queries", result.queries},
                           {"fooled", count},
                           {"fooling_rate", rate},
                           {"fooling_rate_interval", {interval.low, interval.high}}};
    if (images.other) {
      json["held_out_data"] = f.held_out;
      json["held_out_fingerprint"] = images.other->fingerprint();
    }
    apps::write_json(f.json, json);
  }
  return apps::kDone;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Finds one perturbation that fools a classifier on most images.", "universal");
  app.footer("Example: universal --data shapes:2:200 --held-out shapes:3:200 --out universal");
  Flags f;
  f.add_to(app);
  return apps::run(app, argc, argv, [&] { return run_universal(f, argc, argv); });
}
