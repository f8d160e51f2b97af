// Paints a photograph in the style of one or several paintings.
#include <cstdio>
#include <filesystem>

#include "common.hpp"
#include "flag_values.hpp"
#include "phosphene/error.hpp"
#include "phosphene/file.hpp"
#include "phosphene/image.hpp"
#include "phosphene/methods/style_transfer.hpp"
#include "phosphene/models.hpp"
#include "progress.hpp"

namespace {

using namespace phosphene;

struct Flags : apps::CommonFlags {
  std::string content, size = "512", init = "noise";
  std::vector<std::string> styles, content_layers, style_layers, scales;
  std::string optimiser = "lbfgs", pooling = "max", normalisation = "johnson", profile;
  double max_megapixels = 90;
  int save_every = 100;
  bool no_graph = false;
  StyleTransferOptions options;
};

void add_flags(CLI::App& app, Flags& f) {
  StyleTransferOptions& o = f.options;
  app.add_option("--content", f.content, "The photograph (JPEG, PNG, BMP)")->required();
  app.add_option("--style", f.styles, "One or more paintings")->required();
  app.add_option("--style-blend", o.style_blend, "Weight of each style, e.g. 0.7,0.3 [equal]")
      ->delimiter(',');
  app.add_option("--size", f.size, "Longest side in pixels, or 'full' for the content's own")
      ->capture_default_str();
  app.add_option("--style-scale", o.style_scale, "Size of the styles relative to --size")
      ->capture_default_str();
  app.add_option("--content-weight", o.content_weight, "Weight of the content")
      ->capture_default_str();
  app.add_option("--style-weight", o.style_weight, "Weight of the style")->capture_default_str();
  app.add_option("--tv-weight", o.tv_weight, "Weight of smoothness (total variation)")
      ->capture_default_str();
  app.add_option("--content-layers", f.content_layers, "Layers, with weights: relu4_2:1 [relu4_2]")
      ->delimiter(',');
  app.add_option("--style-layers", f.style_layers,
                 "Layers, with weights: relu1_1:1,relu2_1:0.5 [relu1_1 .. relu5_1]")
      ->delimiter(',');
  app.add_option("--init", f.init, "Start from noise, content, or an image file")
      ->capture_default_str();
  app.add_option("--optimizer,--optimiser", f.optimiser, "lbfgs, adam or gd")
      ->capture_default_str();
  app.add_option("--iterations", o.iterations, "Steps at the first scale, halved at each further")
      ->capture_default_str();
  app.add_option("--lr", o.rate, "Step size [lbfgs 1, adam 0.039, gd 0.01]");
  app.add_option("--history", o.history, "Pairs that L-BFGS keeps")->capture_default_str();
  app.add_option("--pooling", f.pooling, "max or avg")->capture_default_str();
  app.add_option("--normalisation,--normalization", f.normalisation,
                 "Of the losses: johnson (neural-style's), gatys, or chapter (plain sums)")
      ->capture_default_str();
  app.add_flag("--original-colours,--original-colors", o.original_colours,
               "Keep the colours of the content");
  app.add_flag("--match-colours,--match-colors", o.match_colours,
               "Give the styles the content's colours beforehand");
  app.add_option("--multiscale", f.scales,
                 "Longest sides to go through instead of --size: 256,512,1024")
      ->delimiter(',');
  app.add_option("--save-every", f.save_every,
                 "Save the picture every so many iterations; 0: only at the end")
      ->capture_default_str();
  app.add_option("--max-megapixels", f.max_megapixels, "Refuse larger images")
      ->capture_default_str();
  app.add_flag("--no-graph", f.no_graph, "Launch every kernel by itself (for profilers)");
  app.add_option("--profile-iterations", f.profile, "A:B: let a profiler capture those alone");
  f.add_to(app, "The picture to write (.png or .jpg)");
}

/// Says which flag, also where the layer is one of its defaults.
void check_layers(const char* flag, const std::vector<LayerWeight>& layers, const Graph& graph) {
  try {
    for (const LayerWeight& l : layers) {
      if (graph.find(l.layer) == 0) throw UsageError("'" + l.layer + "' is the input, no layer");
    }
  } catch (const UsageError& error) {
    throw UsageError(std::string(flag) + ": " + error.what());
  }
}

void resolve(Flags& f) {
  StyleTransferOptions& o = f.options;
  o.size = f.size == "full" ? 0 : apps::side("--size", f.size, ", or 'full'");
  for (const std::string& text : f.scales) o.scales.push_back(apps::side("--multiscale", text));
  if (!f.content_layers.empty()) {
    o.content_layers = apps::layer_weights("--content-layers", f.content_layers);
  }
  if (!f.style_layers.empty()) {
    o.style_layers = apps::layer_weights("--style-layers", f.style_layers);
  }
  o.optimiser = apps::choose<OptimiserKind>(
      "--optimizer", f.optimiser,
      {{"lbfgs", OptimiserKind::lbfgs}, {"adam", OptimiserKind::adam}, {"gd", OptimiserKind::gd}});
  o.normalisation = apps::choose<Normalisation>("--normalisation", f.normalisation,
                                                {{"johnson", Normalisation::johnson},
                                                 {"gatys", Normalisation::gatys},
                                                 {"chapter", Normalisation::chapter}});
  apps::choose<int>("--pooling", f.pooling, {{"max", 0}, {"avg", 1}});
  if (!f.profile.empty()) {
    const auto range = apps::iteration_range("--profile-iterations", f.profile);
    o.profile_from = range.from;
    o.profile_to = range.to;
  }
  if (!(f.max_megapixels > 0)) {
    throw UsageError("--max-megapixels " + std::to_string(f.max_megapixels) +
                     ": expected a number > 0");
  }
  if (f.save_every < 0) {
    throw UsageError("--save-every " + std::to_string(f.save_every) + ": expected at least 0");
  }
  o.record = !f.no_graph;
  check_writable_image(f.out);
  if (!f.json.empty()) check_writable(f.json);
  apps::NamedFiles inputs{{"--content", f.content}, {"--weights", f.weights}, {"--init", f.init}};
  for (const std::string& style : f.styles) inputs.emplace_back("--style", style);
  apps::refuse_overwriting({{"--out", f.out}, {"--json", f.json}}, inputs);
}

/// Says what the run will take; throws Error where it does not fit.
void announce(const StyleTransferCost& cost, const Context& context,
              const StyleTransferOptions& options) {
  const auto gib = [](std::size_t bytes) { return static_cast<double>(bytes) / (1 << 30); };
  char text[128];
  if (cost.bytes <= cost.free_bytes) {
    std::fprintf(stderr, "needs about %.2f GiB (%.1f are free) and %s\n", gib(cost.bytes),
                 gib(cost.free_bytes), apps::clock_text(cost.seconds).c_str());
    return;
  }
  std::snprintf(text, sizeof text, "out of memory: needs about %.1f GiB, %.1f GiB are free",
                gib(cost.bytes), gib(cost.free_bytes));
  std::string advice;
  if (cost.largest_size > 0) {
    advice += std::string("; ") + (options.scales.empty() ? "--size " : "--multiscale up to ") +
              std::to_string(cost.largest_size) + " would fit";
  }
  if (options.optimiser == OptimiserKind::lbfgs) {
    advice += "; --optimizer adam or a shorter --history would need less";
  }
  if (context.device().is_cuda() && context.precision() != Precision::bf16) {
    advice += "; --precision bf16 would need less";
  }
  throw Error(text + advice);
}

nlohmann::json report(const Flags& f, const StyleTransferResult& result, const Network& network) {
  nlohmann::json losses = nlohmann::json::array();
  for (const StyleLosses& l : result.losses) {
    losses.push_back({{"iteration", l.iteration},
                      {"total", l.total},
                      {"content", l.content},
                      {"style", l.style},
                      {"tv", l.tv}});
  }
  return {{"out", f.out},
          {"weights", network.weights().source()},
          {"size", {result.image.shape().w, result.image.shape().h}},
          {"scales", result.scales},
          {"iterations", result.iterations},
          {"interrupted", result.interrupted},
          {"losses", losses}};
}

int paint(Flags& f, int argc, char** argv) {
  resolve(f);
  const ImageOptions reading{f.max_megapixels, apps::warn};
  const Tensor content = load_image(f.content, reading);
  std::vector<Tensor> styles;
  for (const std::string& path : f.styles) styles.push_back(load_image(path, reading));
  Tensor init;
  if (f.init != "noise") {
    if (f.init != "content" && !std::filesystem::exists(f.init)) {
      throw UsageError("--init '" + f.init +
                       "': no such file; expected noise, content, or an image");
    }
    init = load_image(f.init == "content" ? f.content : f.init, reading);
    f.options.init = &init;
  }
  Network network = load_network(f.network_options());
  check_layers("--content-layers", f.options.content_layers, network.graph());
  check_layers("--style-layers", f.options.style_layers, network.graph());
  if (f.pooling == "avg") {
    network = {with_average_pooling(network.graph()), network.weights(), network.info()};
  }

  const Context context(f.context_options());
  if (!context.fallback_reason().empty()) {
    apps::warn("--device auto takes the CPU: " + context.fallback_reason());
  }
  announce(predict_cost(context, network, content, styles, f.options), context, f.options);

  apps::catch_interrupts();
  StyleTransferResult result;
  {
    std::unique_ptr<apps::Progress> bar;
    int saved = 0;
    result =
        style_transfer(context, network, content, styles, f.options, [&](const StyleProgress& p) {
          if (!bar) bar = std::make_unique<apps::Progress>(p.iterations);
          char note[64];
          std::snprintf(note, sizeof note, "%lldx%lld  loss %.5g", static_cast<long long>(p.width),
                        static_cast<long long>(p.height), p.losses.total);
          bar->at(p.losses.iteration, note);
          if (f.save_every > 0 && p.losses.iteration / f.save_every > saved) {
            saved = p.losses.iteration / f.save_every;
            save_image(f.out, p.image());
          }
          return !apps::interrupted();
        });
  }
  save_image(f.out, result.image);
  if (!f.json.empty()) {
    nlohmann::json json = report(f, result, network);
    json["provenance"] = apps::provenance(context, argc, argv);
    json["peak_bytes"] = context.peak_bytes();
    apps::write_json(f.json, json);
  }
  std::printf("%s\n", f.out.c_str());
  return result.interrupted ? apps::kInterrupted : apps::kDone;
}

}  // namespace

int main(int argc, char** argv) {
  Flags flags;
  CLI::App app("Paints a photograph in the style of a painting (neural style transfer).",
               "style_transfer");
  app.footer(
      "Example: style_transfer --content photo.jpg --style painting.jpg --weights vgg16_hed "
      "--init content --out painted.png");
  add_flags(app, flags);
  return apps::run(app, argc, argv, [&] { return paint(flags, argc, argv); });
}
