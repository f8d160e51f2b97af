// Maps where a network sees the evidence for a class: CAM, Grad-CAM, guided Grad-CAM.
#include <algorithm>
#include <iterator>
#include <limits>
#include <vector>

#include "classes.hpp"
#include "explain_flags.hpp"
#include "flag_values.hpp"
#include "phosphene/error.hpp"
#include "phosphene/framing.hpp"
#include "phosphene/image.hpp"
#include "phosphene/methods/cam.hpp"
#include "phosphene/models.hpp"
#include "phosphene/npy.hpp"
#include "picture.hpp"

namespace {

using namespace phosphene;
using Json = nlohmann::json;

struct Flags : apps::ExplainFlags {
  std::vector<std::string> classes;
  std::string layer, gradient, gradient_at;
  bool keep_negative = false;

  Flags() {
    method = "grad-cam";
    colours = "jet";
  }
  void add_to(CLI::App& app);
  CamOptions options(const Network& network) const;
  Json settings(const Network& network, const CamOptions& options) const;
};

void Flags::add_to(CLI::App& app) {
  app.add_option("--class", classes, "Numbers or names of one or more classes [the strongest]");
  app.add_option("--layer", layer, "Whose maps Grad-CAM weighs [the last feature maps]");
  app.add_flag("--signed", keep_negative, "Keep what Grad-CAM's ReLU would take away");
  app.add_option("--gradient", gradient,
                 "A .npy file with a gradient to go back from instead of a class: [c], [c,h,w]");
  app.add_option("--gradient-at", gradient_at, "The layer that it is of [the class scores]");
  ExplainFlags::add_to(app, cam_method_names(),
                       "The folder to write to: a map (.npy) of the layer's size and a picture "
                       "(.png) for each photograph; of several classes NAME-CLASS.npy, ...");
}

CamOptions Flags::options(const Network& network) const {
  CamOptions o{.method = parse_cam_method(method), .layer = layer, .keep_negative = keep_negative};
  for (const std::string& text : classes) {
    const std::int64_t c = apps::class_of("--class", text, network);
    if (std::ranges::find(o.classes, c) != o.classes.end()) {
      throw UsageError("--class: names class " + std::to_string(c) + " twice");
    }
    o.classes.push_back(c);
  }
  if (gradient.empty() && !gradient_at.empty()) {
    throw UsageError("--gradient-at: is of the file of --gradient, which is missing");
  }
  if (keep_negative && o.method == CamMethod::cam) {
    throw UsageError("--signed: CAM has no ReLU, its map is signed as it is");
  }
  return o;
}

Json Flags::settings(const Network& network, const CamOptions& options) const {
  Json s = ExplainFlags::settings(network);
  s.update({{"--class", options.classes},
            {"--layer", layer},
            {"--signed", keep_negative},
            {"--gradient", apps::content_of(gradient)},
            {"--gradient-at", gradient_at}});
  return s;
}

/// [c], [c,h,w] or [1,c,h,w] as a gradient of one image.
Tensor load_gradient(const std::string& path) {
  const HostArray array = load_npy(path);
  std::vector<std::int64_t> shape = array.shape;
  if (shape.size() == 4 && shape[0] == 1) shape.erase(shape.begin());
  if (shape.size() == 1) shape.insert(shape.end(), {1, 1});
  if (shape.size() != 3 || array.values.empty()) {
    throw UsageError("--gradient " + path + ": has " + std::to_string(array.shape.size()) +
                     " axes, expected [c] or [c,h,w], of one image");
  }
  Tensor gradient = Tensor::host({1, shape[0], shape[1], shape[2]});
  std::ranges::copy(array.values, gradient.data());
  return gradient;
}

/// The files of one photograph and one map, and what the journal says of them.
Json write(const Flags& f, const apps::Photograph& photo, const std::string& suffix,
           const Tensor& map, std::int64_t size) {
  const Shape& m = map.shape();
  std::vector<std::int64_t> shape{m.h, m.w};
  if (m.c > 1) shape.insert(shape.begin(), m.c);
  save_npy(photo.file(suffix + ".npy"), map, shape);
  const Shape& s = photo.image.shape();
  const float nothing = std::numeric_limits<float>::quiet_NaN();  // left as the photograph is
  const Tensor large = unframe(map, s.h, s.w, size, nothing);
  HeatmapOptions rendering = f.rendering();
  rendering.range = range_of(map, rendering.colours);
  constexpr float kClipped = 0.001F;  // single pixels of guided backpropagation stick out
  save_image(photo.file(suffix + ".png"),
             m.c > 1 ? centred(large, kClipped) : overlay(photo.image, large, rendering));
  const float most = *std::max_element(map.data(), map.data() + map.count());
  return {{"largest", most}, {"nowhere_positive", !(most > 0)}};
}

int explain(const Flags& f, int argc, char** argv) {
  f.rendering();
  const Network network = load_network(f.network_options());
  CamOptions options = f.options(network);
  GivenGradient given{f.gradient_at, {}};
  if (!f.gradient.empty()) {
    given.gradient = load_gradient(f.gradient);
    options.gradient = &given;
  }
  const std::int64_t size = apps::input_size(network);
  const auto context = apps::make_context(f);
  const std::vector<apps::Item> list = f.photographs.listed();
  const std::int64_t batch = f.batch_on(*context, std::ssize(list));
  Cam cam(*context, network, size, size, batch, options);

  apps::SweepJob job;
  job.app = "cam";
  job.settings = f.settings(network, options);
  job.inputs = f.inputs({{"--gradient", f.gradient}});
  job.device = apps::device_json(*context);
  job.device["batch"] = batch;
  job.batch = batch;
  std::vector<std::string> suffixes{""};
  if (options.classes.size() > 1) {
    suffixes.clear();
    for (const std::int64_t c : options.classes) suffixes.push_back("-" + std::to_string(c));
  }
  for (const std::string& suffix : suffixes) {
    job.endings.insert(job.endings.end(), {suffix + ".npy", suffix + ".png"});
  }
  job.run = [&](std::span<const apps::Photograph> photographs) {
    std::vector<Tensor> pictures;
    for (const apps::Photograph& photo : photographs) pictures.push_back(photo.image.view());
    const CamResult result = cam(frame(*context, pictures, size));
    std::vector<Json> records;
    for (std::size_t i = 0; i < photographs.size(); ++i) {
      Json maps = Json::array();
      for (std::size_t k = 0; k < suffixes.size(); ++k) {
        Json map = write(f, photographs[i], suffixes[k], apps::image_of(result.maps[k], i), size);
        const std::int64_t c = result.classes[k][i];
        const std::string name = c < 0 ? "the given gradient" : "class " + std::to_string(c);
        if (map["nowhere_positive"].get<bool>()) {
          apps::warn(photographs[i].path + ": the map of " + name + " is nowhere positive");
        }
        if (c >= 0) {
          map["class"] = c;
          map["score"] = result.scores[k][i];
          const std::string label = apps::label_of(network, c);
          if (!label.empty()) map["label"] = label;
        }
        maps.push_back(std::move(map));
      }
      records.push_back({{"layer", result.layer}, {"maps", std::move(maps)}});
    }
    return records;
  };
  return apps::sweep_and_report(f, list, job, *context, argc, argv);
}

}  // namespace

int main(int argc, char** argv) {
  Flags flags;
  CLI::App app(
      "Maps where a network sees the evidence for a class (CAM, Grad-CAM, guided "
      "Grad-CAM).",
      "cam");
  app.footer(
      "Example: cam --image photo.jpg --model squeezenet1_1 --weights W.safetensors "
      "--class 243 282 --out maps");
  flags.add_to(app);
  return apps::run(app, argc, argv, [&] { return explain(flags, argc, argv); });
}
