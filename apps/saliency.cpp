// Maps which pixels a class's score, or any neuron, follows.
#include <algorithm>
#include <iterator>
#include <limits>
#include <optional>
#include <vector>

#include "classes.hpp"
#include "explain_flags.hpp"
#include "flag_values.hpp"
#include "phosphene/error.hpp"
#include "phosphene/framing.hpp"
#include "phosphene/image.hpp"
#include "phosphene/methods/saliency.hpp"
#include "phosphene/methods/segment.hpp"
#include "phosphene/models.hpp"
#include "phosphene/npy.hpp"
#include "phosphene/receptive_field.hpp"
#include "picture.hpp"

namespace {

using namespace phosphene;
using Json = nlohmann::json;

struct Flags : apps::ExplainFlags {
  std::string target_class, layer, at, baseline, reduction = "max-abs";
  std::int64_t channel = -1;
  int samples = 0;
  std::optional<float> sigma;
  float clip = 0.01F;
  bool segment = false, crop = false;

  Flags() {
    method = "gradient";
    colours = "viridis";
    opacity = 0.8F;
  }
  void add_to(CLI::App& app);
  SaliencyOptions options(const Network& network) const;
  Json settings(const Network& network, const SaliencyOptions& options) const;
  bool per_channel() const {
    return apps::choose<bool>("--reduction", reduction, {{"max-abs", false}, {"channels", true}});
  }
};

std::string own_samples(SaliencyMethod method) {
  return std::to_string(sample_count({.method = method}));
}

void Flags::add_to(CLI::App& app) {
  app.add_option("--class", target_class, "Number or name of the class [the strongest]");
  app.add_option("--layer", layer, "A neuron of this layer instead of a class");
  app.add_option("--channel", channel, "Of --layer [the strongest]");
  app.add_option("--at", at, "Row and column in --layer: Y,X [the strongest]");
  app.add_option("--samples", samples,
                 "Noisy copies [" + own_samples(SaliencyMethod::smoothgrad) +
                     "], or nodes of the integral [" +
                     own_samples(SaliencyMethod::integrated_gradients) + "]");
  app.add_option("--sigma", sigma,
                 "Of SmoothGrad's noise, as a share of the range of pixels [0.15]");
  app.add_option("--baseline", baseline, "Image where integrated gradients begin [black]");
  app.add_option(
         "--reduction", reduction,
         "max-abs: the largest of a pixel's channels, without its sign; channels: all three")
      ->capture_default_str();
  app.add_option("--clip", clip, "Share of the values that may be brighter than the picture shows")
      ->capture_default_str();
  app.add_flag("--segment", segment,
               "Also write the object's mask, by GrabCut seeded from the map");
  app.add_flag("--crop", crop, "Cut the picture to the receptive field of --layer's neuron");
  ExplainFlags::add_to(app, saliency_method_names(),
                       "The folder to write to: a map (.npy) and a picture (.png) for each "
                       "photograph, with --segment a mask (-mask.png)");
}

SaliencyOptions Flags::options(const Network& network) const {
  SaliencyOptions o{.method = parse_saliency_method(method), .samples = samples};
  o.sigma = sigma.value_or(o.sigma);
  if (layer.empty() && (channel != -1 || !at.empty() || crop)) {
    throw UsageError(std::string(channel != -1 ? "--channel"
                                 : crop        ? "--crop"
                                               : "--at") +
                     ": is of a neuron of --layer, which is missing");
  }
  if (!layer.empty() && !target_class.empty()) {
    throw UsageError("--class and --layer: give one of the two");
  }
  if (!baseline.empty() && o.method != SaliencyMethod::integrated_gradients) {
    throw UsageError("--baseline: is of --method integrated-gradients");
  }
  if (samples != 0 && o.method != SaliencyMethod::smoothgrad &&
      o.method != SaliencyMethod::integrated_gradients) {
    throw UsageError("--samples: is of --method smoothgrad or integrated-gradients");
  }
  if (sigma && o.method != SaliencyMethod::smoothgrad) {
    throw UsageError("--sigma: is of --method smoothgrad");
  }
  if (!(clip >= 0 && clip < 1)) {
    throw UsageError("--clip " + std::to_string(clip) + ": expected at least 0 and below 1");
  }
  if (segment && !has_segment()) {
    throw UsageError(
        "--segment: this build has no GrabCut; OpenCV's imgproc was not there when it "
        "was configured (Debian: libopencv-imgproc-dev)");
  }
  o.target = {layer, channel, -1, -1};
  if (!target_class.empty()) o.target.channel = apps::class_of("--class", target_class, network);
  if (!at.empty()) {
    const std::size_t comma = std::min(at.find(','), at.size());
    const std::string expected = "a row and a column, Y,X";
    constexpr std::int64_t kMost = 1'000'000;
    const std::string_view text = at, column = text.substr(std::min(comma + 1, at.size()));
    o.target.y = apps::number<std::int64_t>("--at", text.substr(0, comma), expected, 0, kMost);
    o.target.x = apps::number<std::int64_t>("--at", column, expected, 0, kMost);
  }
  return o;
}

Json Flags::settings(const Network& network, const SaliencyOptions& options) const {
  Json s = ExplainFlags::settings(network);
  s.update({{"--class", target_class.empty() ? -1 : options.target.channel},
            {"--layer", layer},
            {"--channel", channel},
            {"--at", at},
            {"--samples", samples},
            {"--sigma", options.sigma},
            {"--baseline", apps::content_of(baseline)},
            {"--reduction", reduction},
            {"--clip", clip},
            {"--segment", segment},
            {"--crop", crop}});
  return s;
}

/// One photograph's files, from its attribution [1, 3, s, s].
class Output {
 public:
  Output(const Flags& flags, const Network& network, std::int64_t size)
      : flags_(flags), network_(network), size_(size), rendering_(flags.rendering()) {}

  Json write(const apps::Photograph& photo, const Tensor& framed, const Tensor& attribution,
             const Neuron& neuron) const {
    const Tensor map = max_abs(attribution);
    const Tensor& saved = flags_.per_channel() ? attribution : map;
    save_npy(photo.file(".npy"), saved,
             flags_.per_channel() ? std::vector<std::int64_t>{3, size_, size_}
                                  : std::vector<std::int64_t>{size_, size_});
    Json record = record_of(neuron);
    Tensor picture = picture_of(photo.image, saved);
    const Shape& s = photo.image.shape();
    if (!flags_.layer.empty()) {
      const PixelBox field = receptive_field(network_.graph(), flags_.layer, neuron.y, neuron.x,
                                             {1, attribution.shape().c, size_, size_});
      record["receptive_field"] = {field.top, field.left, field.height, field.width};
      const PixelBox box = unframe(field, s.h, s.w, size_);
      if (flags_.crop) {
        picture = apps::cut(picture, box);
      } else {
        apps::draw(picture, box);
      }
    }
    save_image(photo.file(".png"), picture);
    if (flags_.segment) {
      Tensor mask = unframe(segment(framed, map), s.h, s.w, size_);
      for (std::int64_t p = 0; p < mask.count(); ++p) mask.data()[p] = mask.data()[p] >= 0.5F;
      save_image(photo.file("-mask.png"), mask);
    }
    return record;
  }

 private:
  Tensor picture_of(const Tensor& photo, const Tensor& map) const {
    const float nothing = std::numeric_limits<float>::quiet_NaN();  // left as the photograph is
    const Shape& s = photo.shape();
    const Tensor large = unframe(map, s.h, s.w, size_, nothing);
    if (flags_.per_channel()) return centred(large, flags_.clip);
    HeatmapOptions rendering = rendering_;
    rendering.range = range_of(map, rendering.colours, flags_.clip);
    return overlay(photo, large, rendering);
  }

  Json record_of(const Neuron& neuron) const {
    if (!flags_.layer.empty()) {
      return {{"layer", flags_.layer},
              {"channel", neuron.channel},
              {"at", {neuron.y, neuron.x}},
              {"activation", neuron.value}};
    }
    Json record{{"class", neuron.channel}, {"score", neuron.value}};
    const std::string label = apps::label_of(network_, neuron.channel);
    if (!label.empty()) record["label"] = label;
    return record;
  }

  const Flags& flags_;
  const Network& network_;
  std::int64_t size_;
  HeatmapOptions rendering_;
};

int explain(const Flags& f, int argc, char** argv) {
  f.rendering();
  f.per_channel();
  const Network network = load_network(f.network_options());
  SaliencyOptions options = f.options(network);
  const std::int64_t size = apps::input_size(network);
  const auto context = apps::make_context(f);
  Tensor baseline;
  if (!f.baseline.empty()) {
    const Tensor photo = load_image(f.baseline, {f.photographs.max_megapixels, apps::warn});
    baseline = frame(*context, photo, size);
    options.baseline = &baseline;
  }
  const std::vector<apps::Item> list = f.photographs.listed();
  const std::int64_t batch = f.batch_on(*context, std::ssize(list) * sample_count(options));
  Saliency saliency(*context, network, size, size, batch, options);
  const Output output(f, network, size);

  apps::SweepJob job;
  job.app = "saliency";
  job.settings = f.settings(network, options);
  job.inputs = f.inputs({{"--baseline", f.baseline}});
  job.device = apps::device_json(*context);
  job.device["batch"] = batch;
  job.batch = batch;
  job.endings = {".npy", ".png"};
  if (f.segment) job.endings.emplace_back("-mask.png");
  job.run = [&](std::span<const apps::Photograph> photographs) {
    std::vector<Tensor> pictures;
    std::vector<std::int64_t> indices;
    for (const apps::Photograph& photo : photographs) {
      pictures.push_back(photo.image.view());
      indices.push_back(photo.index);
    }
    const Tensor framed = frame(*context, pictures, size);
    const SaliencyResult result = saliency(framed, indices);
    const Tensor seen = f.segment ? to_host(*context, framed) : Tensor();
    std::vector<Json> records;
    for (std::size_t i = 0; i < photographs.size(); ++i) {
      records.push_back(output.write(photographs[i], f.segment ? apps::image_of(seen, i) : Tensor(),
                                     apps::image_of(result.attribution, i), result.neurons[i]));
    }
    return records;
  };
  return apps::sweep_and_report(f, list, job, *context, argc, argv);
}

}  // namespace

int main(int argc, char** argv) {
  Flags flags;
  CLI::App app("Maps which pixels the score of a class, or any neuron, follows (saliency).",
               "saliency");
  app.footer(
      "Example: saliency --image photo.jpg --model squeezenet1_1 --weights W.safetensors "
      "--method guided-backprop --out maps");
  flags.add_to(app);
  return apps::run(app, argc, argv, [&] { return explain(flags, argc, argv); });
}
