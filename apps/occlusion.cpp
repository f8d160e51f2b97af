// Hides one window of a photograph after the other and maps how far a class's score drops.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "classes.hpp"
#include "explain_flags.hpp"
#include "occlusion_flags.hpp"
#include "phosphene/error.hpp"
#include "phosphene/framing.hpp"
#include "phosphene/image.hpp"
#include "phosphene/models.hpp"
#include "phosphene/npy.hpp"
#include "progress.hpp"

namespace {

using namespace phosphene;
using Json = nlohmann::json;

const char* name_of(OcclusionEngine engine) {
  return engine == OcclusionEngine::dense ? "dense" : "incremental";
}

void explain(const OcclusionPlan& plan) {
  std::fprintf(stderr, "%lld windows an image\n", static_cast<long long>(plan.windows));
  const auto line = [](const char* engine, double flops, double seconds) {
    std::fprintf(stderr, "%-12s %10.3f GFLOP  about %.3g s\n", engine, flops * 1e-9, seconds);
  };
  line("dense", plan.dense_flops, plan.dense_seconds);
  line("incremental", plan.incremental_flops, plan.incremental_seconds);
  const std::string batch = plan.batch > 0 ? ", batch " + std::to_string(plan.batch) : "";
  std::fprintf(stderr, "taken: %s%s (%s)\n", name_of(plan.engine), batch.c_str(),
               plan.reason.c_str());
}

/// What the sweep began with and no flag says otherwise.
void take_up(const Json& recorded, OcclusionOptions& options) {
  if (!recorded.is_object()) return;
  if (options.batch == 0) options.batch = recorded.value("batch", std::int64_t{0});
  if (options.engine == OcclusionEngine::automatic && recorded.contains("engine")) {
    options.engine = recorded["engine"] == name_of(OcclusionEngine::dense)
                         ? OcclusionEngine::dense
                         : OcclusionEngine::incremental;
  }
}

/// A bar over the windows of one photograph, once it has taken a while.
class WindowProgress {
 public:
  bool operator()(std::int64_t done, std::int64_t all) {
    constexpr std::chrono::seconds kPatience{5};
    if (!bar_ && std::chrono::steady_clock::now() - start_ < kPatience) return true;
    if (!bar_) bar_ = std::make_shared<apps::Progress>(static_cast<int>(all));
    bar_->at(static_cast<int>(done), "windows");
    return true;
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::shared_ptr<apps::Progress> bar_;  // shared, as what std::function holds is copied
};

Json record_of(const OcclusionResult& result, const OcclusionGrid& grid, const Network& network) {
  const float* drops = result.grid.data();
  const float* largest = std::max_element(drops, drops + result.grid.count());
  const std::int64_t index = largest - drops;
  const OcclusionWindow w = grid.window(index);
  Json record = {{"class", result.target},
                 {"predicted", result.predicted},
                 {"score", result.clean},
                 {"largest_drop", *largest},
                 {"at", {index / grid.cols(), index % grid.cols()}},
                 {"window", {w.top, w.left, w.height, w.width}}};
  if (!network.info().labels.empty()) {
    record["label"] = apps::label_of(network, result.target);
    record["predicted_label"] = apps::label_of(network, result.predicted);
  }
  return record;
}

/// From no drop to the largest, darker with `grey` the larger it is: windows without which the
/// score rises look like those that do not matter. `diverging` tells them apart.
Tensor picture_of(const Tensor& photo, const Tensor& map, std::int64_t size,
                  const apps::OcclusionFlags& f) {
  const float nothing = std::numeric_limits<float>::quiet_NaN();  // left as the photograph is
  HeatmapOptions options = f.rendering();
  options.range = range_of(map, options.colours);
  if (options.colours != ColourMap::diverging) {
    const float high = options.range->high;
    options.range = {0, high > 0 ? high : 1};  // where nothing mattered, nothing is shown
  }
  if ((options.colours == ColourMap::grey) != f.invert) {
    std::swap(options.range->low, options.range->high);
  }
  const Shape& s = photo.shape();
  return overlay(photo, unframe(map, s.h, s.w, size, nothing), options);
}

Json report(const OcclusionPlan& plan) {
  return {{"plan",
           {{"windows", plan.windows},
            {"engine", name_of(plan.engine)},
            {"reason", plan.reason},
            {"dense_flops", plan.dense_flops},
            {"incremental_flops", plan.incremental_flops},
            {"dense_seconds", plan.dense_seconds},
            {"incremental_seconds", plan.incremental_seconds}}}};
}

int occlude(apps::OcclusionFlags& f, int argc, char** argv) {
  OcclusionOptions options = f.options();
  f.rendering();
  const Network network = load_network(f.network_options());
  if (!f.target.empty()) options.target = apps::class_of("--class", f.target, network);
  const std::int64_t size = apps::input_size(network);
  const std::unique_ptr<Context> device = apps::make_context(f);
  const Context& context = *device;
  Tensor baseline;
  if (!f.baseline_file().empty()) {
    const ImageOptions reading{f.photographs.max_megapixels, apps::warn};
    baseline = frame(context, load_image(f.baseline_file(), reading), size);
    options.picture = &baseline;
  }
  take_up(apps::recorded_device(f.photographs, f.out), options);
  Occlusion occlusion(context, network, size, size, options);
  if (f.explain) explain(occlusion.plan());
  if (f.batch != "auto" && occlusion.plan().engine == OcclusionEngine::incremental) {
    apps::warn("--batch " + f.batch + ": is not used, as --engine auto takes the incremental one");
  }

  apps::SweepJob job;
  job.app = "occlusion";
  job.settings = f.settings(network, options.target);
  job.inputs = f.inputs({{"--baseline", f.baseline_file()}});
  job.device = apps::device_json(context);
  job.device["engine"] = name_of(occlusion.plan().engine);
  if (occlusion.plan().batch > 0) job.device["batch"] = occlusion.plan().batch;
  job.endings = {".npy", "-grid.npy", ".png"};
  job.run = [&](std::span<const apps::Photograph> photographs) {
    std::vector<Json> records;
    for (const apps::Photograph& photo : photographs) {
      const Shape& s = photo.image.shape();
      const OcclusionResult result =
          occlusion.run(frame(context, photo.image, size), static_cast<std::uint64_t>(photo.index),
                        WindowProgress());
      save_npy(photo.file("-grid.npy"), result.grid,
               {result.grid.shape().h, result.grid.shape().w});
      save_npy(photo.file(".npy"), unframe(result.map, s.h, s.w, size), {s.h, s.w});
      save_image(photo.file(".png"), picture_of(photo.image, result.map, size, f));
      records.push_back(record_of(result, occlusion.grid(), network));
    }
    return records;
  };
  return apps::sweep_and_report(f, f.photographs.listed(), job, context, argc, argv,
                                report(occlusion.plan()));
}

}  // namespace

int main(int argc, char** argv) {
  apps::OcclusionFlags flags;
  CLI::App app(
      "Hides one window of a photograph after the other and maps how far the score of a "
      "class drops (occlusion sensitivity).",
      "occlusion");
  app.footer(
      "Example: occlusion --image photo.jpg --model squeezenet1_1 --weights W.safetensors "
      "--patch 15 --stride 8 --out maps");
  flags.add_to(app);
  return apps::run(app, argc, argv, [&] { return occlude(flags, argc, argv); });
}
